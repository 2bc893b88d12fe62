import './errors.ts';
import { throwIfCancelled } from '../base/abort.ts';
import { isOtaError, type OtaError } from '../base/ota-error.ts';
import type { SerialTransport } from '../serial/serial-transport.ts';
import { takeChip, type ChipFacts, type ChipOptions, type ChipSession } from './chip-session.ts';
import { compressAhead } from './compressed-blocks.ts';
import { eraseWholeFlash } from './erase-flash.ts';
import { flashProblems, planFlash, type FlashRequest, type PlannedFile } from './flash-plan.ts';
import { FlashLedger, type FlashRegion, type FlashState } from './flash-state.ts';
import { writeFiles, type WriteOptions, type WrittenFile } from './write-files.ts';

export interface FlashBoardOptions extends ChipOptions, WriteOptions {
  /** Start the application afterwards. Default true. Not after a failure or a cancel that leaves nothing else to do: those restart always. */
  readonly restarts?: boolean;
  /** Erase the whole flash before anything is written: nothing of what was there is left, settings and calibration among it. Default false. */
  readonly erasesFirst?: boolean;
  /** Looks at the chip once everything is written, before it is restarted. What goes wrong there is logged and no failure of the flashing. */
  readonly inspect?: (session: ChipSession, signal?: AbortSignal) => Promise<void>;
}

/** How flashing ended, and what is in flash now. The port is closed in any case. */
export interface FlashOutcome {
  /** `done`: all of it is in flash, and read back where the chip allows it (see `state`). */
  readonly end: 'done' | 'cancelled' | 'failed';
  readonly error?: OtaError;
  readonly state: FlashState;
  /** False when the board was left in its loader. */
  readonly isRestarted: boolean;
  /** Undefined when it did not come to that. */
  readonly chip?: ChipFacts;
  /** Those that were dealt with completely. */
  readonly files: readonly WrittenFile[];
  readonly durationMs: number;
}

/** Flashes a board over an open port, which is closed at the end, whatever the end is. Cancelling is an outcome, and so is a failure: the flash is in
 * a state that is told either way. Rejects only for what is a fault of ours. */
export async function flashBoard(
  transport: SerialTransport,
  request: FlashRequest,
  options: FlashBoardOptions = {},
  signal?: AbortSignal,
): Promise<FlashOutcome> {
  const now = (): number => performance.now();
  const startMs = now();
  let ledger = new FlashLedger([]);
  const found: { chip?: ChipFacts } = {};
  let files: readonly WrittenFile[] = [];
  let isRestarted = false;
  const outcome = (end: FlashOutcome['end'], error?: OtaError): FlashOutcome => ({
    end,
    ...(error === undefined ? {} : { error }),
    state: ledger.state(),
    isRestarted,
    ...found,
    files,
    durationMs: Math.round(now() - startMs),
  });
  const failed = (error: unknown): FlashOutcome => {
    if (!isOtaError(error)) throw error;
    return isOtaError(error, 'cancelled') ? outcome('cancelled') : outcome('failed', error);
  };
  const [problem] = flashProblems(request);
  if (problem !== undefined) {
    await transport.close();
    return failed(problem);
  }
  // there is about a second of connecting to use
  if (options.usesStub !== false) for (const { bytes } of request.files) compressAhead(bytes);
  const taken = await takeChip(transport, options, signal);
  if ('error' in taken) {
    ({ isRestarted } = taken.closing);
    return failed(taken.error);
  }
  const { session } = taken;
  found.chip = session.facts;
  try {
    const plan = planFlash(request, session.facts);
    const regions = new Map<PlannedFile, FlashRegion>(
      plan.files.map((file) => [file, { offset: file.offset, lengthBytes: file.bytes.length }]),
    );
    ledger = new FlashLedger([...regions.values()]);
    if (options.erasesFirst === true) {
      throwIfCancelled(signal, 'flash');
      const ends = plan.files.map(({ offset, bytes }) => offset + bytes.length);
      ledger.touch(0, session.facts.flashSizeBytes ?? Math.max(...ends));
      await eraseWholeFlash(session, options, signal);
    }
    files = await writeFiles(session, plan, ledger, regions, options, signal);
    await inspect(session, options, signal);
    ({ isRestarted } = await session.close({ restarts: options.restarts ?? true }));
    return outcome('done');
  } catch (error) {
    ({ isRestarted } = await session.close());
    return failed(error);
  }
}

async function inspect(session: ChipSession, options: FlashBoardOptions, signal?: AbortSignal): Promise<void> {
  try {
    await options.inspect?.(session, signal);
  } catch (error) {
    if (!isOtaError(error)) throw error;
    options.logger?.warn(`after flashing: ${error.message}`);
  }
}
