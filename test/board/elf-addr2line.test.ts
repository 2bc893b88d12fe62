import { describe, expect, it } from 'vitest';
import { createAddressIndex } from '../../src/monitor/elf/address-index.ts';
import { openElf } from '../../src/monitor/elf/elf-file.ts';
import {
  asAddr2line,
  buildElf,
  canBuild,
  ELF_PROGRAMS,
  recordedElf,
  recordElf,
  type Answers,
} from '../support/elf-programs.ts';

/** Against GNU addr2line, on programs built now by Debian's gcc-riscv64-unknown-elf and gcc-xtensa-lx106. Where they are not installed, only
 * the recorded answers are compared: the names of the tests say which it is. `ESP32_OTA_RECORD_ELF=1` records anew. */
const installed = ELF_PROGRAMS.filter(canBuild);
const records = process.env['ESP32_OTA_RECORD_ELF'] !== undefined;

function differences(bytes: Uint8Array, answers: Answers): unknown[] {
  const index = createAddressIndex(openElf(bytes));
  const wrong = [...answers].flatMap(([address, expected]) => {
    const found = asAddr2line(index.lookup(address));
    return found.join('\n') === expected.join('\n') ? [] : [{ address: address.toString(16), expected, found }];
  });
  return [...index.problems, ...wrong].slice(0, 5);
}

describe.each(ELF_PROGRAMS)('$name', (program) => {
  const isInstalled = installed.includes(program);
  if (isInstalled) {
    it('built now: every address is what addr2line says', { timeout: 60_000 }, () => {
      const built = buildElf(program);
      if (records) recordElf(program, built);
      expect(built.answers.size).toBeGreaterThan(100);
      expect(differences(built.bytes, built.answers)).toEqual([]);
    });
  }
  const where = isInstalled ? '' : ` (${program.compiler ?? `${program.toolchain}gcc`} is not installed here)`;
  it(`recorded${where}: every address is what addr2line said`, () => {
    const { bytes, answers } = recordedElf(program);
    expect(answers.size).toBeGreaterThan(100);
    expect(differences(bytes, answers)).toEqual([]);
  });
});
