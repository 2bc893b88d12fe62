import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What an image for a test says. Written from the format's description, on its own: it shares nothing with the code under test. */
export interface ImageRecipe {
  readonly chipId?: number;
  readonly segments?: readonly { readonly loadAddress: number; readonly data: Uint8Array }[];
  readonly minRevision?: number;
  readonly maxRevision?: number;
  readonly legacyMinRevision?: number;
  readonly entry?: number;
  /** Number in the header, not its name. */
  readonly spiMode?: number;
  /** Codes: low nibble speed, high nibble size. */
  readonly spiSpeedAndSize?: number;
  readonly hashAppended?: boolean;
}

export interface DescriptionRecipe {
  readonly version?: string;
  readonly projectName?: string;
  readonly time?: string;
  readonly date?: string;
  readonly idfVersion?: string;
  readonly secureVersion?: number;
  readonly elfSha256?: Uint8Array;
  readonly minEfuseBlockRevision?: number;
  readonly mmuPageSizeLog2?: number;
  readonly spiFlashMode?: number;
}

function put(bytes: Buffer, at: number, width: number, text: string): void {
  bytes.write(text.slice(0, width), at, 'utf8');
}

/** 256 bytes of `esp_app_desc_t`. */
export function makeAppDescription(recipe: DescriptionRecipe = {}): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.writeUInt32LE(0xabcd5432, 0);
  bytes.writeUInt32LE(recipe.secureVersion ?? 0, 4);
  put(bytes, 16, 31, recipe.version ?? '1.0.0');
  put(bytes, 48, 31, recipe.projectName ?? 'sample');
  put(bytes, 80, 15, recipe.time ?? '12:34:56');
  put(bytes, 96, 15, recipe.date ?? 'Jan  2 2026');
  put(bytes, 112, 31, recipe.idfVersion ?? 'v5.5.5');
  bytes.set(recipe.elfSha256 ?? createHash('sha256').update('elf').digest(), 144);
  bytes.writeUInt16LE(recipe.minEfuseBlockRevision ?? 0, 176);
  bytes.writeUInt8(recipe.mmuPageSizeLog2 ?? 0, 180);
  bytes.writeUInt8(recipe.spiFlashMode ?? 0, 181);
  return bytes;
}

/** 80 bytes of `esp_bootloader_desc_t`. */
export function makeBootloaderDescription(idfVersion = 'v5.5.5'): Buffer {
  const bytes = Buffer.alloc(80);
  bytes.writeUInt8(0x50, 0);
  bytes.writeUInt8(2, 3);
  bytes.writeUInt32LE(1, 4);
  put(bytes, 8, 31, idfVersion);
  put(bytes, 40, 23, 'Jan  2 2026 12:34:56');
  return bytes;
}

/** Any image: header, segments, checksum, and the digest unless told not to. */
export function makeImage(recipe: ImageRecipe = {}): Buffer {
  const segments = recipe.segments ?? [];
  const header = Buffer.alloc(24);
  header.writeUInt8(0xe9, 0);
  header.writeUInt8(segments.length, 1);
  header.writeUInt8(recipe.spiMode ?? 2, 2);
  header.writeUInt8(recipe.spiSpeedAndSize ?? 0x20, 3);
  header.writeUInt32LE(recipe.entry ?? 0x40081000, 4);
  header.writeUInt8(0xee, 8);
  header.writeUInt16LE(recipe.chipId ?? 0, 12);
  header.writeUInt8(recipe.legacyMinRevision ?? 0, 14);
  header.writeUInt16LE(recipe.minRevision ?? 0, 15);
  header.writeUInt16LE(recipe.maxRevision ?? 0xffff, 17);
  header.writeUInt8((recipe.hashAppended ?? true) ? 1 : 0, 23);
  const parts: Uint8Array[] = [header];
  let sum = 0xef;
  for (const { loadAddress, data } of segments) {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(loadAddress, 0);
    head.writeUInt32LE(data.length, 4);
    parts.push(head, data);
    for (const byte of data) sum ^= byte;
  }
  const length = parts.reduce((total, part) => total + part.length, 0);
  const trailer = Buffer.alloc(16 - (length % 16));
  trailer.writeUInt8(sum, trailer.length - 1);
  const plain = Buffer.concat([...parts, trailer]);
  if (recipe.hashAppended === false) return plain;
  return Buffer.concat([plain, createHash('sha256').update(plain).digest()]);
}

