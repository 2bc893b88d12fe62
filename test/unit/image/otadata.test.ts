import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseBootSlot, type BootTarget, type SwitchTarget } from '../../../src/image/boot-choice.ts';
import {
  encodeOtadataEntry,
  erasedOtadata,
  otadataCrc,
  parseOtadata,
  withState,
  type OtadataEntries,
  type OtaState,
} from '../../../src/image/otadata.ts';
import type { Partition } from '../../../src/image/partition-table.ts';
import { applyOtadataOperations, planErase, planSwitch } from '../../../src/image/slot-switch.ts';
import { codeOf } from './code-of.ts';

function partition(label: string, type: number, subtype: number, size = 0x100000): Partition {
  return { label, type, subtype, offset: 0x10000, size, isEncrypted: false, isReadonly: false };
}

const OTADATA = partition('otadata', 1, 0, 0x2000);
const FACTORY = partition('factory', 0, 0);
const ota = (slot: number): Partition => partition(`ota_${slot}`, 0, 0x10 + slot);
const slots = (count: number): Partition[] => Array.from({ length: count }, (_, slot) => ota(slot));
const twoOta = [OTADATA, FACTORY, ...slots(2)];
const noFactory = [OTADATA, ...slots(2)];

type Spec = readonly [sequence: number, state?: OtaState | number] | undefined;

function otadata(first: Spec, second: Spec): Uint8Array {
  const bytes = erasedOtadata();
  if (first !== undefined) bytes.set(encodeOtadataEntry(...first), 0);
  if (second !== undefined) bytes.set(encodeOtadataEntry(...second), 0x1000);
  return bytes;
}

const entries = (first: Spec, second: Spec): OtadataEntries => parseOtadata(otadata(first, second));
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('otadata entries', () => {
  it('of a Buffer are read into memory of their own, so that no change reaches what was read', () => {
    const read = Buffer.concat([otadata([1, 'valid'], [2, 'pendingVerify'])]);
    const before = Buffer.from(read);
    const [, second] = parseOtadata(read);
    expect(withState(second, 'aborted').state).toBe('aborted');
    applyOtadataOperations(read, planErase(parseOtadata(read)));
    expect(read.equals(before)).toBe(true);
    const choice = chooseBootSlot(parseOtadata(read), noFactory, { rollbackEnabled: true });
    expect(choice.target).toEqual({ ota: 0 });
  });

  it.each([
    [1, 0x4743989a],
    [2, 0x55f63774],
    [3, 0xed4a5011],
    [4, 0x709d68a8],
    [5, 0xc8210fcd],
    [255, 0x21faf90e],
    [0xfffffffe, 0x99f8b879],
  ])('have the CRC of sequence %i that the ROM computes', (sequence, crc) => {
    expect(otadataCrc(sequence)).toBe(crc);
  });

  it('are encoded with all 32 bytes', () => {
    expect(hex(encodeOtadataEntry(1))).toBe(`01000000${'ff'.repeat(20)}ffffffff9a984347`);
    expect(hex(encodeOtadataEntry(2, 'new'))).toBe(`02000000${'ff'.repeat(20)}000000007437f655`);
    expect(hex(encodeOtadataEntry(1, 'valid'))).toBe(`01000000${'ff'.repeat(20)}020000009a984347`);
  });

  it('are read with state and validity', () => {
    const [first, second] = entries([7, 'aborted'], [6, 99]);
    expect(first).toMatchObject({
      sector: 0,
      sequence: 7,
      state: 'aborted',
      crcIsValid: true,
      isUnusable: true,
      isValid: false,
    });
    expect(second).toMatchObject({ sector: 1, sequence: 6, state: 99, isUnusable: false, isValid: true });
  });

  it('are empty in an erased partition, which is the file ESP-IDF flashes', () => {
    expect(parseOtadata(erasedOtadata()).every((entry) => entry.isEmpty && entry.state === 'undefined')).toBe(true);
    expect(createHash('sha256').update(erasedOtadata()).digest('hex')).toBe(
      '7d2c7ac4888bfd75cd5f56e8d61f69595121183afc81556c876732fd3782c62f',
    );
  });

  it('come back from their bytes for every sequence and state', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffffffff),
        fc.constantFrom<OtaState>('new', 'pendingVerify', 'valid', 'invalid', 'aborted', 'undefined'),
        (sequence, state) => {
          const [first] = parseOtadata(otadata([sequence, state], undefined));
          expect(first).toMatchObject({ sequence, state, crcIsValid: true });
        },
      ),
    );
  });

  it('need both sectors', () => {
    expect(codeOf(() => parseOtadata(erasedOtadata().subarray(0, 0x101f)))).toBe('otadata.truncated');
  });
});

