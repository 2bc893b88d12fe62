import { isOtaError, type OtaError } from '../base/ota-error.ts';
import { parseImage, walkSegments, type EspImage, type ImageHeader, type Segment } from './app-image.ts';
import { readAppDescription, type AppDescription } from './app-description.ts';
import { readBootloaderDescription } from './bootloader-description.ts';
import { revisionFits, revisionLimits } from './chip-revision.ts';
import { chipById, chipName } from './chips.ts';
import { parseImageHeader, SPI_MODES } from './image-header.ts';

export type ImageCheckId =
  | 'headers'
  | 'magic'
  | 'chip'
  | 'revision'
  | 'spiMode'
  | 'description'
  | 'version'
  | 'segments'
  | 'checksum'
  | 'size'
  | 'digest'
  | 'signature'
  | 'secureVersion';

export interface ImageCheck {
  readonly id: ImageCheckId;
  /** `skipped`: nothing to compare with, or an earlier check left nothing to look at. */
  readonly outcome: 'passed' | 'failed' | 'warned' | 'skipped';
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** What is known of the device and of the firmware it runs. What is left out is not checked. */
export interface ImageExpectation {
  readonly chipId?: number;
  /** major * 100 + minor. */
  readonly chipRevision?: number;
  /** Of the smallest slot the image may have to fit. */
  readonly slotSizeBytes?: number;
  /** The running firmware checks signatures on update. */
  readonly signatureRequired?: boolean;
  /** Of the device's eFuse. */
  readonly minSecureVersion?: number;
  /** `CONFIG_ESPTOOLPY_FLASHMODE_VAL` of the running firmware, compared from ESP-IDF 6.1. */
  readonly spiFlashMode?: number;
  readonly runningVersion?: string;
}

type Details = ImageCheck['details'];

/** Bytes that `esp_https_ota` collects before it looks at the image. */
const FIRST_READ_BYTES = 1024;
const DEFAULT_PAGE_LOG2 = 16;
/** What is larger is no size of a page. */
const LARGEST_PAGE_LOG2 = 31;
const DESCRIPTION_SEGMENT_BYTES = 256;
/** Below this share of free space the build warns that the slot is nearly full. */
const NEARLY_FULL = 0.05;

function check(id: ImageCheckId, outcome: ImageCheck['outcome'], details: Details = {}): ImageCheck {
  return { id, outcome, details };
}

function passes(id: ImageCheckId, isRight: boolean, details: Details): ImageCheck {
  return check(id, isRight ? 'passed' : 'failed', details);
}

/** The value, or the coded error that stands in its way. */
function attempt<T>(work: () => T): { value: T } | { error: OtaError } {
  try {
    return { value: work() };
  } catch (error) {
    if (isOtaError(error)) return { error };
    throw error;
  }
}

function checkChip({ chipId }: ImageHeader, expected: number | undefined): ImageCheck {
  const details = { found: chipId, foundName: chipName(chipId) };
  if (expected === undefined) return check('chip', 'skipped', details);
  return passes('chip', chipId === expected, { ...details, expected, expectedName: chipName(expected) });
}

function checkRevision(header: ImageHeader, revision: number | undefined): ImageCheck {
  const details = { ...revisionLimits(header) };
  if (revision === undefined) return check('revision', 'skipped', details);
  return passes('revision', revisionFits(header, revision), { ...details, revision });
}

function checkSpiMode(description: AppDescription | undefined, expected: number | undefined): ImageCheck {
  const found = description?.spiFlashMode;
  if (found === undefined || expected === undefined) return check('spiMode', 'skipped');
  const name = (mode: number): string => SPI_MODES[mode] ?? String(mode);
  return passes('spiMode', found === expected, { found: name(found), expected: name(expected) });
}

function checkDescription(bytes: Uint8Array, description: AppDescription | undefined): ImageCheck {
  if (description === undefined) {
    const isBootloader = readBootloaderDescription(bytes) !== undefined;
    return check('description', 'warned', { found: isBootloader ? 'bootloader' : 'none' });
  }
  const { projectName, version, idfVersion } = description;
  return check('description', 'passed', { found: 'app', projectName, version, idfVersion });
}

function checkVersion(description: AppDescription | undefined, running: string | undefined): ImageCheck {
  if (description === undefined || running === undefined) return check('version', 'skipped');
  const { version } = description;
  return check('version', version === running ? 'warned' : 'passed', { version, running });
}

/** The first segment that the device cannot map: its place in flash and its address differ within a page. Where nothing says how large a page
 * is, it may be the smallest. */
function misplacedSegment(
  header: ImageHeader,
  segments: readonly Segment[],
  pageLog2: number | undefined,
): { index: number; segment: Segment } | undefined {
  const chip = chipById(header.chipId);
  const page = 2 ** (pageLog2 ?? chip?.smallestMmuPageLog2 ?? DEFAULT_PAGE_LOG2);
  const ranges = chip?.flashMapped ?? [];
  for (const [index, segment] of segments.entries()) {
    const isMapped = ranges.some(([from, to]) => segment.loadAddress >= from && segment.loadAddress < to);
    if (isMapped && segment.offset % page !== segment.loadAddress % page) return { index, segment };
  }
  return undefined;
}

function checkSegments(bytes: Uint8Array, description: AppDescription | undefined): ImageCheck {
  const walked = attempt(() => walkSegments(bytes));
  if ('error' in walked) return check('segments', 'failed', { problem: walked.error.code, ...walked.error.details });
  const { header, segments } = walked.value;
  const log2 = description?.mmuPageSizeLog2 ?? LARGEST_PAGE_LOG2 + 1;
  const misplaced = misplacedSegment(header, segments, log2 <= LARGEST_PAGE_LOG2 ? log2 : undefined);
  if (misplaced !== undefined) {
    const { index, segment } = misplaced;
    const { offset: offsetBytes, loadAddress } = segment;
    return check('segments', 'failed', { problem: 'misplaced', index, offsetBytes, loadAddress });
  }
  const first = segments[0]?.length ?? 0;
  if (description !== undefined && first < DESCRIPTION_SEGMENT_BYTES) {
    return check('segments', 'failed', { problem: 'firstTooShort', index: 0, lengthBytes: first });
  }
  return check('segments', 'passed', { count: segments.length });
}

function checkSize(bytes: Uint8Array, image: EspImage | undefined, slotSizeBytes: number | undefined): ImageCheck {
  // The device writes all it receives, so bytes behind the image count too.
  const neededBytes = Math.max(bytes.length, image?.imageLength ?? 0);
  if (slotSizeBytes === undefined) return check('size', 'skipped', { neededBytes });
  const freeBytes = slotSizeBytes - neededBytes;
  const details = { neededBytes, slotSizeBytes, freeBytes };
  if (freeBytes < 0) return check('size', 'failed', details);
  return check('size', freeBytes < slotSizeBytes * NEARLY_FULL ? 'warned' : 'passed', details);
}

function checkDigest({ digest }: EspImage): ImageCheck {
  if (digest === undefined) return check('digest', 'skipped', { isAppended: false });
  const { stored, computed, offset } = digest;
  return passes('digest', stored === computed, { isAppended: true, stored, computed, offsetBytes: offset });
}

function checkSignature({ signature }: EspImage, isRequired: boolean): ImageCheck {
  if (signature === undefined) return check('signature', isRequired ? 'failed' : 'skipped', { isSigned: false });
  const { scheme, count, blocks } = signature;
  const isWhole = blocks.every(({ crcIsValid, digestMatches }) => crcIsValid && digestMatches);
  const details = {
    isSigned: true,
    scheme,
    count,
    crcIsValid: blocks.every(({ crcIsValid }) => crcIsValid),
    digestMatches: blocks.every(({ digestMatches }) => digestMatches),
  };
  if (isWhole) return check('signature', 'passed', details);
  return check('signature', isRequired ? 'failed' : 'warned', details);
}

function checkSecureVersion(description: AppDescription | undefined, minimum: number | undefined): ImageCheck {
  if (description === undefined || minimum === undefined) return check('secureVersion', 'skipped');
  const found = description.secureVersion;
  return passes('secureVersion', found >= minimum, { found, minimum });
}

/** Checks an image as a device does during an update, in its order: what `esp_https_ota` looks at in the first bytes, what
 * `esp_ota_end` verifies, what `esp_ota_set_boot_partition` adds. A device stops at the first failure, this list goes on as far as there is
 * something to check. Never throws.
 * @see ESP-IDF v6.0 `esp_https_ota.c`, `esp_image_format.c`, `esp_ota_ops.c`, `bootloader_common_loader.c` */
export function verifyImage(bytes: Uint8Array, expect: ImageExpectation = {}): readonly ImageCheck[] {
  const headers = passes('headers', bytes.length >= FIRST_READ_BYTES, {
    availableBytes: bytes.length,
    neededBytes: FIRST_READ_BYTES,
  });
  const parsed = attempt(() => parseImageHeader(bytes));
  const tooMany = 'error' in parsed && parsed.error.code === 'image.tooManySegments';
  if ('error' in parsed) {
    const { code, details } = parsed.error;
    const rest: ImageCheckId[] = ['chip', 'revision', 'spiMode', 'description', 'version'];
    const later: ImageCheckId[] = ['checksum', 'digest', 'signature', 'secureVersion'];
    return [
      headers,
      tooMany ? check('magic', 'passed') : check('magic', 'failed', { problem: code, ...details }),
      ...rest.map((id) => check(id, 'skipped')),
      tooMany ? check('segments', 'failed', { problem: code, ...details }) : check('segments', 'skipped'),
      check('checksum', 'skipped'),
      checkSize(bytes, undefined, expect.slotSizeBytes),
      ...later.slice(1).map((id) => check(id, 'skipped')),
    ];
  }
  const header = parsed.value;
  const description = readAppDescription(bytes);
  const segments = checkSegments(bytes, description);
  const whole = attempt(() => parseImage(bytes));
  const start = [
    headers,
    check('magic', 'passed'),
    checkChip(header, expect.chipId),
    checkRevision(header, expect.chipRevision),
    checkSpiMode(description, expect.spiFlashMode),
    checkDescription(bytes, description),
    checkVersion(description, expect.runningVersion),
    segments,
  ];
  const secureVersion = checkSecureVersion(description, expect.minSecureVersion);
  if ('error' in whole) {
    const isEndMissing = segments.outcome === 'passed';
    const { code, details } = whole.error;
    return [
      ...start,
      isEndMissing ? check('checksum', 'failed', { problem: code, ...details }) : check('checksum', 'skipped'),
      checkSize(bytes, undefined, expect.slotSizeBytes),
      check('digest', 'skipped'),
      check('signature', 'skipped'),
      secureVersion,
    ];
  }
  const image = whole.value;
  const { stored, computed, offset } = image.checksum;
  return [
    ...start,
    passes('checksum', stored === computed, { stored, computed, offsetBytes: offset }),
    checkSize(bytes, image, expect.slotSizeBytes),
    checkDigest(image),
    checkSignature(image, expect.signatureRequired ?? false),
    secureVersion,
  ];
}
