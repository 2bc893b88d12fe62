import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Partition } from '../../../src/image/partition-table.ts';
import { comparePartitions } from '../../../src/ota/partition-differences.ts';

function partition(label: string, offset: number, size = 0x10000, type = 1, subtype = 2): Partition {
  return { label, type, subtype, offset, size, isEncrypted: false, isReadonly: false };
}

const TABLE = [partition('nvs', 0x9000), partition('ota_0', 0x20000, 0x100000, 0, 0x10)];

describe('the difference of two partition tables', () => {
  it('is nothing when they say the same in another order', () => {
    expect(comparePartitions(TABLE, TABLE.toReversed())).toEqual([]);
  });

  it('names what is on the board only, and in the project only, in the order of the flash', () => {
    const found = comparePartitions([...TABLE, partition('old', 0x300000)], [partition('new', 0x200000), ...TABLE]);
    expect(found.map(({ kind, onBoard, inProject }) => [kind, onBoard?.label ?? inProject?.label])).toEqual([
      ['onlyInProject', 'new'],
      ['onlyOnBoard', 'old'],
    ]);
  });

  it('recognises a partition by its label: moved, resized, of another type', () => {
    const [nvs, slot] = TABLE as [Partition, Partition];
    const changes = (other: Partition): unknown => comparePartitions([nvs, other], TABLE)[0]?.changes;
    expect(changes({ ...slot, offset: 0x30000 })).toEqual(['moved']);
    expect(changes({ ...slot, size: 0x80000 })).toEqual(['resized']);
    expect(changes({ ...slot, subtype: 0 })).toEqual(['retyped']);
    expect(changes({ ...slot, subtype: 0, offset: 0x30000, size: 1 })).toEqual(['retyped', 'moved', 'resized']);
  });

  it('recognises a renamed partition by its place and type', () => {
    const [nvs, slot] = TABLE as [Partition, Partition];
    expect(comparePartitions([nvs, { ...slot, label: 'app0' }], TABLE)).toMatchObject([
      { kind: 'changed', changes: ['renamed'], onBoard: { label: 'app0' }, inProject: { label: 'ota_0' } },
    ]);
  });

  it('compares labels that occur twice one by one', () => {
    const twice = [partition('data', 0x9000), partition('data', 0x20000)];
    expect(comparePartitions(twice, twice)).toEqual([]);
    expect(comparePartitions(twice, twice.slice(0, 1)).map((one) => one.kind)).toEqual(['onlyOnBoard']);
  });

  it('of any table with itself is nothing', () => {
    const any = fc.array(
      fc.record({
        label: fc.string({ maxLength: 3 }),
        type: fc.nat(3),
        subtype: fc.nat(3),
        offset: fc.nat(3),
        size: fc.nat(3),
        isEncrypted: fc.boolean(),
        isReadonly: fc.boolean(),
      }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(any, (table) => {
        expect(comparePartitions(table, table)).toEqual([]);
      }),
    );
  });
});
