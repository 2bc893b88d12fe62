import { describe, expect, it } from 'vitest';
import { makeElf } from '../../../examples/tools/elf.mjs';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { createAddressIndex } from '../../../src/monitor/elf/address-index.ts';
import { openElf } from '../../../src/monitor/elf/elf-file.ts';
import { ELF_PROGRAMS, recordedElf } from '../../support/elf-programs.ts';

/** What the compilers of the recorded programs do not write, but others may. */
const CODE = 0x42000000;
const u16 = (value: number): number[] => [value & 0xff, (value >>> 8) & 0xff];
const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
const text = (value: string): number[] => [...new TextEncoder().encode(value), 0];

/** A unit's or a line table's length in front of its bytes. */
const counted = (bytes: readonly number[]): number[] => [...u32(bytes.length), ...bytes];

interface Parts {
  readonly abbreviations: readonly number[];
  readonly entries: readonly number[];
  readonly line?: readonly number[];
  readonly ranges?: readonly number[];
  readonly more?: readonly { name: string; data: readonly number[] }[];
}

function elfOf({ abbreviations, entries, line = [], ranges = [], more = [] }: Parts): Uint8Array {
  const sections = [
    { name: '.debug_abbrev', data: [...abbreviations, 0] },
    { name: '.debug_info', data: counted([...u16(4), ...u32(0), 4, ...entries]) },
    { name: '.debug_line', data: line },
    { name: '.debug_ranges', data: ranges },
    ...more,
  ];
  return makeElf({
    target: 'esp32c3',
    entry: CODE,
    sections: [
      { name: '.flash.text', address: CODE, data: new Uint8Array(0x1000), isCode: true },
      ...sections.map(({ name, data }) => ({ name, data: Uint8Array.from(data) })),
    ],
    symbols: [{ name: 'from_symbols', section: '.flash.text', address: CODE, size: 0x1000, isLocal: false }],
  });
}

/** A table of version 3 with one file, of these steps. */
function lineTable(steps: readonly number[], opcodeBase = 10): number[] {
  const lengths = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1].slice(0, opcodeBase - 1);
  const header = [2, 1, 0xfe, 7, opcodeBase, ...lengths, 0, ...text('main.c'), 0, 0, 0, 0];
  return counted([...u16(3), ...u32(header.length), ...header, ...steps]);
}

const UNIT = [1, 0x11, 1, 0x11, 0x01, 0x12, 0x06, 0x10, 0x17, 0x1b, 0x08, 0, 0];
const FUNCTION = [2, 0x2e, 0, 0x03, 0x08, 0x11, 0x01, 0x12, 0x06, 0, 0];
const unit = (size = 0x1000): number[] => [1, ...u32(CODE), ...u32(size), ...u32(0), ...text('/app')];
const fn = (name: string, low: number, size: number): number[] => [2, ...text(name), ...u32(low), ...u32(size)];