describe('chooseBootSlot', () => {
  const choose = (first: Spec, second: Spec, table = twoOta, rollbackEnabled = false) =>
    chooseBootSlot(entries(first, second), table, { rollbackEnabled });

  it('starts factory without otadata, and nothing when otadata is too small', () => {
    expect(chooseBootSlot(undefined, [FACTORY], { rollbackEnabled: true })).toMatchObject({
      target: 'factory',
      reason: 'noOtadata',
    });
    const small = [partition('otadata', 1, 0, 0x1000), FACTORY];
    // nobody reads what is not there
    expect(chooseBootSlot(undefined, small, { rollbackEnabled: false })).toMatchObject({
      target: undefined,
      reason: 'otadataTooSmall',
      order: [],
    });
    expect(choose(undefined, undefined, small)).toMatchObject({ target: undefined, reason: 'otadataTooSmall' });
  });

  it('starts factory while both entries are blank, and slot 0 where there is no factory', () => {
    expect(choose(undefined, undefined)).toMatchObject({ target: 'factory', reason: 'defaultFactory', writes: [] });
    const choice = choose(undefined, undefined, noFactory);
    expect(choice).toMatchObject({ target: { ota: 0 }, reason: 'noFactoryTryingOta0' });
    expect(choice.writes).toMatchObject([{ sector: 0, when: 'afterLoad' }]);
    expect(hex(choice.writes[0]?.bytes)).toBe(hex(encodeOtadataEntry(1, 'valid')));
  });

  it('writes nothing after loading slot 0 when an entry was there but is used up', () => {
    expect(choose([3, 'aborted'], undefined, noFactory)).toMatchObject({ target: { ota: 0 }, writes: [] });
  });

  it('follows the larger sequence, at a tie the first sector', () => {
    expect(choose([1], [2])).toMatchObject({ target: { ota: 1 }, reason: 'activeEntry', activeSector: 1 });
    expect(choose([4], [3])).toMatchObject({ target: { ota: 1 }, activeSector: 0 });
    expect(choose([2], [2])).toMatchObject({ activeSector: 0 });
    expect(choose([1], undefined)).toMatchObject({ target: { ota: 0 }, activeSector: 0 });
  });

  it('passes over invalid and aborted entries', () => {
    expect(choose([1], [2, 'aborted'])).toMatchObject({ target: { ota: 0 }, activeSector: 0 });
    expect(choose([1, 'invalid'], [2, 'aborted'])).toMatchObject({ target: 'factory', reason: 'defaultFactory' });
  });

  it('counts slots modulo their number, sequence 0 included', () => {
    expect(choose([8], undefined, [OTADATA, ...slots(3)])).toMatchObject({ target: { ota: 1 } });
    expect(choose([0], undefined, [OTADATA, ...slots(3)])).toMatchObject({ target: { ota: 0xffffffff % 3 } });
  });

  it('falls back when no CRC is right', () => {
    const broken = (table: Partition[]) => {
      const bytes = otadata([1], [2]);
      bytes[28] = 0;
      bytes[0x1000 + 28] = 0;
      return chooseBootSlot(parseOtadata(bytes), table, { rollbackEnabled: false });
    };
    expect(broken(twoOta)).toMatchObject({ target: 'factory', reason: 'corruptFallingBackToFactory' });
    expect(broken(noFactory)).toMatchObject({ target: { ota: 0 }, reason: 'corruptTryingAll' });
  });

  it('with rollback, makes a new entry wait for its confirmation', () => {
    const choice = choose([1, 'valid'], [2, 'new'], twoOta, true);
    expect(choice).toMatchObject({ target: { ota: 1 }, writes: [{ sector: 1, when: 'beforeLoad' }] });
    expect(hex(choice.writes[0]?.bytes)).toBe(hex(encodeOtadataEntry(2, 'pendingVerify')));
    expect(choose([1, 'valid'], [2, 'new'], twoOta, false).writes).toEqual([]);
  });

  it('with rollback, aborts an entry that was not confirmed and boots the one before', () => {
    const choice = choose([1, 'valid'], [2, 'pendingVerify'], twoOta, true);
    expect(choice).toMatchObject({ target: { ota: 0 }, reason: 'activeEntry', activeSector: 0 });
    expect(hex(choice.writes[0]?.bytes)).toBe(hex(encodeOtadataEntry(2, 'aborted')));
    expect(choose([1, 'pendingVerify'], undefined, twoOta, true)).toMatchObject({ target: 'factory' });
    expect(choose([1, 'valid'], [2, 'pendingVerify'], twoOta, false)).toMatchObject({ target: { ota: 1 } });
  });

  it('tries downwards to factory, then upwards, then test', () => {
    const table = [partition('test', 0, 0x20), OTADATA, FACTORY, ...slots(4)];
    const order = (spec: Spec) => choose(spec, undefined, table).order.map(({ label }) => label);
    expect(order([3])).toEqual(['ota_2', 'ota_1', 'ota_0', 'factory', 'ota_3', 'test']);
    expect(order(undefined)).toEqual(['factory', 'ota_0', 'ota_1', 'ota_2', 'ota_3', 'test']);
  });

  it('does not reach a slot behind a gap in the numbers', () => {
    const table = [OTADATA, ota(0), ota(2)];
    expect(choose([2], undefined, table).order.map(({ label }) => label)).toEqual(['ota_0']);
  });

  it('has nothing to start in a table without applications', () => {
    expect(choose(undefined, undefined, [OTADATA])).toMatchObject({ target: undefined, order: [] });
    expect(choose(undefined, undefined, [OTADATA, partition('test', 0, 0x20)])).toMatchObject({ target: 'test' });
  });
});

