import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILT_IN_TABLES, builtInTable } from '../../../src/image/built-in-tables.ts';
import { formatPartitionCsv, parsePartitionCsv, readPartitionCsv } from '../../../src/image/partition-csv.ts';
import {
  appPartitions,
  encodePartitionTable,
  factoryPartition,
  isOtaSlot,
  otadataPartition,
  otaIndex,
  otaSlots,
  parsePartitionTable,
  subtypeName,
  typeName,
  type Partition,
} from '../../../src/image/partition-table.ts';
import { makeTable, makeTableRow } from '../../support/make-image.ts';
import { codeOf } from './code-of.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** SHA-256 of what gen_esp32part.py of ESP-IDF v6.0.2 makes of its own CSV files, with the table at 0x8000. */
const GENERATED = {
  partitions_singleapp: '7f00b6c042a89b15b0cac534f82ed988caf29278ff5700b0c511eb1b5bb7c820',
  partitions_singleapp_coredump: '57af5bcbfe44ebb831ce4c916c5dbe30cddc8aac1993f69f928d66c05d5f6460',
  partitions_singleapp_encr_nvs: 'f52fa3953c5b26b72f5ae607c21479ff2934465919b746734d8def6d8a1155b5',
  partitions_singleapp_large: '5295e8c42d6fb5f95e4e8a185932c6191d27cfc5078322475347e40e71af815a',
  partitions_singleapp_large_coredump: 'e5e69dfa991051451c2fbe2468f33c915763b41bdd7f1709ea3000c4a5ede04e',
  partitions_singleapp_large_encr_nvs: '6fdd2ac12e27354d766eacaab93841ff6546af033d34199c7dd70fd24df18436',
  partitions_singleapp_tee: '5b2260f358eba8508b055470ad198f2233bcd68ea1b6a53f7633acef088ef891',
  partitions_two_ota: 'd1c0e9d02fa9d26cd2e1984e7b5dd20157204f501ddc83ce82229e5f3175ee8b',
  partitions_two_ota_coredump: '7255f503b6ff44cf4d9ded4634279d2e7fd67f5fe9693228f65d089e5e1725a5',
  partitions_two_ota_encr_nvs: '0ae0abb93d54ada2268764212d09b9a55ddf7718eb062f499b5413c4e4052cf2',
  partitions_two_ota_large: '41d8ef7960bf03647249e26ca1ace2b8d35f317a87f6c2ff5bc9f4bdbdbf602b',
  partitions_two_ota_tee: '8cb614c824998362a0b0780ba59d259be940d4c6b253311ae8c15a061e375269',
} as const;

