import './errors.ts';
import { sleep, throwIfCancelled } from '../base/abort.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import { playReset, type ResetSequence } from '../serial/reset.ts';
import type { CommandLink } from './command-link.ts';

/** What the ROM of every chip speaks after a reset. */
export const ROM_BAUD = 115_200;
const RESETS = 7;
const SYNCS_AFTER_RESET = 5;
/** Without a reset the loader is there already, or the user is about to press the buttons. */
const SYNCS_WITHOUT_RESET = 16;

/** Brings the board into its loader and finds somebody who answers there. With no sequences it has to be there already.
 * @throws {OtaError} `flash.noAnswer`, `serial.*`, `cancelled` */
export async function connectLoader(
  link: CommandLink,
  sequences: readonly ResetSequence[],
  signal?: AbortSignal,
): Promise<void> {
  const { transport, clock } = link;
  if (transport.hasBaud && transport.baud !== ROM_BAUD) await transport.setBaud(ROM_BAUD);
  link.isStub = false;
  link.roundTripMs = Number.POSITIVE_INFINITY;
  let text = '';
  const receivedBefore = link.receivedBytes;
  const attempts = sequences.length === 0 ? 1 : RESETS;
  for (let attempt = 0; attempt < attempts; attempt++) {
    throwIfCancelled(signal, 'connect');
    const sequence = sequences[attempt % sequences.length];
    if (sequence !== undefined) {
      await transport.purge('both');
      link.takeText();
      await playReset(transport, sequence, signal, clock);
    }
    const syncs = sequence === undefined ? SYNCS_WITHOUT_RESET : SYNCS_AFTER_RESET;
    for (let count = 0; count < syncs; count++) {
      // the ROM takes a spare delimiter for nothing, a stub that is out of step needs one
      const found = await link.sync(sequence === undefined && count % 2 === 1, signal);
      if (found !== undefined) {
        link.isStub = found.isStub;
        return;
      }
      text = (text + link.takeText()).slice(-4096);
      if (sequence === undefined) await sleep(20, signal, clock);
    }
  }
  throw new OtaError('flash.noAnswer', {
    address: transport.address,
    receivedBytes: link.receivedBytes - receivedBefore,
    bootMode: [...text.matchAll(/boot:(0x[0-9a-f]+)/gi)].at(-1)?.[1] ?? '',
    isWaitingForDownload: text.includes('waiting for download'),
    canReset: sequences.length > 0,
  });
}

/** Whether an error only says that the loader did not answer, or not sensibly: another attempt may help. */
export function isLineTrouble(error: unknown): boolean {
  return (
    isOtaError(error, 'flash.commandTimeout') ||
    isOtaError(error, 'flash.commandFailed') ||
    isOtaError(error, 'flash.noAnswer') ||
    isOtaError(error, 'flash.identifyFailed')
  );
}