/** Applies plans one after the other and tells where each wrote: `A=1`. */
function switches(count: number, targets: readonly number[]): string[] {
  let bytes = erasedOtadata();
  return targets.map((target) => {
    const plan = planSwitch(parseOtadata(bytes), slots(count), { ota: target });
    bytes = applyOtadataOperations(bytes, plan.operations);
    return plan.operations.map(({ sector }) => `${sector === 0 ? 'A' : 'B'}=${plan.sequence ?? ''}`).join(' ');
  });
}

describe('planSwitch', () => {
  it('numbers entries as the tool of ESP-IDF does', () => {
    expect(switches(2, [0, 1, 1, 0, 0, 1])).toEqual(['A=1', 'B=2', 'A=2', 'B=3', 'A=3', 'B=4']);
    expect(switches(3, [0, 1, 2, 0, 2, 1])).toEqual(['A=1', 'B=2', 'A=3', 'B=4', 'A=6', 'B=8']);
  });

  it('writes all 32 bytes, so that a stale state does not live on', () => {
    const plan = planSwitch(entries([1], [2, 'aborted']), slots(2), { ota: 1 });
    expect(plan.operations).toEqual([{ kind: 'write', sector: 1, bytes: encodeOtadataEntry(2) }]);
  });

  it('never writes over the entry that boots, even when a larger sequence is used up', () => {
    const plan = planSwitch(entries([5, 'aborted'], [4, 'valid']), slots(2), { ota: 0 });
    expect(plan).toMatchObject({ sequence: 5, operations: [{ kind: 'write', sector: 0 }] });
  });

  it('replaces the entry that waits for its confirmation, not the confirmed one', () => {
    const plan = planSwitch(entries([3, 'pendingVerify'], [2, 'valid']), slots(2), { ota: 1 });
    expect(plan.operations).toMatchObject([{ kind: 'write', sector: 0 }]);
  });

  it('goes past a sequence that is still on trial', () => {
    expect(planSwitch(entries([1, 'new'], undefined), slots(2), { ota: 0 })).toMatchObject({ sequence: 3 });
    expect(planSwitch(entries([1, 'valid'], undefined), slots(2), { ota: 0 })).toMatchObject({ sequence: 1 });
  });

  it('begins again from below when the numbers run out', () => {
    const before = otadata([0xfffffffe], undefined);
    const plan = planSwitch(parseOtadata(before), slots(2), { ota: 0 });
    expect(plan.operations).toEqual([
      { kind: 'write', sector: 1, bytes: encodeOtadataEntry(1) },
      { kind: 'erase', sector: 0 },
    ]);
    const after = parseOtadata(applyOtadataOperations(before, plan.operations));
    expect(chooseBootSlot(after, noFactory, { rollbackEnabled: true }).target).toEqual({ ota: 0 });
  });

  it('erases for factory, the entry that boots last', () => {
    expect(planSwitch(entries([1], [2]), twoOta, 'factory').operations).toEqual([
      { kind: 'erase', sector: 0 },
      { kind: 'erase', sector: 1 },
    ]);
    expect(planErase(entries([3], [2])).map(({ sector }) => sector)).toEqual([1, 0]);
    expect(planErase(entries(undefined, undefined))).toEqual([]);
  });

  it('refuses a slot that is not there or cannot be reached', () => {
    const none = entries(undefined, undefined);
    expect(codeOf(() => planSwitch(none, slots(2), { ota: 2 }))).toBe('otadata.noSuchSlot');
    expect(codeOf(() => planSwitch(none, slots(2), 'factory'))).toBe('otadata.noSuchSlot');
    expect(codeOf(() => planSwitch(none, [ota(0), ota(2)], { ota: 2 }))).toBe('otadata.noSuchSlot');
    expect(codeOf(() => planSwitch(none, [ota(0), ota(2)], { ota: 1 }))).toBe('otadata.noSuchSlot');
  });
});

