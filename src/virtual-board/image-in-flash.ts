import { createHash } from 'node:crypto';
import { ByteReader } from '../base/byte-reader.ts';
import type { LogLevel } from './board-console.ts';
import { isMapped, usualMmuPageBytes, type ChipProfile } from './chip-profile.ts';
import { isAtLeast, type IdfVersion } from './idf-version.ts';
import type { NorFlash } from './nor-flash.ts';

/** What of the chip decides whether an image may run on it. */
export interface ChipFacts {
  readonly profile: ChipProfile;
  /** major * 100 + minor */
  readonly revision: number;
  /** major * 100 + minor; not checked on the classic ESP32. */
  readonly efuseBlockRevision: number;
}

export interface ImageHeader {
  readonly segmentCount: number;
  readonly spiMode: number;
  readonly spiSpeed: number;
  readonly flashSizeBytes: number;
  readonly entryAddress: number;
  readonly chipId: number;
  readonly minRevision: number;
  readonly maxRevision: number;
  readonly hasHash: boolean;
}

export interface Description {
  readonly secureVersion: number;
  readonly version: string;
  readonly projectName: string;
  readonly time: string;
  readonly date: string;
  readonly idfVersion: string;
  /** Hex. */
  readonly elfSha256: string;
  readonly minEfuseBlockRevision: number;
  readonly maxEfuseBlockRevision: number;
  /** Undefined before ESP-IDF 5.4. */
  readonly mmuPageBytes: number | undefined;
  readonly spiFlashMode: number;
}

export interface ImageInFlash {
  readonly header: ImageHeader;
  readonly segments: readonly { readonly address: number; readonly offset: number; readonly length: number }[];
  /** Bytes from the header to the end of the appended hash (or of the checksum, without one). */
  readonly lengthBytes: number;
  /** The appended digest, or the computed one where none is appended. */
  readonly sha256: string;
}

export type Log = (level: LogLevel, tag: string, message: string) => void;

export const HEADER_BYTES = 24;
export const DESCRIPTION_OFFSET = 32;
const DESCRIPTION_MAGIC = 0xabcd5432;
const MAX_SEGMENTS = 16;
const SIXTEEN_MB = 0x1000000;
const NO_LIMIT = 65535;

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
const hex8 = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
const revisionWords = (revision: number): string => `v${Math.floor(revision / 100)}.${revision % 100}`;

/** The 24 header bytes; undefined unless they begin with the magic byte.
 * @see ESP-IDF v5.5 components/bootloader_support/include/esp_app_format.h, `esp_image_header_t` */
export function readHeader(bytes: Uint8Array): ImageHeader | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0] !== 0xe9) return undefined;
  const reader = new ByteReader(bytes);
  return {
    segmentCount: reader.u8(1),
    spiMode: reader.u8(2),
    spiSpeed: reader.u8(3) & 0xf,
    flashSizeBytes: 0x100000 << (reader.u8(3) >>> 4),
    entryAddress: reader.u32(4),
    chipId: reader.u16(12),
    minRevision: reader.u16(15),
    maxRevision: reader.u16(17),
    hasHash: reader.u8(23) === 1,
  };
}

/** The app description of an image whose first 288 bytes are given; undefined without its magic word (which ESP-IDF 4 did not look at).
 * @see ESP-IDF v5.5 components/esp_app_format/include/esp_app_desc.h, `esp_app_desc_t` */
export function readDescription(bytes: Uint8Array, ignoresMagic = false): Description | undefined {
  if (bytes.length < DESCRIPTION_OFFSET + 256) return undefined;
  const reader = new ByteReader(bytes.subarray(DESCRIPTION_OFFSET, DESCRIPTION_OFFSET + 256));
  if (!ignoresMagic && reader.u32(0) !== DESCRIPTION_MAGIC) return undefined;
  const pageLog2 = reader.u8(180);
  return {
    secureVersion: reader.u32(4),
    version: reader.text(16, 32),
    projectName: reader.text(48, 32),
    time: reader.text(80, 16),
    date: reader.text(96, 16),
    idfVersion: reader.text(112, 32),
    elfSha256: Buffer.from(reader.slice(144, 32)).toString('hex'),
    minEfuseBlockRevision: reader.u16(176),
    maxEfuseBlockRevision: reader.u16(178),
    mmuPageBytes: pageLog2 >= 12 && pageLog2 <= 16 ? 1 << pageLog2 : undefined,
    spiFlashMode: reader.u8(181),
  };
}

