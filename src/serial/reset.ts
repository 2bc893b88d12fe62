import { sleep, throwIfCancelled } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { OtaError } from '../base/ota-error.ts';
import type { ModemLines, SerialTransport } from './serial-transport.ts';
import { knownUsb } from './usb-identities.ts';

/** One step: the lines as they are to be (one that is left out stays), or a wait. */
export type ResetStep = Partial<ModemLines> | { readonly waitMs: number };
export type ResetSequence = readonly ResetStep[];

/** How a reset is made. `auto` chooses by USB identity and transport. */
export type ResetChoice = 'auto' | 'classic' | 'usbSerialJtag' | 'none';

const at = (dtr: boolean, rts: boolean): ModemLines => ({ dtr, rts });
const wait = (waitMs: number): { waitMs: number } => ({ waitMs });
const [D, R] = [true, true];

/** Into the loader through the two-transistor circuit: EN low (RTS), then IO0 low (DTR) while EN rises.
 * @param holdMs how long IO0 stays low; a board with a large capacitor on EN needs 550.
 * @see esptool v5 `reset.py`, `ClassicReset` */
export function classicReset(holdMs: number): ResetSequence {
  return [at(!D, R), wait(100), at(D, !R), wait(holdMs), at(!D, !R)];
}

/** The same without a moment in which EN and IO0 are both high, for systems that change both lines in one call.
 * @see esptool v5 `reset.py`, `UnixTightReset` */
export function tightReset(holdMs: number): ResetSequence {
  return [at(!D, !R), at(D, R), at(!D, R), wait(100), at(D, !R), wait(holdMs), at(!D, !R)];
}

/** Into the loader of a chip that is its own USB device. Through (1,1), as (0,0) would start the application; RTS is given twice because
 * Windows only sends lines when RTS is set.
 * @see esptool v5 `reset.py`, `USBJTAGSerialReset` */
export const USB_SERIAL_JTAG_RESET: ResetSequence = [
  at(!D, !R),
  wait(100),
  at(D, !R),
  wait(100),
  at(D, R),
  at(!D, R),
  at(!D, R),
  wait(100),
  at(!D, !R),
];

/** Starts the application. DTR goes first: RTS alone, with DTR asserted, would end in the loader.
 * @see esptool v5 `reset.py`, `HardReset` */
export const HARD_RESET: ResetSequence = [{ dtr: !D }, { rts: R }, wait(100), { rts: !R }];

/** The same for a chip that is its own USB device: it needs longer, and time to come back. */
export const USB_HARD_RESET: ResetSequence = [{ dtr: !D }, { rts: R }, wait(200), { rts: !R }, wait(200)];

/** Times over a network: a server that runs the whole reset itself (`esp_rfc2217_server`) is not finished before 150 ms, and one that passes
 * the lines on gets them as far apart as the network likes. */
const REMOTE_HOLD_MS = [250, 550] as const;

/** What a choice needs to know of the port. */
export type ResetTarget = Pick<SerialTransport, 'kind' | 'usb' | 'hasModemLines'>;

/** The sequences into the loader worth trying, in order; start again from the first when all failed. Empty when the board can't be reset
 * from here: it has to be in the loader already. */
export function loaderResets(
  target: ResetTarget,
  choice: ResetChoice = 'auto',
  platform: NodeJS.Platform = process.platform,
): readonly ResetSequence[] {
  const kind = resetKind(target, choice);
  if (kind === 'none') return [];
  if (kind === 'usbSerialJtag') return [USB_SERIAL_JTAG_RESET, USB_SERIAL_JTAG_RESET];
  const remote = REMOTE_HOLD_MS.map((holdMs) => classicReset(holdMs));
  if (target.kind === 'rfc2217') return remote;
  const classic = [classicReset(50), classicReset(550)];
  if (kind === 'classicKeepDtr') return classic.map((sequence) => sequence.slice(0, -1));
  const local = platform === 'win32' ? classic : [tightReset(50), tightReset(550), ...classic];
  // nothing known of the port: it may be a chip of its own that the system does not name
  return target.usb === undefined && target.kind === 'usb' && choice === 'auto'
    ? [...local, USB_SERIAL_JTAG_RESET]
    : local;
}

/** The sequence that starts the application, or undefined when the board can't be reset from here. */
export function applicationReset(target: ResetTarget, choice: ResetChoice = 'auto'): ResetSequence | undefined {
  const kind = resetKind(target, choice);
  if (kind === 'none') return undefined;
  return kind === 'usbSerialJtag' ? USB_HARD_RESET : HARD_RESET;
}

function resetKind(target: ResetTarget, choice: ResetChoice): 'classic' | 'classicKeepDtr' | 'usbSerialJtag' | 'none' {
  if (!target.hasModemLines || choice === 'none') return 'none';
  return choice === 'auto' ? (knownUsb(target.usb)?.reset ?? 'classic') : choice;
}

/** Plays a sequence. Both lines are given at every step. Whatever goes wrong, the lines are let go, so that the board is not held in reset.
 * @throws {OtaError} `serial.noModemLines`, `serial.gone`, `serial.closed`, `cancelled` */
export async function playReset(
  transport: SerialTransport,
  sequence: ResetSequence,
  signal?: AbortSignal,
  clock: Clock = systemClock,
): Promise<void> {
  if (!transport.hasModemLines) throw new OtaError('serial.noModemLines', { address: transport.address });
  throwIfCancelled(signal, 'reset');
  try {
    for (const step of sequence) {
      if ('waitMs' in step) await sleep(step.waitMs, signal, clock);
      else await transport.setLines({ ...transport.lines, ...step });
      throwIfCancelled(signal, 'reset');
    }
  } catch (error) {
    if (transport.isOpen) await transport.setLines({ dtr: false, rts: false }).catch(() => undefined);
    throw error;
  }
}
