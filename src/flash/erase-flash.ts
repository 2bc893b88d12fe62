import './errors.ts';
import { OtaError } from '../base/ota-error.ts';
import type { ChipSession } from './chip-session.ts';
import { eraseFlash, eraseRegion } from './commands.ts';
import { SECTOR_BYTES } from '../image/flash-sector.ts';
import { ByteMeter, type OnProgress } from './progress.ts';

/** Erased with one command, so that progress can be shown and a cancel comes through. */
const PIECE_BYTES = 256 * 1024;

/** Erases the whole chip.
 * @throws {OtaError} `flash.needsStub`, `flash.command*`, `serial.*`, `cancelled` */
export async function eraseWholeFlash(
  session: ChipSession,
  options: { readonly onProgress?: OnProgress } = {},
  signal?: AbortSignal,
): Promise<void> {
  options.onProgress?.({ phase: 'erasing' });
  await eraseFlash(session.link, signal);
}

/** Erases a piece of flash; offset and length are multiples of 4096. `onTouch` hears what is about to be erased.
 * @throws {OtaError} `flash.misaligned`, `flash.outsideFlash`, `flash.needsStub`, `flash.command*`, `serial.*`, `cancelled` */
export async function eraseFlashRegion(
  session: ChipSession,
  offset: number,
  lengthBytes: number,
  options: { readonly onProgress?: OnProgress; readonly onTouch?: (offset: number, lengthBytes: number) => void } = {},
  signal?: AbortSignal,
): Promise<void> {
  const { link, facts } = session;
  if (offset % SECTOR_BYTES !== 0 || lengthBytes % SECTOR_BYTES !== 0) {
    throw new OtaError('flash.misaligned', { name: '', offset: offset % SECTOR_BYTES === 0 ? lengthBytes : offset });
  }
  const { flashSizeBytes } = facts;
  if (flashSizeBytes !== undefined && offset + lengthBytes > flashSizeBytes) {
    throw new OtaError('flash.outsideFlash', { name: '', offset, lengthBytes, flashSizeBytes });
  }
  const meter = new ByteMeter('erasing', lengthBytes, options.onProgress, () => link.clock.now());
  meter.tell();
  for (let at = 0; at < lengthBytes; at += PIECE_BYTES) {
    const piece = Math.min(PIECE_BYTES, lengthBytes - at);
    options.onTouch?.(offset + at, piece);
    await eraseRegion(link, offset + at, piece, signal);
    meter.add(piece);
  }
}
