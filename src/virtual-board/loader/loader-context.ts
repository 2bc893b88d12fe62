import type { Clock } from '../../base/clock.ts';
import type { LoaderChip } from './loader-chips.ts';
import type { LoaderKnobs, LoaderTimes } from './loader-knobs.ts';
import type { RamUpload } from './ram-upload.ts';
import type { RegisterFile } from './register-file.ts';
import type { SecurityFuses } from './security-info.ts';
import type { TimedFlash } from './timed-flash.ts';

/** How a chip leaves download mode without being reset from outside: to the program in flash, by a reset of its own, by a jump into nothing, or
 * because its supply failed. */
export type Leaving = 'runFirmware' | 'restart' | 'hang' | 'powerCut';

/** The chip around a loader. */
export interface LoaderContext {
  readonly chip: LoaderChip;
  readonly clock: Clock;
  readonly times: LoaderTimes;
  readonly registers: RegisterFile;
  readonly flash: TimedFlash;
  readonly crystalMhz: number;
  /** As it was when the chip came out of reset: burning an eFuse later changes nothing for a ROM that runs. */
  readonly fuses: SecurityFuses;
  knobs(): LoaderKnobs;
  /** Bytes for the host. */
  transmit(bytes: Uint8Array): void;
  setBaud(baud: number): void;
  /** The ROM measured the host's rate and stays with it. */
  keepHostBaud(): void;
  enteredStub(): void;
  leave(how: Leaving): void;
}

/** What a loader needs while it works on one command. */
export interface CommandLine {
  /** Aborted by the reset that ends the session. */
  readonly signal: AbortSignal;
  readonly ram: RamUpload;
  /** Sends one answer, as late as the knob says. */
  answer(frame: Uint8Array): Promise<void>;
  /** Sends a frame that is no answer. */
  send(frame: Uint8Array): void;
  /** Gives the buffer of the command in work free and waits for the next frame. */
  nextFrame(): Promise<Uint8Array>;
  startStub(): void;
}

/** One of the two programs that obey the host. */
export interface CommandSet {
  readonly isStub: boolean;
  handle(frame: Uint8Array, line: CommandLine): Promise<void>;
}
