import './errors.ts';
import { createHash } from 'node:crypto';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { ChipSession } from './chip-session.ts';
import { isDamage, QUICK_MS } from './commands.ts';
import { OP, replyData, requestFrame, words } from './packets.ts';
import { ByteMeter, type OnProgress } from './progress.ts';

/** The stub sends no larger ones. */
const PACKET_BYTES = 4096;
/** The stub has one under way at most, whatever it is told. */
const WINDOW = 1;
/** Of one command, and so what is read again when something goes wrong. */
const PIECE_BYTES = 64 * 1024;
const PACKET_MS = 3000;
const DIGEST_BYTES = 16;
const ATTEMPTS = 8;

/** Reads a piece of flash, digest checked (esptool-js 0.7 defects: the digest that follows the data is left unread, packets are neither checked nor
 * joined in linear time).
 * @throws {OtaError} `flash.needsStub`, `flash.outsideFlash`, `flash.readFailed`, `flash.command*`, `serial.*`, `cancelled` */
export async function readFlash(
  session: ChipSession,
  offset: number,
  lengthBytes: number,
  options: { readonly onProgress?: OnProgress } = {},
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { link, facts } = session;
  if (!link.isStub) throw new OtaError('flash.needsStub', { what: 'read' });
  const { flashSizeBytes } = facts;
  if (flashSizeBytes !== undefined && offset + lengthBytes > flashSizeBytes) {
    throw new OtaError('flash.outsideFlash', { name: '', offset, lengthBytes, flashSizeBytes });
  }
  const meter = new ByteMeter('reading', lengthBytes, options.onProgress, () => link.clock.now());
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, Math.min(lengthBytes, at + PIECE_BYTES));
    await readPiece(session, offset + at, piece, meter, at, signal);
  }
  return bytes;
}

async function readPiece(
  session: ChipSession,
  offset: number,
  piece: Uint8Array,
  meter: ByteMeter,
  doneBefore: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await readOnce(session, offset, piece, meter, signal);
      return;
    } catch (error) {
      const isTrouble =
        isOtaError(error, 'flash.commandTimeout') || isOtaError(error, 'flash.readFailed') || isDamage(error);
      if (!isTrouble || attempt === ATTEMPTS) throw error;
      meter.setDone(doneBefore);
      await session.link.recover(signal);
    }
  }
}

async function readOnce(
  { link }: ChipSession,
  offset: number,
  piece: Uint8Array,
  meter: ByteMeter,
  signal: AbortSignal | undefined,
): Promise<void> {
  const request = requestFrame(OP.READ_FLASH, words(offset, piece.length, PACKET_BYTES, WINDOW));
  replyData(OP.READ_FLASH, await link.exchange(OP.READ_FLASH, request, { timeoutMs: QUICK_MS, signal }), 0);
  const digest = createHash('md5');
  const failed = (): OtaError => new OtaError('flash.readFailed', { offset, lengthBytes: piece.length });
  for (let at = 0; at < piece.length;) {
    const packet = await link.nextFrame('READ_FLASH', PACKET_MS, signal);
    if (packet.length !== Math.min(PACKET_BYTES, piece.length - at)) throw failed();
    piece.set(packet, at);
    digest.update(packet);
    at += packet.length;
    await link.send(words(at));
    meter.add(packet.length);
  }
  const found = await link.nextFrame('READ_FLASH', PACKET_MS, signal);
  if (found.length !== DIGEST_BYTES || !digest.digest().equals(found)) throw failed();
}