describe('debug information that no recorded program has', () => {
  it('advances the address by the last special opcode, by instructions of two bytes', () => {
    const setAddress = [0, 5, 2, ...u32(CODE)];
    // rows: line 1; special 13 (line -2+3, address 0); const_add_pc ((255-10)/7*2 = 70); copy; end
    const line = lineTable([...setAddress, 1, 13, 8, 3, 5, 1, 2, 4, 0, 1, 1]);
    const index = createAddressIndex(
      openElf(elfOf({ abbreviations: [...UNIT, ...FUNCTION], entries: [...unit(), ...fn('f', CODE, 0x100), 0], line })),
    );
    expect(index.problems).toEqual([]);
    const lines = [0, 69, 70, 77].map((at) => index.lookup(CODE + at)[0]?.line);
    expect(lines).toEqual([2, 2, 7, 7]);
    expect(index.lookup(CODE)[0]).toEqual({ function: 'f', file: '/app/main.c', line: 2, isInlined: false });
    expect(index.lookup(CODE + 78)).toEqual([{ function: 'f', isInlined: false }]);
  });

  it('passes over opcodes that it does not know, of tables with more or fewer of them', () => {
    const setAddress = [0, 5, 2, ...u32(CODE)];
    const line = lineTable([...setAddress, 12, 0x81, 0x01, 0, 3, 0x80, 9, 9, 3, 4, 1, 2, 8, 0, 1, 1], 13);
    const index = createAddressIndex(
      openElf(elfOf({ abbreviations: [...UNIT, ...FUNCTION], entries: [...unit(), ...fn('f', CODE, 0x100), 0], line })),
    );
    expect([index.problems, index.lookup(CODE + 2)[0]?.line]).toEqual([[], 5]);
  });

  it('counts ranges from the base that a list names', () => {
    const inRanges = [3, 0x2e, 0, 0x03, 0x08, 0x55, 0x17, 0, 0];
    const ranges = [
      ...[...u32(0x10), ...u32(0x20)],
      ...[...u32(0xffffffff), ...u32(CODE + 0x800)],
      ...[...u32(0x10), ...u32(0x20), ...u32(5), ...u32(5)],
      ...[...u32(0), ...u32(0)],
    ];
    const entries = [...unit(), 3, ...text('split'), ...u32(0), 0];
    const index = createAddressIndex(openElf(elfOf({ abbreviations: [...UNIT, ...inRanges], entries, ranges })));
    const names = [0x0f, 0x10, 0x1f, 0x20, 0x810, 0x81f, 0x820].map((at) => index.lookup(CODE + at)[0]?.function);
    expect(names).toEqual(['from_symbols', 'split', 'split', 'from_symbols', 'split', 'split', 'from_symbols']);
  });

  it('leaves out functions that the linker dropped, wherever it put them', () => {
    const entries = [
      ...unit(),
      ...[...fn('at_zero', 0, 0x100), ...fn('at_one', 1, 0x100), ...fn('at_the_end', 0xffffffff, 0x100)],
      ...[...fn('kept', CODE, 0x100), 0],
    ];
    const index = createAddressIndex(openElf(elfOf({ abbreviations: [...UNIT, ...FUNCTION], entries })));
    expect(index.lookup(CODE + 4)[0]?.function).toBe('kept');
    expect([0, 4, 0xffffffff, CODE + 0x1000].map((address) => index.lookup(address))).toEqual([[], [], [], []]);
  });

  it('follows references of every size, also through an indirect form', () => {
    const forms = [0x11, 0x12, 0x13, 0x14, 0x15, 0x10, 0x16];
    const inlined = forms.flatMap((form, at) => [4 + at, 0x1d, 0, 0x31, form, 0x11, 0x01, 0x12, 0x0b, 0, 0]);
    const outer = [3, 0x2e, 1, 0x03, 0x08, 0x11, 0x01, 0x12, 0x06, 0, 0];
    const head = unit();
    const target = 11 + head.length;
    const abstract = [2, ...text('inner'), ...u32(0), ...u32(0)];
    const references: Record<number, readonly number[]> = {
      0x11: [target],
      0x12: u16(target),
      0x13: u32(target),
      0x14: [...u32(target), ...u32(0)],
      0x15: [target | 0x80, 0],
      0x10: u32(target),
      0x16: [0x11, target],
    };
    const bodies = forms.flatMap((form, at) => [4 + at, ...(references[form] ?? []), ...u32(CODE + at * 16), 16]);
    const entries = [...head, ...abstract, 3, ...text('outer'), ...u32(CODE), ...u32(0x100), ...bodies, 0, 0];
    const index = createAddressIndex(
      openElf(elfOf({ abbreviations: [...UNIT, ...FUNCTION, ...outer, ...inlined], entries, line: lineTable([]) })),
    );
    const found = forms.map((_, at) => index.lookup(CODE + at * 16 + 3).map((frame) => frame.function));
    expect([index.problems, found]).toEqual([[], forms.map(() => ['inner', 'outer'])]);
  });

  it('ends where a function is inlined into itself, or refers to itself', () => {
    const own = [3, 0x2e, 0, 0x31, 0x13, 0x11, 0x01, 0x12, 0x06, 0, 0];
    const head = unit();
    const entries = [...head, 3, ...u32(11 + head.length), ...u32(CODE), ...u32(0x100), 0];
    const index = createAddressIndex(openElf(elfOf({ abbreviations: [...UNIT, ...own], entries })));
    expect(index.lookup(CODE + 4)).toEqual([{ function: 'from_symbols', isInlined: false }]);
  });
});