describe('built-in tables', () => {
  it.each(Object.entries(GENERATED))('%s has the bytes that ESP-IDF generates', (name, expected) => {
    const csv = builtInTable(`${name}.csv`)?.csv ?? '';
    expect(parsePartitionCsv(csv).problems.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(sha256(encodePartitionTable(readPartitionCsv(csv)))).toBe(expected);
  });

  it('are these twelve', () => {
    expect(Object.keys(BUILT_IN_TABLES).sort()).toEqual(
      Object.keys(GENERATED)
        .map((name) => `${name}.csv`)
        .sort(),
    );
    expect(builtInTable('/idf/components/partition_table/partitions_two_ota.csv')?.sinceIdf).toEqual({
      major: 1,
      minor: 0,
    });
    expect(builtInTable('constructor')).toBeUndefined();
  });
});

describe('parsePartitionTable', () => {
  const rows = [
    makeTableRow(1, 2, 0x9000, 0x6000, 'nvs', 1),
    makeTableRow(1, 0, 0xf000, 0x2000, 'otadata'),
    makeTableRow(0, 0, 0x20000, 0x100000, 'factory'),
    makeTableRow(0, 0x11, 0x220000, 0x100000, 'ota_1'),
    makeTableRow(0, 0x10, 0x120000, 0x100000, 'sixteen_letters_'),
    makeTableRow(0x40, 9, 0x320000, 0x1000, 'own', 6),
  ];

  it('reads rows, flags, labels of 16 characters and the MD5 row', () => {
    const { partitions, hasMd5, unknownFlags } = parsePartitionTable(makeTable(rows));
    expect(partitions).toHaveLength(6);
    expect(hasMd5).toBe(true);
    expect(partitions[0]).toEqual({
      label: 'nvs',
      type: 1,
      subtype: 2,
      offset: 0x9000,
      size: 0x6000,
      isEncrypted: true,
      isReadonly: false,
    });
    expect(partitions[4]?.label).toBe('sixteen_letters_');
    expect(partitions[5]?.isReadonly).toBe(true);
    expect(unknownFlags).toEqual([{ index: 5, flags: 4 }]);
  });

  it('reads a table without the MD5 row, and one that flash follows', () => {
    expect(parsePartitionTable(makeTable(rows, false))).toMatchObject({ hasMd5: false });
    const sector = Buffer.concat([makeTable(rows), Buffer.alloc(0x400, 0x55)]);
    expect(parsePartitionTable(sector).partitions).toHaveLength(6);
  });

  it('refuses what a device refuses, with the offset', () => {
    const table = makeTable(rows);
    table.writeUInt8(0x51, 65);
    expect(codeOf(() => parsePartitionTable(table))).toBe('partitionTable.badMagic');
    const changed = makeTable(rows);
    changed.writeUInt8(1, 4);
    expect(codeOf(() => parsePartitionTable(changed))).toBe('partitionTable.md5Mismatch');
    expect(codeOf(() => parsePartitionTable(Buffer.alloc(3072, 0xff)))).toBe('partitionTable.empty');
    expect(codeOf(() => parsePartitionTable(makeTable(rows).subarray(0, 7 * 32)))).toBe('partitionTable.truncated');
    expect(codeOf(() => parsePartitionTable(new Uint8Array()))).toBe('partitionTable.truncated');
    const full = Buffer.concat(
      Array.from({ length: 96 }, (_, row) => makeTableRow(1, 6, row * 0x1000, 0x1000, `p${row}`)),
    );
    expect(codeOf(() => parsePartitionTable(full))).toBe('partitionTable.truncated');
    const twice = makeTable(rows);
    const md5 = createHash('md5')
      .update(twice.subarray(0, 7 * 32))
      .digest();
    twice.writeUInt16LE(0xebeb, 7 * 32);
    md5.copy(twice, 7 * 32 + 16);
    expect(codeOf(() => parsePartitionTable(twice))).toBe('partitionTable.secondMd5');
  });

  it('tells applications, slots and otadata apart', () => {
    const { partitions } = parsePartitionTable(makeTable(rows));
    expect(appPartitions(partitions).map(({ label }) => label)).toEqual(['factory', 'ota_1', 'sixteen_letters_']);
    expect(otaSlots(partitions).map(otaIndex)).toEqual([0, 1]);
    expect(partitions.filter(isOtaSlot)).toHaveLength(2);
    expect(otadataPartition(partitions)?.label).toBe('otadata');
    expect(factoryPartition(partitions)?.offset).toBe(0x20000);
    expect(partitions.map(otaIndex)).toEqual([undefined, undefined, undefined, 1, 0, undefined]);
    expect([typeName(0), typeName(2), typeName(0x40)]).toEqual(['app', 'bootloader', '0x40']);
    expect([subtypeName(0, 0x1f), subtypeName(1, 0x83), subtypeName(1, 0x99), subtypeName(3, 0)]).toEqual([
      'ota_15',
      'littlefs',
      '0x99',
      'primary',
    ]);
  });
});

const anyLabel = fc
  .string({ unit: fc.constantFrom('a', 'z', 'Z', '0', '9', '_', '-', '.', 'é', '日'), minLength: 1, maxLength: 16 })
  .filter((label) => Buffer.byteLength(label) <= 16);
const anyRow = fc.record({
  label: anyLabel,
  type: fc.constantFrom(0, 1, 0x40, 0xfe),
  subtype: fc.oneof(fc.constantFrom(0, 1, 2, 0x10, 0x20, 0x82), fc.nat(255)),
  offset: fc.nat(0xffffffff),
  size: fc.nat(0xffffffff),
  isEncrypted: fc.boolean(),
  isReadonly: fc.boolean(),
});

/** A table that keeps every rule, made by laying partitions one after the other. */
const layout = fc
  .array(fc.record({ row: anyRow, gap: fc.nat(3), sectors: fc.integer({ min: 3, max: 300 }) }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((items) => {
    let next = 0x9000;
    return items.map(({ row, gap, sectors }, index): Partition => {
      const alignment = row.type === 0 ? 0x10000 : 0x1000;
      const offset = Math.ceil(next / alignment) * alignment + gap * alignment;
      const size = sectors * 0x1000;
      next = offset + size;
      const subtype = row.type === 1 && [0, 3, 0x90].includes(row.subtype) ? 6 : row.subtype;
      return { ...row, label: `${String(index).padStart(2, '0')}${row.label}`.slice(0, 5), subtype, offset, size };
    });
  });

const plain: Partition = {
  label: 'a',
  type: 1,
  subtype: 6,
  offset: 0,
  size: 0x1000,
  isEncrypted: false,
  isReadonly: false,
};

describe('encodePartitionTable', () => {
  it('fits 94 partitions with the MD5 row and 95 without', () => {
    const many = (count: number): Partition[] =>
      Array.from({ length: count }, (_, index) => ({ ...plain, label: `p${index}` }));
    expect(encodePartitionTable(many(94))).toHaveLength(3072);
    expect(parsePartitionTable(encodePartitionTable(many(94))).partitions).toHaveLength(94);
    expect(parsePartitionTable(encodePartitionTable(many(95), { md5: false })).partitions).toHaveLength(95);
    expect(codeOf(() => encodePartitionTable(many(95)))).toBe('partitionTable.tooManyRows');
    expect(codeOf(() => encodePartitionTable(many(96), { md5: false }))).toBe('partitionTable.tooManyRows');
  });

  it('refuses values that do not fit their field', () => {
    for (const wrong of [{ type: 256 }, { subtype: -1 }, { offset: 2 ** 32 }, { size: 1.5 }, { size: NaN }]) {
      expect(codeOf(() => encodePartitionTable([{ ...plain, ...wrong }]))).toBe('partitionTable.badValue');
    }
  });

  it('gives back any rows from their bytes', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 94 }), fc.boolean(), (rows, md5) => {
        const table = parsePartitionTable(encodePartitionTable(rows, { md5 }));
        expect(table.partitions).toEqual(rows);
        expect(table.hasMd5).toBe(md5);
      }),
    );
  });

  it('gives back the same bytes', () => {
    const bytes = makeTable([
      makeTableRow(1, 2, 0x9000, 0x6000, 'nvs', 3),
      makeTableRow(0, 0, 0x10000, 0x100000, 'factory'),
    ]);
    expect(Buffer.from(encodePartitionTable(parsePartitionTable(bytes).partitions)).equals(bytes)).toBe(true);
  });
});

describe('formatPartitionCsv', () => {
  it('writes words and sizes as a person would', () => {
    const rows = readPartitionCsv(builtInTable('partitions_two_ota_encr_nvs.csv')?.csv ?? '');
    expect(formatPartitionCsv(rows).split('\n')).toEqual([
      '# ESP-IDF Partition Table',
      '# Name, Type, SubType, Offset, Size, Flags',
      'nvs, data, nvs, 0x9000, 16K,',
      'otadata, data, ota, 0xd000, 8K,',
      'phy_init, data, phy, 0xf000, 4K,',
      'factory, app, factory, 0x10000, 1M,',
      'ota_0, app, ota_0, 0x110000, 1M,',
      'ota_1, app, ota_1, 0x210000, 1M,',
      'nvs_key, data, nvs_keys, 0x310000, 4K, encrypted',
      '',
    ]);
  });

  it('gives back any table that keeps the rules', () => {
    fc.assert(
      fc.property(layout, (partitions) => {
        const { partitions: back, problems } = parsePartitionCsv(formatPartitionCsv(partitions));
        expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        expect(back).toEqual(partitions);
      }),
    );
  });
});
