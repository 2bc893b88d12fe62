import type { Clock } from '../../base/clock.ts';
import { sleep } from '../../base/abort.ts';
import type { HostEnd } from './host-end.ts';

/** Who answers at the other end of an RFC 2217 connection: a server that passes every change of a control line on and acknowledges it (pyserial's), or
 * Espressif's, which understands two of them as orders for a whole reset, carries it out itself, and acknowledges none. */
export type LineServerKind = 'forwarding' | 'resetting';

const DTR_ON = 8;
const DTR_OFF = 9;
const RTS_ON = 11;
const RTS_OFF = 12;
const QUERY_DTR = 7;
const QUERY_RTS = 10;
const QUERY_FLOW = 0;
const NO_FLOW = 1;

/** SET-CONTROL on a board's lines: the value to acknowledge with, or undefined for none.
 * @see RFC 2217 section 3 */
export type ControlLines = (value: number) => number | undefined;

/** Each line is moved by itself, as it comes.
 * @see pyserial 3.5 serial/rfc2217.py, `PortManager` */
export function forwardingControl(end: HostEnd): ControlLines {
  return (value) => {
    switch (value) {
      case QUERY_FLOW:
        return NO_FLOW;
      case QUERY_DTR:
        return end.lines.dtr ? DTR_ON : DTR_OFF;
      case QUERY_RTS:
        return end.lines.rts ? RTS_ON : RTS_OFF;
      case DTR_ON:
      case DTR_OFF:
        end.setLines({ ...end.lines, dtr: value === DTR_ON });
        return value;
      case RTS_ON:
      case RTS_OFF:
        end.setLines({ ...end.lines, rts: value === RTS_ON });
        return value;
      default:
        return value;
    }
  };
}

const HOLD_MS = 100;
const RELEASE_MS = 50;

/** DTR-ON puts the board into download mode, RTS-OFF resets it, DTR-OFF ends the first; the rest of them is ignored. None is acknowledged.
 * @see esptool 5.3 esp_rfc2217_server.py, `EspPortManager` */
export function resettingControl(end: HostEnd, clock: Clock, signal: AbortSignal): ControlLines {
  let isDownloading = false;
  const steps = async (sequence: readonly (readonly [dtr: boolean, rts: boolean, waitMs: number])[]): Promise<void> => {
    for (const [dtr, rts, waitMs] of sequence) {
      end.setLines({ dtr, rts });
      if (waitMs > 0) await sleep(waitMs, signal, clock);
    }
  };
  const run = (sequence: Parameters<typeof steps>[0]): void => {
    void steps(sequence).catch(() => undefined);
  };
  return (value) => {
    if (value === DTR_ON && !isDownloading) {
      isDownloading = true;
      run([
        [false, false, 0],
        [true, true, 0],
        [false, true, HOLD_MS],
        [true, false, RELEASE_MS],
        [false, false, 0],
      ]);
    } else if (value === RTS_OFF && !isDownloading) {
      run([
        [false, true, HOLD_MS],
        [false, false, 0],
      ]);
    } else if (value === DTR_OFF) {
      isDownloading = false;
    }
    return value >= QUERY_DTR && value <= RTS_OFF ? undefined : forwardingControl(end)(value);
  };
}
