import { inflateSync } from 'node:zlib';
import { OtaError, isOtaError } from '../../base/ota-error.ts';
import { SectionCursor } from './section-cursor.ts';

const HEADER_BYTES = 52;
const SECTION_BYTES = 40;
const EM_RISCV = 243;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;
const SHF_EXECINSTR = 4;
const SHF_COMPRESSED = 0x800;
const ELFCOMPRESS_ZLIB = 1;
const COMPRESSION_HEADER_BYTES = 12;
/** What deflate can make of one byte. @see zlib, "Maximum Expansion Factor" */
const MOST_INFLATION = 1032;
const MOST_INFLATED_BYTES = 512 * 1024 * 1024;

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  /** In bytes from the start of the file. */
  readonly offset: number;
  readonly size: number;
  /** Index of the section that this one belongs to, of a symbol table that of its names. */
  readonly link: number;
}

export interface ElfFile {
  readonly bytes: Uint8Array;
  /** `e_machine`: 94 is Xtensa, 243 RISC-V. */
  readonly machine: number;
  readonly isRiscV: boolean;
  readonly entryAddress: number;
  readonly sections: readonly ElfSection[];
  /** Whether code is loaded at this address. */
  readonly isCode: (address: number) => boolean;
  /** A cursor over the contents of a section, uncompressed; an empty one for a section that is not there.
   * @throws {OtaError} `elf.truncated`, `elf.unsupported`, `elf.malformed` */
  readonly open: (section: string) => SectionCursor;
}

/** Reads the headers of a 32-bit little-endian ELF file; what they describe is read when it is asked for.
 * @throws {OtaError} `elf.notElf`, `elf.unsupported`, `elf.truncated`, `elf.malformed`
 * @see System V ABI, "Object Files" */
export function openElf(bytes: Uint8Array): ElfFile {
  const magic = [0x7f, 0x45, 0x4c, 0x46];
  const wrong = magic.findIndex((byte, at) => bytes[at] !== byte);
  if (wrong >= 0) throw new OtaError('elf.notElf', { offset: wrong });
  const cursor = new SectionCursor(bytes, '');
  cursor.take(HEADER_BYTES);
  if (bytes[4] !== 1) throw new OtaError('elf.unsupported', { what: 'class', value: bytes[4] ?? 0, offset: 4 });
  if (bytes[5] !== 1) throw new OtaError('elf.unsupported', { what: 'byteOrder', value: bytes[5] ?? 0, offset: 5 });
  const machine = cursor.from(18).u16();
  const sections = readSections(cursor);
  const code = sections
    .filter(({ flags, type, size }) => (flags & (SHF_ALLOC | SHF_EXECINSTR)) === 6 && type !== SHT_NOBITS && size > 0)
    .map(({ address, size }) => ({ low: address, high: address + size }));
  const opened = new Map<string, Uint8Array>();
  return {
    bytes,
    machine,
    isRiscV: machine === EM_RISCV,
    entryAddress: cursor.from(24).u32(),
    sections,
    isCode: (address) => code.some(({ low, high }) => address >= low && address < high),
    open: (name) => {
      let content = opened.get(name);
      if (content === undefined) {
        content = contentOf(bytes, sections, name);
        opened.set(name, content);
      }
      return new SectionCursor(content, name);
    },
  };
}

/** The bytes that are loaded at an address, or undefined where the file has fewer of them.
 * @param length in bytes */
export function loadedBytes(elf: ElfFile, address: number, length: number): Uint8Array | undefined {
  const section = elf.sections.find(
    ({ flags, type, address: start, size }) =>
      (flags & SHF_ALLOC) !== 0 && type !== SHT_NOBITS && address >= start && address + length <= start + size,
  );
  if (section === undefined) return undefined;
  const at = section.offset + address - section.address;
  return at + length <= elf.bytes.length ? elf.bytes.subarray(at, at + length) : undefined;
}

interface NamedSection extends ElfSection {
  readonly nameOffset: number;
}