/** An application: read-only data with the description and `content` behind it, then some code. `extra` is rounded up to 4 bytes. */
export function makeApp(recipe: DescriptionRecipe & ImageRecipe & { readonly extra?: Uint8Array } = {}): Buffer {
  const extra = recipe.extra ?? Buffer.from('read-only data of the application ..');
  const padded = Buffer.concat([extra, Buffer.alloc((4 - (extra.length % 4)) % 4)]);
  const isFirstChip = (recipe.chipId ?? 0) === 0;
  const segments = [
    { loadAddress: isFirstChip ? 0x3f400020 : 0x3c000020, data: Buffer.concat([makeAppDescription(recipe), padded]) },
    { loadAddress: isFirstChip ? 0x3ffb0000 : 0x3fc80000, data: Buffer.alloc(1024, 0x5a) },
  ];
  return makeImage({ segments, ...recipe });
}

/** A bootloader, which has nothing mapped from flash. */
export function makeBootloader(chipId = 0, idfVersion?: string): Buffer {
  const data = Buffer.concat([
    idfVersion === '' ? Buffer.alloc(80) : makeBootloaderDescription(idfVersion),
    Buffer.alloc(2000, 7),
  ]);
  return makeImage({ chipId, segments: [{ loadAddress: 0x3fff0018, data }], entry: 0x40080640 });
}

/** The image with a signature sector of version 2: `count` blocks whose digest and CRC agree; the signatures themselves are noise. */
export function withSignatureV2(
  image: Uint8Array,
  options: { count?: number; version?: 2 | 3; sha384?: boolean } = {},
): Buffer {
  const padding = (4096 - (image.length % 4096)) % 4096;
  const padded = Buffer.concat([image, Buffer.alloc(padding, 0xff)]);
  const sector = Buffer.alloc(4096, 0xff);
  for (let index = 0; index < (options.count ?? 1); index++) {
    const block = Buffer.alloc(1216);
    block.writeUInt8(0xe7, 0);
    block.writeUInt8(options.version ?? 2, 1);
    block.writeUInt8(options.sha384 === true ? 1 : 0, 2);
    createHash(options.sha384 === true ? 'sha384' : 'sha256')
      .update(padded)
      .digest()
      .copy(block, 4);
    block.fill(index + 1, 60, 1190);
    block.writeUInt32LE(crc32(block.subarray(0, 1196)), 1196);
    block.copy(sector, index * 1216);
  }
  return Buffer.concat([padded, sector]);
}

/** A row of a binary partition table. */
export function makeTableRow(
  type: number,
  subtype: number,
  offset: number,
  size: number,
  label: string,
  flags = 0,
): Buffer {
  const row = Buffer.alloc(32);
  row.writeUInt16LE(0x50aa, 0);
  row.writeUInt8(type, 2);
  row.writeUInt8(subtype, 3);
  row.writeUInt32LE(offset, 4);
  row.writeUInt32LE(size, 8);
  row.write(label, 12, 16, 'utf8');
  row.writeUInt32LE(flags, 28);
  return row;
}

/** A binary partition table of 3072 bytes. */
export function makeTable(rows: readonly Uint8Array[], md5 = true): Buffer {
  const table = Buffer.alloc(0xc00, 0xff);
  const body = Buffer.concat(rows);
  body.copy(table);
  if (md5) {
    table.writeUInt16LE(0xebeb, body.length);
    createHash('md5')
      .update(body)
      .digest()
      .copy(table, body.length + 16);
  }
  return table;
}

/** An application for a RISC-V chip whose second segment lies in flash and in memory at places that agree modulo `pageBytes`, and modulo nothing
 * larger. */
export function makePagedImage(
  chipId: number,
  pageBytes: number,
  recipe: ImageRecipe & DescriptionRecipe = {},
): Buffer {
  const upToTheNext = 0x10000 - 24 - 2 * 8;
  const segments = [
    { loadAddress: 0x42000020, data: Buffer.concat([makeAppDescription(recipe)], upToTheNext) },
    { loadAddress: 0x42020000 + pageBytes, data: Buffer.alloc(1024, 2) },
  ];
  return makeImage({ segments, ...recipe, chipId });
}