export function descriptionInFlash(flash: NorFlash, offset: number): Description | undefined {
  if (offset + 288 > flash.sizeBytes) return undefined;
  return readDescription(flash.view(offset, 288));
}

function revisionProblem(what: string, sign: '>=' | '<=', required: number, found: number, idf: IdfVersion): string {
  return isAtLeast(idf, 5, 5)
    ? `${what} revision check failed. Required ${sign} ${revisionWords(required)}, found ${revisionWords(found)}.`
    : `Image requires ${what === 'chip' ? 'chip rev' : 'efuse blk rev'} ${sign} ${revisionWords(required)}, but chip is ${revisionWords(found)}`;
}

/** Chip id and revision against this chip, complaints as `boot_comm` words them.
 * @see ESP-IDF v5.5 components/bootloader_support/src/bootloader_common_loader.c, `bootloader_common_check_chip_validity` */
export function isForChip(header: ImageHeader, chip: ChipFacts, idf: IdfVersion, log: Log): boolean {
  let isFine = true;
  if (header.chipId !== chip.profile.id) {
    log('E', 'boot_comm', `mismatch chip ID, expected ${chip.profile.id}, found ${header.chipId}`);
    isFine = false;
  }
  return isForRevision(header, chip, idf, log) && isFine;
}

export function isForRevision(header: ImageHeader, chip: ChipFacts, idf: IdfVersion, log: Log): boolean {
  if (header.minRevision > chip.revision) {
    log('E', 'boot_comm', revisionProblem('chip', '>=', header.minRevision, chip.revision, idf));
    return false;
  }
  if (header.maxRevision !== 0 && header.maxRevision !== NO_LIMIT && header.maxRevision < chip.revision) {
    log('E', 'boot_comm', revisionProblem('chip', '<=', header.maxRevision, chip.revision, idf));
    return false;
  }
  return true;
}

function isForEfuseBlock(description: Description, chip: ChipFacts, idf: IdfVersion, log: Log): boolean {
  const { minEfuseBlockRevision: min, maxEfuseBlockRevision: max } = description;
  if (min > chip.efuseBlockRevision) {
    log('E', 'boot_comm', revisionProblem('efuse blk', '>=', min, chip.efuseBlockRevision, idf));
    return false;
  }
  if (max !== 0 && max !== NO_LIMIT && max < chip.efuseBlockRevision) {
    log('E', 'boot_comm', revisionProblem('efuse blk', '<=', max, chip.efuseBlockRevision, idf));
    return false;
  }
  return true;
}

export interface VerifyOptions {
  readonly chip: ChipFacts;
  readonly idf: IdfVersion;
  /** Prints segments and complaints; a silent verification still complains of the chip. */
  readonly log: Log;
  readonly isSilent?: boolean;
  /** In the bootloader: segments are said to be loaded. */
  readonly isLoading?: boolean;
}

function foldChecksum(data: Uint8Array, seed: number): number {
  let folded = seed;
  for (const value of data) folded ^= value;
  return folded;
}

/** Verifies the image at the start of a region of flash, in the order of `esp_image_format.c`: magic, chip, revision, segment count, each
 * segment, checksum, length, digest. Undefined when it is not valid; what is wrong is said on the console.
 * @see ESP-IDF v5.5 components/bootloader_support/src/esp_image_format.c, `image_load` */
