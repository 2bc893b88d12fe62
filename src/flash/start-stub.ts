import './errors.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { CommandLink } from './command-link.ts';
import { QUICK_MS } from './commands.ts';
import type { StubProgram } from './esptool.ts';
import { dataFrame, OP, replyData, requestFrame, words } from './packets.ts';

const GREETING = 'OHAI';
const GREETING_MS = 3000;
/** The ROM may jump before its answer is out. */
const JUMP_MS = 200;
const ATTEMPTS = 3;

/** Uploads the stub and starts it.
 * @throws {OtaError} `flash.stubDidNotStart`, `flash.command*` when the upload fails, `serial.*`, `cancelled` */
export async function startStub(
  link: CommandLink,
  stub: StubProgram,
  options: { readonly chip: string; readonly blockBytes: number; readonly onBytes?: (sentBytes: number) => void },
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await upload(link, stub, options.blockBytes, options.onBytes, signal);
      break;
    } catch (error) {
      const isTrouble = isOtaError(error, 'flash.commandTimeout') || isOtaError(error, 'flash.commandFailed');
      if (attempt === ATTEMPTS || !isTrouble) throw error;
      // a block that is sent twice would be in RAM twice: from the beginning
      await link.recover(signal);
    }
  }
  await jump(link, stub.entry, options.chip, signal);
  link.isStub = true;
}

async function upload(
  link: CommandLink,
  stub: StubProgram,
  blockBytes: number,
  onBytes: ((sentBytes: number) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const say = async (op: number, frame: Uint8Array): Promise<void> => {
    replyData(op, await link.exchange(op, frame, { timeoutMs: QUICK_MS, signal }), 0);
  };
  let sentBytes = 0;
  for (const { address, bytes } of stub.parts) {
    const blocks = Math.ceil(bytes.length / blockBytes);
    await say(OP.MEM_BEGIN, requestFrame(OP.MEM_BEGIN, words(bytes.length, blocks, blockBytes, address)));
    for (let sequence = 0; sequence < blocks; sequence++) {
      const block = bytes.subarray(sequence * blockBytes, (sequence + 1) * blockBytes);
      await say(OP.MEM_DATA, dataFrame(OP.MEM_DATA, sequence, block));
      sentBytes += block.length;
      onBytes?.(sentBytes);
    }
  }
}

async function jump(link: CommandLink, entry: number, chip: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await link.exchange(OP.MEM_END, requestFrame(OP.MEM_END, words(0, entry)), { timeoutMs: JUMP_MS, signal });
  } catch (error) {
    if (!isOtaError(error, 'flash.commandTimeout')) throw error;
  }
  try {
    for (;;) {
      const frame = await link.nextFrame(GREETING, GREETING_MS, signal);
      if (Buffer.from(frame).toString('latin1') === GREETING) return;
    }
  } catch (error) {
    if (!isOtaError(error, 'flash.commandTimeout')) throw error;
    // a greeting that was damaged on its way is no reason to give up
    const found = await link.sync(true, signal);
    if (found?.isStub === true) return;
    throw new OtaError('flash.stubDidNotStart', { chip, reason: 'silent' }, { cause: error });
  }
}
