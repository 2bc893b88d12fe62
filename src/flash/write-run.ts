import './errors.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { Run } from './changed-runs.ts';
import type { ChipSession } from './chip-session.ts';
import { beginWriting, endWriting, getInStep, isDamage, perMib } from './commands.ts';
import { compressRun, type Block, type CompressedRun } from './compressed-blocks.ts';
import {
  dataFrame,
  FLASH_REFUSED,
  OP,
  replyData,
  REQUEST_DAMAGED,
  statusMeaning,
  type StatusMeaning,
} from './packets.ts';

/** Erasing and programming of worn flash.
 * @see esptool v5.3 `esptool/loader.py`, `ERASE_WRITE_TIMEOUT_PER_MB` */
const WRITE_MS_PER_MIB = 40_000;
/** The stub erases up to so much ahead, in the time of the block before (esptool-js 0.7 defect: not counted). */
const ERASE_AHEAD_BYTES = 64 * 1024;
/** The stub writes when its window is full, so what was unpacked beyond a multiple of it may not be in flash.
 * @see esp-flasher-stub v1.1 src/command_handler.c */
const WINDOW_BYTES = 32 * 1024;
/** Sending a block again that arrives damaged, which costs no time. */
const BLOCK_ATTEMPTS = 8;
/** Beginning anew without getting any further. */
const PASS_ATTEMPTS = 4;

export interface RunToWrite {
  readonly name: string;
  /** In flash. */
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly compressed: CompressedRun | undefined;
}

export interface WriteWatch {
  /** Bytes of this run may change from now on; offset in flash. */
  readonly onTouch: (offset: number, lengthBytes: number) => void;
  /** How far the run is, in bytes of the image. */
  readonly onBytes: (doneBytes: number) => void;
}

/** Whether the chip takes compressed blocks: the ROM does not in secure download mode. */
export function canCompress({ facts }: ChipSession): boolean {
  return facts.isStub || !facts.isSecureDownload;
}

/** Compresses a run of an image for a chip. */
export async function prepareRun(
  session: ChipSession,
  name: string,
  offset: number,
  image: Uint8Array,
  { from, end }: Run,
): Promise<RunToWrite> {
  // the image itself when it is all of it, which may be compressed already
  const bytes = from === 0 && end === image.length ? image : image.subarray(from, end);
  const compressed = canCompress(session) ? await compressRun(bytes, session.blockBytes) : undefined;
  return { name, offset: offset + from, bytes, compressed };
}

/** Writes a run, in blocks that the chip acknowledges one by one. While one is acknowledged the next is encoded; it is not sent before, since the stub
 * has room for no more. A damaged block is sent again; after anything doubtful the run goes on from where it surely is in flash.
 * @throws {OtaError} `flash.notProgrammed`, `flash.lineTooNoisy`, `flash.command*`, `serial.*`, `cancelled` */
export async function writeRun(
  session: ChipSession,
  run: RunToWrite,
  watch: WriteWatch,
  signal?: AbortSignal,
): Promise<void> {
  const { link } = session;
  let startedAt = 0;
  let failures = 0;
  let furthest = -1;
  let refusedAt = -1;
  for (;;) {
    const rest = run.bytes.subarray(startedAt);
    const blocks =
      run.compressed === undefined
        ? plainBlocks(rest, session.blockBytes)
        : (startedAt === 0 ? run.compressed : await compressRun(rest, session.blockBytes)).blocks;
    const pass: Pass = { run, startedAt, blocks, safeBytes: 0 };
    try {
      await writePass(session, pass, watch, signal);
      return;
    } catch (error) {
      // a refusal may be an answer that was damaged: it counts when it comes twice
      const isRefusal = isOtaError(error, 'flash.notProgrammed');
      if (!isRefusal && !isDoubtful(error)) throw error;
      if (isRefusal && error.details.offset === refusedAt) throw error;
      refusedAt = isRefusal ? error.details.offset : refusedAt;
      startedAt += Math.floor(pass.safeBytes / WINDOW_BYTES) * WINDOW_BYTES;
      failures = startedAt > furthest ? 1 : failures + 1;
      furthest = Math.max(furthest, startedAt);
      if (failures >= PASS_ATTEMPTS) {
        const baud = session.facts.baud;
        throw new OtaError('flash.lineTooNoisy', { baud, attempts: failures }, { cause: error });
      }
      await link.recover(signal);
      watch.onBytes(startedAt);
    }
  }
}

