import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { CommandLink } from './command-link.ts';
import { OP, REQUEST_DAMAGED, replyData, requestFrame, statusMeaning, words, type Reply } from './packets.ts';

/** Of a command that only takes as long as its way there and back. */
export const QUICK_MS = 1000;
/** The stub begins to erase and does not wait for it. */
const BEGIN_MS = 1500;
/** For whatever takes the chip a while anyway. */
const SLOW_MS = 3000;
const ERASE_MS_PER_MIB = 30_000;
const CHIP_ERASE_MS = 120_000;
const MD5_MS_PER_MIB = 8000;
const MIB = 1024 * 1024;
const ATTEMPTS = 3;

export function perMib(msPerMib: number, lengthBytes: number): number {
  return SLOW_MS + (msPerMib * lengthBytes) / MIB;
}

/** Whether a command may simply be sent again after this. */
export function isDamage(error: unknown): boolean {
  return isOtaError(error, 'flash.commandFailed') && REQUEST_DAMAGED.has(statusMeaning(error.details.code));
}

/** A frame that came too short may have been cut in two by a delimiter that was none, after which the chip hears nothing until the next one. */
export async function getInStep(link: CommandLink, error: unknown, signal: AbortSignal | undefined): Promise<void> {
  const isCut = isOtaError(error, 'flash.commandFailed') && statusMeaning(error.details.code) === 'badLength';
  if (isCut || isOtaError(error, 'flash.commandTimeout')) await link.recover(signal);
}

/** Sends a command that may be sent twice, and does so when it or its answer was lost or damaged.
 * @throws {OtaError} `flash.*`, `serial.*`, `cancelled` */
export async function repeatable<T>(
  link: CommandLink,
  work: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const isLost = isOtaError(error, 'flash.commandTimeout');
      if (attempt >= ATTEMPTS || !(isLost || isDamage(error))) throw error;
      await getInStep(link, error, signal);
    }
  }
}

async function simple(
  link: CommandLink,
  op: number,
  data: Uint8Array,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  dataBytes = 0,
): Promise<{ reply: Reply; data: Uint8Array }> {
  const reply = await link.request(op, data, { timeoutMs, signal });
  return { reply, data: replyData(op, reply, dataBytes) };
}

/** MD5 of a piece of flash, as lower-case hexadecimal. The stub answers with its 16 bytes, the ROM with 32 digits (esptool-js 0.7 defect: the digits
 * are made into hexadecimal again, so that nothing verifies without the stub). */
export function flashMd5(
  link: CommandLink,
  offset: number,
  lengthBytes: number,
  signal?: AbortSignal,
): Promise<string> {
  const isStub = link.isStub;
  const timeoutMs = perMib(MD5_MS_PER_MIB, lengthBytes);
  return repeatable(
    link,
    async () => {
      const request = words(offset, lengthBytes, 0, 0);
      const { data } = await simple(link, OP.SPI_FLASH_MD5, request, timeoutMs, signal, isStub ? 16 : 32);
      return isStub ? Buffer.from(data).toString('hex') : Buffer.from(data).toString('latin1').toLowerCase();
    },
    signal,
  );
}

/** All of the flash chip. @throws {OtaError} `flash.needsStub` */
export async function eraseFlash(link: CommandLink, signal?: AbortSignal): Promise<void> {
  if (!link.isStub) throw new OtaError('flash.needsStub', { what: 'erase' });
  await repeatable(link, () => simple(link, OP.ERASE_FLASH, words(), CHIP_ERASE_MS, signal), signal);
}

/** Offset and length in bytes, multiples of 4096. @throws {OtaError} `flash.needsStub` */
export async function eraseRegion(
  link: CommandLink,
  offset: number,
  lengthBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  if (!link.isStub) throw new OtaError('flash.needsStub', { what: 'erase' });
  const timeoutMs = perMib(ERASE_MS_PER_MIB, lengthBytes);
  await repeatable(link, () => simple(link, OP.ERASE_REGION, words(offset, lengthBytes), timeoutMs, signal), signal);
}

/** Connects the ROM's flash functions to the usual pins. The stub does it by itself. */
export async function attachFlash(link: CommandLink, signal?: AbortSignal): Promise<void> {
  const data = link.isStub ? words(0) : words(0, 0);
  await repeatable(link, () => simple(link, OP.SPI_ATTACH, data, SLOW_MS, signal), signal);
}

/** Tells the ROM how large the flash is; it believes in 2 MB until then. The stub finds out by itself. */
export async function setFlashSize(link: CommandLink, sizeBytes: number, signal?: AbortSignal): Promise<void> {
  const data = words(0, sizeBytes, 64 * 1024, 4096, 256, 0xffff);
  await repeatable(link, () => simple(link, OP.SPI_SET_PARAMS, data, QUICK_MS, signal), signal);
}

/** The chip changes its rate once it has answered; ours is for the caller to change. */
export async function changeBaud(link: CommandLink, baud: number, signal?: AbortSignal): Promise<void> {
  const data = words(baud, link.isStub ? link.transport.baud : 0);
  await simple(link, OP.CHANGE_BAUDRATE, data, QUICK_MS, signal);
}

/** Begins to write. `isCompressed` chooses the command; the stub erases as it goes, the ROM all of it before it answers. */
export async function beginWriting(
  link: CommandLink,
  run: {
    readonly offset: number;
    readonly lengthBytes: number;
    readonly blocks: number;
    readonly blockBytes: number;
    readonly isCompressed: boolean;
    readonly hasEncryptedWord: boolean;
  },
  signal?: AbortSignal,
): Promise<void> {
  const { offset, blocks, blockBytes } = run;
  const op = run.isCompressed ? OP.FLASH_DEFL_BEGIN : OP.FLASH_BEGIN;
  // the ROM takes the size in whole blocks
  const sizeBytes = link.isStub ? run.lengthBytes : Math.ceil(run.lengthBytes / blockBytes) * blockBytes;
  const needsWord = run.hasEncryptedWord && !link.isStub;
  const data = words(sizeBytes, blocks, blockBytes, offset, ...(needsWord ? [0] : []));
  const timeoutMs = link.isStub ? BEGIN_MS : perMib(ERASE_MS_PER_MIB, sizeBytes);
  await repeatable(link, () => simple(link, op, data, timeoutMs, signal), signal);
}

/** Ends a writing of the stub, which says now whether its last block was written. Never sent to the ROM: it would leave the loader. */
export async function endWriting(
  link: CommandLink,
  isCompressed: boolean,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const op = isCompressed ? OP.FLASH_DEFL_END : OP.FLASH_END;
  const reply = await link.exchange(op, requestFrame(op, words(1)), { timeoutMs: SLOW_MS + timeoutMs, signal });
  replyData(op, reply, 0);
}
