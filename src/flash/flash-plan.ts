import './errors.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import { chipByTarget, chipName } from '../image/chips.ts';
import { IMAGE_MAGIC, parseImageHeader } from '../image/image-header.ts';
import { DEFAULT_TABLE_OFFSET, parsePartitionTable, type Partition } from '../image/partition-table.ts';
import { readBootloaderDescription } from '../image/bootloader-description.ts';
import { TYPE_APP } from '../image/partition-types.ts';
import { verifyImage, type ImageCheck } from '../image/verify-image.ts';
import { flashSizeOf, withFlashSettings, type FlashSettings } from './bootloader-header.ts';
import type { ChipFacts } from './chip-session.ts';
import { isEncrypted } from './security.ts';
import { SECTOR_BYTES } from '../image/flash-sector.ts';

/** One file to flash: an entry of `flasher_args.json` with its bytes, or any image. */
export interface FlashFile {
  /** As in `flasher_args.json` (`bootloader`, `app`, `partition-table`, `otadata`), a partition's label, or a file's name. */
  readonly name?: string;
  /** In flash, in bytes; a multiple of 4096. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isEncrypted?: boolean;
}

/** What to flash. The settings of a build's `flasher_args.json` fit as they are. */
export interface FlashRequest extends FlashSettings {
  readonly files: readonly FlashFile[];
  /** Target the build is for, such as `esp32s3`. */
  readonly chip?: string;
  /** Of the board, for the checks; a table among the files counts more. */
  readonly partitions?: readonly Partition[];
  /** Default 0x8000. */
  readonly partitionTableOffset?: number;
}

export type FlashRole = 'bootloader' | 'partitionTable' | 'otadata' | 'app' | 'data';

export interface PlannedFile {
  /** The file's, or its offset in hexadecimal. */
  readonly name: string;
  readonly role: FlashRole;
  readonly offset: number;
  /** With the settings in the bootloader's header, padded to a multiple of 4. */
  readonly bytes: Uint8Array;
}

export interface FlashPlan {
  /** In the order of writing: what takes long first, what decides which application boots last. */
  readonly files: readonly PlannedFile[];
  readonly totalBytes: number;
}

/** What is known of the board; nothing before it is connected. */
export type KnownBoard = Partial<
  Pick<ChipFacts, 'target' | 'chipId' | 'revision' | 'flashSizeBytes' | 'security' | 'bootloaderOffset'>
>;

const ROLES: ReadonlyMap<string, FlashRole> = new Map([
  ['bootloader', 'bootloader'],
  ['partition-table', 'partitionTable'],
  ['partition_table', 'partitionTable'],
  ['otadata', 'otadata'],
  ['app', 'app'],
]);
const ORDER: readonly FlashRole[] = ['app', 'data', 'bootloader', 'partitionTable', 'otadata'];
const NO_MAXIMUM = 0xffff;
/** Checks of {@link verifyImage} that speak of an update over the air, not of the image. */
const NOT_HERE: ReadonlySet<string> = new Set(['headers', 'version', 'secureVersion', 'spiMode', 'size']);

export function fileName({ name, offset }: Pick<FlashFile, 'name' | 'offset'>): string {
  return name ?? `0x${offset.toString(16)}`;
}

interface Draft {
  readonly file: FlashFile;
  readonly name: string;
  readonly role: FlashRole;
}

function roleOf(file: FlashFile, request: FlashRequest, bootloaderOffset: number | undefined): FlashRole {
  const named = file.name === undefined ? undefined : ROLES.get(file.name);
  if (named !== undefined) return named;
  if (file.offset === (request.partitionTableOffset ?? DEFAULT_TABLE_OFFSET) && isTable(file.bytes)) {
    return 'partitionTable';
  }
  if (file.bytes[0] === IMAGE_MAGIC && isHeader(file.bytes)) {
    if (file.offset === bootloaderOffset || readBootloaderDescription(file.bytes) !== undefined) return 'bootloader';
    return 'app';
  }
  return 'data';
}

function isHeader(bytes: Uint8Array): boolean {
  try {
    parseImageHeader(bytes);
    return true;
  } catch {
    return false;
  }
}

function isTable(bytes: Uint8Array): boolean {
  try {
    parsePartitionTable(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Everything that speaks against a plan, in the order of the files. Without facts of the board, what needs none is checked: call it before the
 * port is opened, too. */
export function flashProblems(request: FlashRequest, board: KnownBoard = {}): readonly OtaError[] {
  const target = board.target ?? request.chip;
  const bootloaderOffset =
    board.bootloaderOffset ?? (target === undefined ? undefined : chipByTarget(target)?.bootloaderOffset);
  const drafts = draftsOf(request, bootloaderOffset);
  if (drafts.length === 0) return [new OtaError('flash.nothingToFlash', { count: 0 })];
  return [
    ...targetProblems(request, board),
    ...drafts.flatMap((draft) => [...fileProblems(draft, board), ...imageProblems(draft, board, target)]),
    ...placeProblems(drafts, request, bootloaderOffset),
    ...settingProblems(drafts, request, board, target),
  ];
}

function draftsOf(request: FlashRequest, bootloaderOffset: number | undefined): Draft[] {
  return request.files
    .map((file) => ({ file, name: fileName(file), role: roleOf(file, request, bootloaderOffset) }))
    .sort((one, other) => one.file.offset - other.file.offset);
}

function targetProblems({ chip }: FlashRequest, { target }: KnownBoard): OtaError[] {
  if (chip === undefined || target === undefined || chip === target) return [];
  const [found, expected] = [chip, target].map((word) => chipByTarget(word)?.name ?? word);
  return [new OtaError('flash.wrongChip', { name: '', found: found ?? '', expected: expected ?? '' })];
}

function fileProblems({ file, name }: Draft, { flashSizeBytes, security }: KnownBoard): OtaError[] {
  const { offset, bytes } = file;
  const problems: OtaError[] = [];
  if (bytes.length === 0) problems.push(new OtaError('flash.emptyFile', { name, offset }));
  if (file.isEncrypted === true) problems.push(new OtaError('flash.encryptedFile', { name, offset }));
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % SECTOR_BYTES !== 0) {
    problems.push(new OtaError('flash.misaligned', { name, offset }));
  }
  if (flashSizeBytes !== undefined && offset + bytes.length > flashSizeBytes) {
    const details = { name, offset, lengthBytes: bytes.length, flashSizeBytes };
    problems.push(new OtaError('flash.outsideFlash', details));
  }
  const cryptCount = security?.flashCryptCount ?? 0;
  if (isEncrypted(security)) problems.push(new OtaError('flash.encryptionEnabled', { name, cryptCount }));
  return problems;
}

function imageProblems({ file, name, role }: Draft, board: KnownBoard, target: string | undefined): OtaError[] {
  if (file.bytes.length === 0) return [];
  if (role === 'partitionTable') {
    try {
      parsePartitionTable(file.bytes);
      return [];
    } catch (error) {
      const problem = isOtaError(error) ? error.code : 'unknown';
      return [new OtaError('flash.badPartitionTable', { name, problem }, { cause: error })];
    }
  }
  if (role !== 'app' && role !== 'bootloader') return [];
  const chipId = board.chipId ?? (target === undefined ? undefined : chipByTarget(target)?.id);
  const checks = verifyImage(file.bytes, {
    ...(chipId === undefined ? {} : { chipId }),
    ...(board.revision === undefined ? {} : { chipRevision: board.revision }),
    // the first-stage check of a bootloader is the ROM's
    signatureRequired: role === 'app' && board.security?.isSecureBoot === true,
  });
  const failed = checks.find(({ id, outcome }) => outcome === 'failed' && !NOT_HERE.has(id));
  return failed === undefined ? [] : [imageProblem(name, failed)];
}

function imageProblem(name: string, { id, details }: ImageCheck): OtaError {
  if (id === 'chip') {
    const [found, expected] = [Number(details['found']), Number(details['expected'])].map(chipName);
    return new OtaError('flash.wrongChip', { name, found: found ?? '', expected: expected ?? '' });
  }
  if (id === 'revision') {
    return new OtaError('flash.wrongRevision', {
      name,
      revision: Number(details['revision']),
      minimum: Number(details['minimum']),
      maximum: Number(details['maximum'] ?? NO_MAXIMUM),
    });
  }
  return new OtaError('flash.badImage', { name, check: id, problem: String(details['problem'] ?? '') });
}

/** Of the file that is a table, or of the board. */
function partitionsOf(drafts: readonly Draft[], request: FlashRequest): readonly Partition[] {
  const table = drafts.find(({ role, file }) => role === 'partitionTable' && isTable(file.bytes));
  return table === undefined ? (request.partitions ?? []) : parsePartitionTable(table.file.bytes).partitions;
}

function placeProblems(
  drafts: readonly Draft[],
  request: FlashRequest,
  bootloaderOffset: number | undefined,
): OtaError[] {
  const problems: OtaError[] = [];
  const partitions = partitionsOf(drafts, request);
  const sectorEnd = ({ file }: Draft): number =>
    Math.ceil((file.offset + file.bytes.length) / SECTOR_BYTES) * SECTOR_BYTES;
  const tableOffset =
    drafts.find(({ role }) => role === 'partitionTable')?.file.offset ??
    request.partitionTableOffset ??
    DEFAULT_TABLE_OFFSET;
  drafts.forEach((draft, index) => {
    const { file, name, role } = draft;
    const next = drafts[index + 1];
    if (next !== undefined && sectorEnd(draft) > next.file.offset) {
      problems.push(new OtaError('flash.overlap', { name, other: next.name, offset: next.file.offset }));
    }
    const end = file.offset + file.bytes.length;
    if (role === 'bootloader' && bootloaderOffset !== undefined) {
      const isExtra = partitions.some(({ type, offset }) => type === 2 && offset === file.offset);
      if (file.offset !== bootloaderOffset && !isExtra) {
        const details = { name, offset: file.offset, expected: bootloaderOffset };
        problems.push(new OtaError('flash.bootloaderOffset', details));
      }
    }
    // the place of the bootloader is not a row of most tables
    const place =
      role === 'bootloader' && file.offset < tableOffset
        ? { label: 'bootloader', offset: file.offset, size: tableOffset - file.offset }
        : partitions.find(({ offset, size }) => file.offset >= offset && file.offset < offset + size);
    if (place !== undefined && end > place.offset + place.size) {
      const sizeBytes = place.offset + place.size - file.offset;
      const details = { name, partition: place.label, lengthBytes: file.bytes.length, sizeBytes };
      problems.push(new OtaError('flash.tooBigForPartition', details));
    }
  });
  return problems;
}

function settingProblems(
  drafts: readonly Draft[],
  request: FlashRequest,
  board: KnownBoard,
  target: string | undefined,
): OtaError[] {
  const problems: OtaError[] = [];
  const bootloader = drafts.find(({ role }) => role === 'bootloader');
  const wantedBytes = flashSizeOf(request.flashSize);
  const { flashSizeBytes } = board;
  if (bootloader !== undefined && wantedBytes !== undefined && flashSizeBytes !== undefined) {
    if (wantedBytes > flashSizeBytes) {
      problems.push(new OtaError('flash.flashTooSmall', { settingBytes: wantedBytes, flashSizeBytes }));
    }
  }
  if (bootloader !== undefined && target !== undefined) {
    try {
      withFlashSettings(bootloader.file.bytes, request, target, flashSizeBytes);
    } catch (error) {
      if (isOtaError(error, 'flash.badSetting')) problems.push(error);
    }
  }
  return problems;
}

/** What is to be written where, after every check that is possible before a byte is written.
 * @throws {OtaError} the first of {@link flashProblems} */
export function planFlash(request: FlashRequest, board: KnownBoard): FlashPlan {
  const [problem] = flashProblems(request, board);
  if (problem !== undefined) throw problem;
  const files = draftsOf(request, board.bootloaderOffset)
    .map(({ file, name, role }): PlannedFile => {
      const target = board.target ?? request.chip;
      // a signature would no longer fit a changed header
      const isPatched = role === 'bootloader' && target !== undefined && board.security?.isSecureBoot !== true;
      const bytes = isPatched ? withFlashSettings(file.bytes, request, target, board.flashSizeBytes) : file.bytes;
      return { name, role, offset: file.offset, bytes: padded(bytes) };
    })
    .sort((one, other) => ORDER.indexOf(one.role) - ORDER.indexOf(other.role) || one.offset - other.offset);
  return { files, totalBytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0) };
}

/** The chip writes whole words. */
function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % 4 === 0) return bytes;
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4).fill(0xff);
  whole.set(bytes);
  return whole;
}

/** An image for one partition, by its label, with the table of the board.
 * @throws {OtaError} `flash.noSuchPartition` */
export function requestForPartition(label: string, bytes: Uint8Array, partitions: readonly Partition[]): FlashRequest {
  const partition = partitions.find((row) => row.label === label);
  if (partition === undefined) throw new OtaError('flash.noSuchPartition', { partition: label });
  const name = partition.type === TYPE_APP ? 'app' : label;
  return { files: [{ name, offset: partition.offset, bytes }], partitions };
}