describe('debug information that is broken', () => {
  it('leaves the symbols, and says what is wrong where', () => {
    const index = createAddressIndex(
      openElf(elfOf({ abbreviations: UNIT, entries: [...unit(), 9, 9, 9], line: [9, 0, 0, 0, 1] })),
    );
    expect(index.lookup(CODE + 4)).toEqual([{ function: 'from_symbols', isInlined: false }]);
    expect(index.problems.map(({ code, details }) => [code, details])).toEqual([
      ['elf.malformed', { section: '.debug_abbrev', offset: UNIT.length + 1, reason: 'abbreviation' }],
      ['elf.truncated', { section: '.debug_line', offset: 4, neededBytes: 9 }],
    ]);
  });

  it('that asks for endless work is given up', () => {
    // each unit of 11 + 6 bytes reads the whole list of ranges
    const list = Array.from({ length: 20_000 }, () => [...u32(1), ...u32(2)]).flat();
    const withRanges = [1, 0x11, 0, 0x55, 0x17, 0, 0];
    const one = counted([...u16(4), ...u32(0), 4, 1, ...u32(0)]);
    const bytes = elfOf({
      abbreviations: withRanges,
      entries: [1, ...u32(0)],
      ranges: [...list, ...u32(0), ...u32(0)],
    });
    const units = Uint8Array.from(Array.from({ length: 10_000 }, () => one).flat());
    const whole = makeElf({
      target: 'esp32c3',
      entry: CODE,
      sections: [
        { name: '.flash.text', address: CODE, data: new Uint8Array(16), isCode: true },
        { name: '.debug_abbrev', data: Uint8Array.from([...withRanges, 0]) },
        { name: '.debug_info', data: units },
        { name: '.debug_ranges', data: openElf(bytes).open('.debug_ranges').bytes },
      ],
    });
    const index = createAddressIndex(openElf(whole));
    expect(index.problems.map(({ code }) => code)).toEqual(['elf.tooComplex']);
  });
});

describe('a file that is no ELF file of these chips', () => {
  const good = recordedElf(ELF_PROGRAMS[0] ?? never()).bytes;
  const compressed = recordedElf(ELF_PROGRAMS.find(({ name }) => name.endsWith('-compressed')) ?? never()).bytes;
  const changed = (at: number, value: number, bytes = good): Uint8Array => {
    const copy = Uint8Array.from(bytes);
    copy[at] = value;
    return copy;
  };
  const refused = (bytes: Uint8Array): unknown => {
    try {
      openElf(bytes);
    } catch (error) {
      return isOtaError(error) ? [error.code, error.details] : error;
    }
    return undefined;
  };

  it('is refused with what is wrong and where', () => {
    expect(refused(new Uint8Array(0))).toEqual(['elf.notElf', { offset: 0 }]);
    expect(refused(changed(2, 0))).toEqual(['elf.notElf', { offset: 2 }]);
    expect(refused(changed(4, 2))).toEqual(['elf.unsupported', { what: 'class', value: 2, offset: 4 }]);
    expect(refused(changed(5, 2))).toEqual(['elf.unsupported', { what: 'byteOrder', value: 2, offset: 5 }]);
    expect(refused(good.slice(0, 30))).toMatchObject(['elf.truncated', { section: '', offset: 0 }]);
    expect(refused(good.slice(0, good.length - 1))).toMatchObject(['elf.truncated', { section: '' }]);
  });

  it('has debug information compressed in another way: told, and the symbols are used', () => {
    const section = openElf(compressed).sections.find(({ name }) => name === '.debug_info');
    const index = createAddressIndex(openElf(changed(section?.offset ?? 0, 2, compressed)));
    expect(index.problems.map(({ code, details }) => [code, details])).toEqual([
      ['elf.unsupported', { what: 'compression', value: 2, offset: 0 }],
    ]);
    expect(index.lookup(index.elf.entryAddress)).toEqual([{ function: 'start', isInlined: false }]);
  });

  it('says it is longer than it can be, or is damaged', () => {
    const section = openElf(compressed).sections.find(({ name }) => name === '.debug_info');
    const at = section?.offset ?? 0;
    for (const bytes of [
      changed(at + 7, 0x10, compressed),
      changed(at + 20, 0xff, compressed),
      changed(at + 4, 1, compressed),
    ]) {
      const index = createAddressIndex(openElf(bytes));
      expect(index.problems.map(({ code }) => code)).toEqual(['elf.malformed']);
    }
  });
});

function never(): never {
  throw new Error('there is no such program');
}