export function verifyInFlash(
  flash: NorFlash,
  region: { readonly offset: number; readonly size: number },
  options: VerifyOptions,
): ImageInFlash | undefined {
  const { chip, idf } = options;
  const say: Log = options.isSilent === true ? () => undefined : options.log;
  const fail = (message: string): ImageInFlash | undefined => {
    say('E', 'esp_image', message);
    return undefined;
  };
  if (region.size > SIXTEEN_MB) return fail(`partition size ${hex(region.size)} invalid, larger than 16MB`);
  // beyond the chip, where a table may lead that is for a larger one
  if (region.offset + HEADER_BYTES > flash.sizeBytes) {
    return fail(`bootloader_flash_read failed at 0x${hex8(region.offset)}`);
  }
  const header = readHeader(flash.view(region.offset, HEADER_BYTES));
  if (header === undefined) {
    return fail(`image at ${hex(region.offset)} has invalid magic byte (nothing flashed here?)`);
  }
  if (!isForChip(header, chip, idf, options.log)) return undefined;
  if (header.segmentCount > MAX_SEGMENTS) {
    return fail(`image at ${hex(region.offset)} segment count ${header.segmentCount} exceeds max ${MAX_SEGMENTS}`);
  }
  const description = descriptionInFlash(flash, region.offset);
  const segments: { address: number; offset: number; length: number }[] = [];
  let at = region.offset + HEADER_BYTES;
  let checksum = 0xef;
  for (let index = 0; index < header.segmentCount; index++) {
    if (at + 8 > flash.sizeBytes) return fail(`bootloader_flash_read failed at 0x${hex8(at)}`);
    const reader = new ByteReader(flash.view(at, 8));
    const [address, length] = [reader.u32(0), reader.u32(4)];
    at += 8;
    if ((length & 3) !== 0 || length >= SIXTEEN_MB) return fail(`invalid segment length ${hex(length)}`);
    const isMappedSegment = isMapped(chip.profile, address);
    const page = description?.mmuPageBytes ?? usualMmuPageBytes(chip.profile, header.flashSizeBytes);
    if (isMappedSegment && at % page !== address % page) {
      return fail(`Segment ${index} load address 0x${hex8(address)}, doesn't match data 0x${hex8(at)}`);
    }
    const isLoaded = options.isLoading === true && !isMappedSegment && address >= 0x10000000;
    say('I', 'esp_image', segmentLine(index, at, address, length, isLoaded, isMappedSegment, idf));
    if (at + length > flash.sizeBytes) {
      return fail(`bootloader_mmap(${hex(at)}, ${hex(length)}) failed`);
    }
    if (index === 0 && chip.profile.target !== 'esp32' && description !== undefined) {
      if (!isForEfuseBlock(description, chip, idf, options.log)) return undefined;
    }
    checksum = foldChecksum(flash.view(at, length), checksum);
    segments.push({ address, offset: at - region.offset, length });
    at += length;
  }
  // the checksum is the last byte of a block of 16
  const end = at - region.offset + (16 - ((at - region.offset) % 16));
  if (region.offset + end > flash.sizeBytes) return fail(`bootloader_flash_read failed at 0x${hex8(at)}`);
  const stored = flash.view(region.offset + end - 1, 1)[0] ?? 0;
  if (stored !== checksum) return fail(`Checksum failed. Calculated ${hex(checksum)} read ${hex(stored)}`);
  const lengthBytes = end + (header.hasHash ? 32 : 0);
  if (lengthBytes > region.size) {
    return fail(`Image length ${lengthBytes} doesn't fit in partition length ${region.size}`);
  }
  if (region.offset + lengthBytes > flash.sizeBytes) {
    return fail(`bootloader_flash_read failed at 0x${hex8(region.offset + end)}`);
  }
  const computed = createHash('sha256').update(flash.view(region.offset, end)).digest('hex');
  if (header.hasHash && Buffer.from(flash.view(region.offset + end, 32)).toString('hex') !== computed) {
    return fail('Image hash failed - image is corrupt');
  }
  return { header, segments, lengthBytes, sha256: computed };
}

function segmentLine(
  index: number,
  dataOffset: number,
  address: number,
  length: number,
  isLoaded: boolean,
  isMappedSegment: boolean,
  idf: IdfVersion,
): string {
  const verb = isLoaded ? 'load' : isMappedSegment ? 'map' : '';
  const decimal = length.toString().padStart(6);
  if (!isAtLeast(idf, 4, 3)) {
    return `segment ${index}: paddr=0x${hex8(dataOffset)} vaddr=0x${hex8(address)} size=0x${length.toString(16).padStart(5, '0')} (${decimal}) ${verb}`;
  }
  return `segment ${index}: paddr=${hex8(dataOffset)} vaddr=${hex8(address)} size=${length.toString(16).padStart(5, '0')}h (${decimal}) ${verb}`;
}