const anyState = fc.constantFrom<OtaState>('new', 'pendingVerify', 'valid', 'invalid', 'aborted', 'undefined');
const anySpec = fc.option(
  fc.tuple(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0xfffffff0, max: 0xffffffff })), anyState),
  { nil: undefined },
);

/** Every content the flash can have when power fails during the operations: after an erase, and with any part of the entry programmed. */
function* powerCuts(before: Uint8Array, plan: ReturnType<typeof planSwitch>): Generator<Uint8Array> {
  let bytes = before;
  for (const operation of plan.operations) {
    yield bytes;
    const erased = applyOtadataOperations(bytes, [{ kind: 'erase', sector: operation.sector }]);
    yield erased;
    if (operation.kind === 'write') {
      for (let programmed = 1; programmed < operation.bytes.length; programmed++) {
        const partial = erased.slice();
        partial.set(operation.bytes.subarray(0, programmed), operation.sector * 0x1000);
        yield partial;
      }
    }
    bytes = applyOtadataOperations(bytes, [operation]);
  }
  yield bytes;
}

describe('a switch that loses power', () => {
  it('ends at the wanted slot, and at every moment boots that one or one that was bootable before', () => {
    const run = (
      first: Spec,
      second: Spec,
      table: Partition[],
      target: SwitchTarget,
      rollbackEnabled: boolean,
    ): void => {
      const before = otadata(first, second);
      const plan = planSwitch(parseOtadata(before), table, target);
      const boots = (bytes: Uint8Array): BootTarget | undefined =>
        chooseBootSlot(parseOtadata(bytes), table, { rollbackEnabled }).target;
      const count = table.filter(({ subtype, type }) => type === 0 && subtype >= 0x10).length;
      const allowed: (BootTarget | undefined)[] = [boots(before), target];
      for (const entry of parseOtadata(before)) {
        if (entry.isValid) allowed.push({ ota: ((entry.sequence - 1) >>> 0) % count });
      }
      let last: BootTarget | undefined;
      for (const bytes of powerCuts(before, plan)) {
        last = boots(bytes);
        expect(allowed).toContainEqual(last);
      }
      expect(last).toEqual(target);
    };
    fc.assert(
      fc.property(
        anySpec,
        anySpec,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        fc.nat(),
        fc.boolean(),
        (first, second, count, hasFactory, pick, rollback) => {
          const table = hasFactory ? [OTADATA, FACTORY, ...slots(count)] : [OTADATA, ...slots(count)];
          run(first, second, table, { ota: pick % count }, rollback);
          if (hasFactory) run(first, second, table, 'factory', rollback);
        },
      ),
      { numRuns: 400 },
    );
  });
});
