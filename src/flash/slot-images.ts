import './errors.ts';
import { OtaError } from '../base/ota-error.ts';
import { readSignature } from '../image/signature.ts';
import { verifyImage } from '../image/verify-image.ts';
import type { ChipSession } from './chip-session.ts';
import { SECTOR_BYTES } from '../image/flash-sector.ts';
import { planFlash, type FlashPlan, type PlannedFile } from './flash-plan.ts';
import { FlashLedger, type FlashRegion } from './flash-state.ts';
import type { OnProgress } from './progress.ts';
import { readFlash } from './read-flash.ts';
import { rereadSlots, type ChipSlot, type ChipSlots } from './slots.ts';
import { writeFiles, type WriteOptions, type WrittenFile } from './write-files.ts';

/** Of a signature of version 1, which follows the image at once; that of version 2 has a sector of its own. */
const SIGNATURE_V1_BYTES = 68;
/** What makes an image one that a bootloader loads. */
const DECISIVE: ReadonlySet<string> = new Set(['magic', 'segments', 'checksum', 'digest']);

/** Reads the image of a slot: the bytes of the build's `.bin`, with its signature if it has one, and nothing of what lies behind it. So it can be
 * flashed, served and compared like any other build.
 * @throws {OtaError} `slots.noImage` when there is none, or one whose checksum or digest is wrong; `flash.readFailed`, `flash.command*`,
 * `serial.*`, `cancelled` */
export async function saveSlot(
  chip: ChipSession,
  { partition, imageBytes, problem }: ChipSlot,
  options: { readonly onProgress?: OnProgress } = {},
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const noImage = (why: string): OtaError => new OtaError('slots.noImage', { slot: partition.label, problem: why });
  if (imageBytes === undefined) throw noImage(problem ?? 'notAnImage');
  const withSignature = Math.ceil(imageBytes / SECTOR_BYTES) * SECTOR_BYTES + SECTOR_BYTES;
  const lengthBytes = Math.min(partition.size, withSignature);
  const bytes = await readFlash(chip, partition.offset, lengthBytes, options, signal);
  const image = bytes.slice(0, signedLength(bytes, imageBytes));
  const isDamaged = verifyImage(image).some(({ id, outcome }) => outcome === 'failed' && DECISIVE.has(id));
  if (isDamaged) throw noImage('damaged');
  return image;
}

/** Where the image ends with its signature. What lies behind an image may be left of a longer one that was there before, so a signature has to
 * be whole (version 2) or to end what was written, with the rest of its sector erased (version 1). */
function signedLength(bytes: Uint8Array, imageBytes: number): number {
  const second = readSignature(bytes, imageBytes);
  if (second?.blocks.some(({ crcIsValid }) => crcIsValid) === true) return second.signedLength;
  const end = imageBytes + SIGNATURE_V1_BYTES;
  const rest = bytes.subarray(end, Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES);
  const first = rest.every((byte) => byte === 0xff) ? readSignature(bytes.subarray(0, end), imageBytes) : undefined;
  return first?.scheme === 'ecdsa-v1' ? first.signedLength : imageBytes;
}

export interface RestoreOptions extends WriteOptions {
  /** Writes even to the only slot that has something that boots, where a power cut would leave the board without. Default false. */
  readonly acceptsRisk?: boolean;
}

/** What writing to a slot puts at stake while it goes on: nothing, a boot of another slot in its place, or the only thing that boots. */
export function restoreRisk({ slots }: ChipSlots, slot: ChipSlot): 'none' | 'bootsOther' | 'bootsNothing' {
  if (slot.problem !== undefined) return 'none';
  const hasOther = slots.some(
    ({ partition, problem }) => partition.offset !== slot.partition.offset && problem === undefined,
  );
  if (!hasOther) return 'bootsNothing';
  return slot.isNext ? 'bootsOther' : 'none';
}

/** Checks an image for a board and a slot: what it is, which chip and revision it is for, whether it fits.
 * @throws {OtaError} those of `planFlash` */
export function checkRestore(
  { facts }: ChipSession,
  { partitions }: ChipSlots,
  { partition }: ChipSlot,
  image: Uint8Array,
): FlashPlan {
  return planFlash({ files: [{ name: 'app', offset: partition.offset, bytes: image }], partitions }, facts);
}

/** Writes an image into a slot. It is checked for this board and this slot before a byte is written, and the chip's digest is compared after.
 * Otadata stays as it is. Gives the slots as they are then.
 * @throws {OtaError} `slots.onlyBootable`, the checks of `planFlash` (`flash.badImage`, `flash.wrongChip`, `flash.tooBigForPartition` …),
 * `flash.verifyFailed`, `flash.notProgrammed`, `flash.command*`, `serial.*`, `cancelled` */
export async function restoreSlot(
  chip: ChipSession,
  slots: ChipSlots,
  slot: ChipSlot,
  image: Uint8Array,
  options: RestoreOptions = {},
  signal?: AbortSignal,
): Promise<{ readonly slots: ChipSlots; readonly written: WrittenFile | undefined }> {
  const { partition } = slot;
  const plan = checkRestore(chip, slots, slot, image);
  if (options.acceptsRisk !== true && restoreRisk(slots, slot) === 'bootsNothing') {
    throw new OtaError('slots.onlyBootable', { slot: partition.label });
  }
  const regions = new Map<PlannedFile, FlashRegion>(
    plan.files.map((one) => [one, { offset: one.offset, lengthBytes: one.bytes.length }]),
  );
  const ledger = new FlashLedger([...regions.values()]);
  const [written] = await writeFiles(chip, plan, ledger, regions, options, signal);
  return { slots: await rereadSlots(chip, slots, partition.offset), written };
}
