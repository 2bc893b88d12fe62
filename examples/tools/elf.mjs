// An ELF file with the sections an ESP-IDF application has: enough for tools that look at headers, sections, symbols, debug information and
// the digest.
import { chipFacts } from './chip-facts.mjs';

const HEADER_BYTES = 52;
const SECTION_BYTES = 40;
const SYMBOL_BYTES = 16;
const MACHINE = { xtensa: 94, riscv: 243 };
const XTENSA_TARGETS = new Set(['esp32', 'esp32s2', 'esp32s3']);
const SHT = { progbits: 1, symtab: 2, strtab: 3 };
const SHF = { alloc: 2, execute: 4 };
const STT_FUNC = 2;
const STB_GLOBAL = 1;

/** @typedef {{ name: string, address?: number, data: Uint8Array, isCode?: boolean }} ElfSection without an address: not loaded */
/** @typedef {{ name: string, section: string, address: number, size: number, isLocal: boolean }} ElfSymbol a function */

/** @param {string} target */
export function isRiscV(target) {
  return !XTENSA_TARGETS.has(target);
}

/**
 * @see System V ABI, ELF-32
 * @param {{ target: string, entry: number, sections: readonly ElfSection[], symbols?: readonly ElfSymbol[] }} options
 * @returns {Uint8Array}
 */
export function makeElf({ target, entry, sections, symbols = [] }) {
  chipFacts(target);
  const symbolNames = nameTable(symbols.map((symbol) => symbol.name));
  const ordered = [...symbols].sort((a, b) => Number(b.isLocal) - Number(a.isLocal));
  const symbolTable = new Uint8Array(SYMBOL_BYTES * (ordered.length + 1));
  const symbolView = new DataView(symbolTable.buffer);
  ordered.forEach(({ name, section, address, size, isLocal }, index) => {
    const at = SYMBOL_BYTES * (index + 1);
    symbolView.setUint32(at, symbolNames.offset(name), true);
    symbolView.setUint32(at + 4, address, true);
    symbolView.setUint32(at + 8, size, true);
    symbolView.setUint8(at + 12, (isLocal ? 0 : STB_GLOBAL << 4) | STT_FUNC);
    symbolView.setUint16(at + 14, sections.findIndex((one) => one.name === section) + 1, true);
  });
  const names = nameTable([...sections.map((section) => section.name), '.symtab', '.strtab', '.shstrtab']);
  const firstGlobal = ordered.filter((symbol) => symbol.isLocal).length + 1;
  const table = [
    ...sections.map(({ name, address, data, isCode }) => ({
      ...{ name, address: address ?? 0, data, type: SHT.progbits, link: 0, info: 0, entryBytes: 0 },
      flags: address === undefined ? 0 : SHF.alloc | (isCode === true ? SHF.execute : 0),
    })),
    {
      ...{ name: '.symtab', address: 0, data: symbolTable, type: SHT.symtab, flags: 0 },
      ...{ link: sections.length + 2, info: firstGlobal, entryBytes: SYMBOL_BYTES },
    },
    ...[
      { name: '.strtab', data: symbolNames.data },
      { name: '.shstrtab', data: names.data },
    ].map((section) => ({ ...section, address: 0, type: SHT.strtab, flags: 0, link: 0, info: 0, entryBytes: 0 })),
  ];
  const dataBytes = table.reduce((sum, { data }) => sum + Math.ceil(data.length / 4) * 4, 0);
  const elf = new Uint8Array(HEADER_BYTES + dataBytes + SECTION_BYTES * (table.length + 1));
  const view = new DataView(elf.buffer);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, isRiscV(target) ? MACHINE.riscv : MACHINE.xtensa, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(32, HEADER_BYTES + dataBytes, true);
  view.setUint16(40, HEADER_BYTES, true);
  view.setUint16(46, SECTION_BYTES, true);
  view.setUint16(48, table.length + 1, true);
  view.setUint16(50, table.length, true);
  let at = HEADER_BYTES;
  table.forEach(({ name, address, data, type, flags, link, info, entryBytes }, index) => {
    elf.set(data, at);
    const row = HEADER_BYTES + dataBytes + SECTION_BYTES * (index + 1);
    const fields = [names.offset(name), type, flags, address, at, data.length, link, info, 4, entryBytes];
    fields.forEach((value, field) => view.setUint32(row + field * 4, value, true));
    at += Math.ceil(data.length / 4) * 4;
  });
  return elf;
}

/** @param {readonly string[]} names */
function nameTable(names) {
  const text = `\0${names.join('\0')}\0`;
  return {
    data: new TextEncoder().encode(text),
    offset: (/** @type {string} */ name) => text.indexOf(`\0${name}\0`) + 1,
  };
}
