import { withDeadline } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import type { Event } from '../base/emitter.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import { stageOf } from '../monitor/stages.ts';
import type {} from './errors.ts';
import type { Begun } from './follow-update.ts';
import { requestUpdate, type UpdateRequest } from './http-trigger.ts';
import { rehearsalBoard, type VirtualDevice } from './virtual-device.ts';

/** How a board is brought to ask for an update. */
export type TriggerKind = 'wait' | 'reset' | 'sendUrl' | 'http' | 'virtual';

/** Makes one board ask. Aborting the signal leaves nothing behind that still acts.
 * @param url of the release
 * @param onAddress hears the board's address, from triggers that reach it over the network
 * @throws {OtaError} `cancelled` and those of its kind */
export type Trigger = (url: string, signal: AbortSignal, onAddress?: (address: string) => void) => Promise<Begun>;

/** Id of a board that is not known before it asks. */
export const ANY_BOARD = 'any';

/** The board looks for updates by itself: every hour, at a button, over the air. */
export const waitForBoard: Trigger = () => Promise.resolve({ kind: 'waiting' });

/** Firmware that looks for an update after each start, as ESP-IDF's examples do.
 * @param reset of the board over its serial port */
export function resetBoard(reset: (signal: AbortSignal) => Promise<void>): Trigger {
  return async (_url, signal) => {
    await reset(signal);
    return { kind: 'asked', text: 'reset over the serial port', says: { id: 'reset' } };
  };
}

export interface ConsoleOfBoard {
  readonly onLine: Event<string>;
  write(text: string): Promise<void> | void;
  /** Left out: the board is not reset, so it has to be waiting for a line already. */
  readonly reset?: (signal: AbortSignal) => Promise<void>;
}

/** How long firmware may take from its reset to the line behind which it reads the URL: Wi-Fi comes first. */
const PROMPT_MS = 60_000;

/** Firmware whose URL is `FROM_STDIN`: it prints that its update starts, and reads one line from the console.
 * @throws {OtaError} `trigger.noPrompt` when that line never comes
 * @see ESP-IDF v5.5 `examples/system/ota/simple_ota_example/main/simple_ota_example.c` */
export function sendUrl(console: ConsoleOfBoard, clock: Clock = systemClock): Trigger {
  return async (url, signal) => {
    const { reset } = console;
    if (reset !== undefined) {
      const prompt = linePrinted(console.onLine, (line) => stageOf(line)?.stage === 'otaStarted');
      try {
        await reset(signal);
        await withDeadline(prompt.seen, PROMPT_MS, 'prompt', signal, clock).catch((error: unknown) => {
          throw isOtaError(error, 'timeout') ? new OtaError('trigger.noPrompt', { afterMs: PROMPT_MS }) : error;
        });
      } finally {
        prompt.dispose();
      }
    }
    await console.write(`${url}\r\n`);
    return { kind: 'asked', text: `${url} typed into the console`, says: { id: 'typed', url } };
  };
}

function linePrinted(
  onLine: Event<string>,
  isIt: (line: string) => boolean,
): { readonly seen: Promise<void>; dispose(): void } {
  let see: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => {
    see = resolve;
  });
  const subscription = onLine((line) => {
    if (isIt(line)) see();
  });
  return {
    seen,
    dispose: () => {
      subscription.dispose();
    },
  };
}

/** Firmware with an HTTP server of its own that starts an update.
 * @throws {OtaError} those of `requestUpdate` */
export function httpRequest(request: Omit<UpdateRequest, 'url' | 'onAddress'>): Trigger {
  return async (url, signal, onAddress) => ({
    kind: 'asked',
    ...(await requestUpdate({ ...request, url, ...(onAddress === undefined ? {} : { onAddress }) }, signal)),
  });
}

/** The virtual board: reset, and it looks for an update this once. It says itself when it has settled. */
export function virtualTrigger(device: VirtualDevice): Trigger {
  const board = rehearsalBoard(device);
  return async (url, signal) => {
    await board.update(signal, url);
    return { kind: 'settled' };
  };
}
