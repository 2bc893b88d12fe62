// A small ELF file with the sections an ESP-IDF application has: enough for tools that look at headers, sections and the digest.
import { chipFacts } from './chip-facts.mjs';

const HEADER_BYTES = 52;
const SECTION_BYTES = 40;
const MACHINE = { xtensa: 94, riscv: 243 };
const XTENSA_TARGETS = new Set(['esp32', 'esp32s2', 'esp32s3']);

/**
 * @see System V ABI, ELF-32
 * @param {{ target: string, entry: number, sections: readonly { name: string, address: number, data: Uint8Array }[] }} options
 * @returns {Uint8Array}
 */
export function makeElf({ target, entry, sections }) {
  chipFacts(target);
  const names = `\0${[...sections.map((section) => section.name), '.shstrtab'].join('\0')}\0`;
  const table = [...sections, { name: '.shstrtab', address: 0, data: new TextEncoder().encode(names) }];
  const dataBytes = table.reduce((sum, { data }) => sum + Math.ceil(data.length / 4) * 4, 0);
  const elf = new Uint8Array(HEADER_BYTES + dataBytes + SECTION_BYTES * (table.length + 1));
  const view = new DataView(elf.buffer);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, XTENSA_TARGETS.has(target) ? MACHINE.xtensa : MACHINE.riscv, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(32, HEADER_BYTES + dataBytes, true);
  view.setUint16(40, HEADER_BYTES, true);
  view.setUint16(46, SECTION_BYTES, true);
  view.setUint16(48, table.length + 1, true);
  view.setUint16(50, table.length, true);
  let at = HEADER_BYTES;
  table.forEach(({ name, address, data }, index) => {
    elf.set(data, at);
    const row = HEADER_BYTES + dataBytes + SECTION_BYTES * (index + 1);
    const isNames = name === '.shstrtab';
    const fields = [
      names.indexOf(`\0${name}\0`) + 1,
      isNames ? 3 : 1,
      isNames ? 0 : 2,
      address,
      at,
      data.length,
      0,
      0,
      4,
    ];
    fields.forEach((value, field) => view.setUint32(row + field * 4, value, true));
    at += Math.ceil(data.length / 4) * 4;
  });
  return elf;
}
