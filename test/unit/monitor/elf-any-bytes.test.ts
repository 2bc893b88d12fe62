import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { createAddressIndex, MOST_PROBLEMS } from '../../../src/monitor/elf/address-index.ts';
import { readCallFrames } from '../../../src/monitor/elf/call-frames.ts';
import { openElf, type ElfFile } from '../../../src/monitor/elf/elf-file.ts';
import { CRASHES, recordedCrash } from '../../support/elf-crashes.ts';
import { codeAddresses, ELF_PROGRAMS, recordedElf } from '../../support/elf-programs.ts';

let programs: readonly Uint8Array[];
beforeAll(() => {
  programs = [
    ...ELF_PROGRAMS.map((program) => recordedElf(program).bytes),
    ...Object.keys(CRASHES).map((name) => recordedCrash(name).bytes),
  ];
});

/** What any bytes must give: a value or a coded error; each lookup an answer, whatever is broken. */
function readAll(bytes: Uint8Array): void {
  let elf: ElfFile;
  try {
    elf = openElf(bytes);
  } catch (error) {
    if (!isOtaError(error) || !error.code.startsWith('elf.')) throw error;
    return;
  }
  const index = createAddressIndex(elf);
  const addresses = codeAddresses(elf, 4000);
  const step = Math.max(1, Math.floor(addresses.length / 25));
  for (let at = 0; at < addresses.length; at += step) {
    for (const frame of index.lookup(addresses[at] ?? 0)) {
      if (frame.line === 0 || frame.function === '') throw new Error(JSON.stringify(frame));
    }
  }
  const frames = readCallFrames(elf);
  for (let at = 0; at < addresses.length; at += step) frames(addresses[at] ?? 0);
  expect(index.problems.length).toBeLessThanOrEqual(MOST_PROBLEMS);
  for (const { code } of index.problems) expect(code).toMatch(/^elf\./);
}

describe('an ELF file of any bytes', () => {
  it('is read, or refused with an offset', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), readAll));
    const header = [0x7f, 0x45, 0x4c, 0x46, 1, 1, 1];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 45, maxLength: 400 }), (rest) => {
        readAll(Uint8Array.from([...header, ...rest]));
      }),
    );
  });

  it('may be a real one with any bytes changed', () => {
    const place = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
    );
    fc.assert(
      fc.property(fc.nat(), fc.array(place, { minLength: 1, maxLength: 12 }), (which, changes) => {
        const bytes = Uint8Array.from(programs[which % programs.length] ?? []);
        for (const [where, value] of changes) bytes[Math.floor(where * (bytes.length - 1))] = value;
        readAll(bytes);
      }),
    );
  });

  it('may be a real one with a section of any bytes', () => {
    const sections = [
      ...[
        '.debug_info',
        '.debug_abbrev',
        '.debug_line',
        '.debug_ranges',
        '.debug_rnglists',
        '.debug_aranges',
        '.debug_frame',
      ],
      ...['.symtab', '.strtab', '.debug_str', '.debug_line_str', '.shstrtab'],
    ];
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(...sections),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        (which, name, where, value) => {
          const bytes = Uint8Array.from(programs[which % programs.length] ?? []);
          const section = openElf(bytes).sections.find((one) => one.name === name);
          if (section === undefined || section.size < value.length) return;
          bytes.set(value, section.offset + Math.floor(where * (section.size - value.length)));
          readAll(bytes);
        },
      ),
    );
  });

  it('may be a real one that was cut', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 1, noNaN: true }), (which, where) => {
        const bytes = programs[which % programs.length] ?? new Uint8Array(0);
        readAll(bytes.slice(0, Math.floor(where * bytes.length)));
      }),
    );
  });
});