function readSections(file: SectionCursor): ElfSection[] {
  const tableAt = file.from(32).u32();
  const header = file.from(46);
  const [entryBytes, shortCount, shortNames] = [header.u16(), header.u16(), header.u16()];
  if (tableAt === 0) return [];
  if (entryBytes < SECTION_BYTES) throw file.malformed('sectionEntrySize', 46);
  const first = readSection(file, tableAt);
  // numbers that do not fit are in the first, otherwise unused entry
  const count = shortCount === 0 ? first.size : shortCount;
  const namesIndex = shortNames === 0xffff ? first.link : shortNames;
  file.from(tableAt).take(count * entryBytes);
  const sections: NamedSection[] = [];
  for (let index = 0; index < count; index++) sections.push(readSection(file, tableAt + index * entryBytes));
  const names = sections[namesIndex];
  const text = names === undefined || names.type === SHT_NOBITS ? undefined : names;
  return sections.map(({ nameOffset, ...section }) => ({ ...section, name: nameAt(file, text, nameOffset) }));
}

function readSection(file: SectionCursor, at: number): NamedSection {
  const cursor = file.from(at);
  cursor.take(SECTION_BYTES);
  cursor.at = at;
  const [nameOffset, type, flags, address, offset] = [
    cursor.u32(),
    cursor.u32(),
    cursor.u32(),
    cursor.u32(),
    cursor.u32(),
  ];
  return { name: '', nameOffset, type, flags, address, offset, size: cursor.u32(), link: cursor.u32() };
}

/** Names are for finding sections by: one that can't be read is empty. */
function nameAt(file: SectionCursor, names: ElfSection | undefined, offset: number): string {
  if (names === undefined || offset >= names.size) return '';
  const at = names.offset + offset;
  try {
    return file.from(at, Math.min(at + 64, names.offset + names.size)).text();
  } catch (error) {
    if (isOtaError(error, 'elf.truncated')) return '';
    throw error;
  }
}

function contentOf(bytes: Uint8Array, sections: readonly ElfSection[], name: string): Uint8Array {
  const section = sections.find((one) => one.name === name && one.type !== SHT_NOBITS);
  if (section !== undefined) {
    const stored = storedBytes(bytes, section);
    return (section.flags & SHF_COMPRESSED) === 0 ? stored : inflateSection(stored, section);
  }
  // how binutils compressed before there was a flag for it
  const old = sections.find((one) => one.name === name.replace('.', '.z') && one.type !== SHT_NOBITS);
  return old === undefined ? new Uint8Array(0) : inflateOldSection(storedBytes(bytes, old), old);
}

function storedBytes(bytes: Uint8Array, { name, offset, size }: ElfSection): Uint8Array {
  if (offset + size > bytes.length) {
    const available = Math.max(0, bytes.length - offset);
    throw new OtaError('elf.truncated', { section: name, offset: available, neededBytes: size - available });
  }
  return bytes.subarray(offset, offset + size);
}

/** @see System V ABI, "Section Compression", `Elf32_Chdr` */
function inflateSection(stored: Uint8Array, { name }: ElfSection): Uint8Array {
  const header = new SectionCursor(stored, name);
  const method = header.u32();
  const size = header.u32();
  header.u32();
  if (method !== ELFCOMPRESS_ZLIB)
    throw new OtaError('elf.unsupported', { what: 'compression', value: method, offset: 0 });
  return inflate(header, stored.subarray(COMPRESSION_HEADER_BYTES), size);
}

/** `ZLIB`, the length as 8 big-endian bytes, the data. */
function inflateOldSection(stored: Uint8Array, { name }: ElfSection): Uint8Array {
  const header = new SectionCursor(stored, name);
  const at = header.take(COMPRESSION_HEADER_BYTES);
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength);
  if (view.getUint32(at) !== 0x5a4c4942) throw header.malformed('compressionHeader', 0);
  return inflate(header, stored.subarray(COMPRESSION_HEADER_BYTES), view.getUint32(4) * 2 ** 32 + view.getUint32(8));
}

function inflate(header: SectionCursor, data: Uint8Array, size: number): Uint8Array {
  if (size > MOST_INFLATED_BYTES || size > data.length * MOST_INFLATION) throw header.malformed('compressedSize');
  if (size === 0) return new Uint8Array(0);
  let content: Uint8Array;
  try {
    content = inflateSync(data, { maxOutputLength: size });
  } catch (error) {
    if (error instanceof Error) throw header.malformed('compressedData');
    throw error;
  }
  if (content.length !== size) throw header.malformed('compressedSize');
  return content;
}