/** One BEGIN, its blocks, one END. */
interface Pass {
  readonly run: RunToWrite;
  readonly startedAt: number;
  readonly blocks: readonly Block[];
  /** Of this pass: what the chip surely worked off without an error. */
  safeBytes: number;
}

/** What the chip says when a stream, or an answer, got out of step. */
const OUT_OF_STEP: ReadonlySet<StatusMeaning> = new Set<StatusMeaning>([
  ...REQUEST_DAMAGED,
  'badDeflate',
  'notEnoughData',
  'tooMuchData',
  'notWriting',
  'unknown',
]);

/** Nobody knows whether the chip did it, or the answer may have been damaged. */
function isDoubtful(error: unknown): boolean {
  if (isOtaError(error, 'flash.commandTimeout')) return true;
  return isOtaError(error, 'flash.commandFailed') && OUT_OF_STEP.has(statusMeaning(error.details.code));
}

async function writePass(
  session: ChipSession,
  pass: Pass,
  watch: WriteWatch,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { link, blockBytes } = session;
  const { run, startedAt, blocks } = pass;
  const { isStub } = link;
  const isCompressed = run.compressed !== undefined;
  const op = isCompressed ? OP.FLASH_DEFL_DATA : OP.FLASH_DATA;
  const at = run.offset + startedAt;
  const lengthBytes = run.bytes.length - startedAt;
  // the ROM erases all of it at once, the stub ahead of the writing, as far as the flash lets it
  watch.onTouch(at, lengthBytes);
  const begin = { offset: at, lengthBytes, blocks: blocks.length, blockBytes, isCompressed };
  await refusal(run, 0, () =>
    beginWriting(link, { ...begin, hasEncryptedWord: session.facts.target !== 'esp32' }, signal),
  );
  let previousBytes = 0;
  let from = 0;
  let frame = dataFrame(op, 0, blocks[0]?.bytes ?? new Uint8Array(0));
  for (const [index, { unpackedEnd }] of blocks.entries()) {
    const ownBytes = unpackedEnd - from;
    // the stub acknowledges a block before it writes it, and takes the next one only after that; the ROM acknowledges afterwards
    const timeoutMs = perMib(WRITE_MS_PER_MIB, (isStub ? previousBytes : ownBytes) + ERASE_AHEAD_BYTES);
    const sent = refusal(run, startedAt + from - previousBytes, () => sendBlock(session, op, frame, timeoutMs, signal));
    const next = blocks[index + 1];
    const following = next === undefined ? undefined : dataFrame(op, index + 1, next.bytes);
    await sent;
    if (following !== undefined) frame = following;
    // an acknowledgement says that the block before was written, and this one arrived
    pass.safeBytes = isStub ? from : unpackedEnd;
    previousBytes = ownBytes;
    from = unpackedEnd;
    watch.onBytes(startedAt + from);
  }
  if (isStub) {
    const timeoutMs = perMib(WRITE_MS_PER_MIB, previousBytes + ERASE_AHEAD_BYTES);
    await refusal(run, startedAt + from - previousBytes, () => endWriting(link, isCompressed, timeoutMs, signal));
  }
}

/** Sends a block until it arrives whole. */
async function sendBlock(
  { link }: ChipSession,
  op: number,
  frame: Uint8Array,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      replyData(op, await link.exchange(op, frame, { timeoutMs, signal }), 0);
      return;
    } catch (error) {
      if (attempt === BLOCK_ATTEMPTS || !isDamage(error)) throw error;
      await getInStep(link, error, signal);
    }
  }
}

/** Says where it was when the flash chip refuses. */
async function refusal<T>(run: RunToWrite, writtenBytes: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isOtaError(error, 'flash.commandFailed')) {
      const { code } = error.details;
      if (FLASH_REFUSED.has(statusMeaning(code))) {
        const details = { name: run.name, offset: run.offset + writtenBytes, code };
        throw new OtaError('flash.notProgrammed', details, { cause: error });
      }
    }
    throw error;
  }
}

/** Of FLASH_DATA: whole blocks, the last one filled with 0xFF. */
function plainBlocks(bytes: Uint8Array, blockBytes: number): readonly Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const end = Math.min(bytes.length, at + blockBytes);
    const whole = new Uint8Array(blockBytes).fill(0xff);
    whole.set(bytes.subarray(at, end));
    blocks.push({ bytes: whole, unpackedEnd: end });
  }
  return blocks;
}
