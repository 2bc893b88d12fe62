import type { Clock } from '../../base/clock.ts';
import type { Event } from '../../base/emitter.ts';
import type { NorFlash } from '../nor-flash.ts';
import type { LoaderKnobs, LoaderTimes } from './loader-knobs.ts';
import type { ResetKind } from './reset-circuit.ts';

/** What runs on the chip when it is not in download mode. */
export interface BoardFirmware {
  /** Bytes the firmware prints. */
  readonly onConsole: Event<Uint8Array>;
  /** The chip came out of reset to run what is in flash. */
  boot(): void;
  /** The chip is held in reset, went into download mode or lost its supply: nothing of the firmware goes on. */
  halt(): void;
  /** Bytes typed at the console. */
  receiveConsole(bytes: Uint8Array): void;
}

export interface SerialBoardOptions {
  /** ESP-IDF target name, one of `LOADER_TARGETS`. */
  readonly chip: string;
  readonly flash: NorFlash;
  readonly firmware?: BoardFirmware | undefined;
  /** Default `24:0a:c4:00:00:01`. */
  readonly mac?: string | undefined;
  /** major * 100 + minor. Default that of a board one can buy. */
  readonly revision?: number | undefined;
  /** Default that of the usual module: 26 on the ESP32-C2, 32 on the ESP32-H2, 40 on the others. */
  readonly crystalMhz?: number | undefined;
  /** Default `classic`. */
  readonly reset?: ResetKind | undefined;
  /** Of the firmware, in bits per second. Default 115200, which is what the ROM always prints at. */
  readonly consoleBaud?: number | undefined;
  /** From the moment EN is released until IO0 is sampled, in milliseconds: the capacitor at EN. Default 5. */
  readonly enRiseMs?: number | undefined;
  /** Bytes take 10 bit times each. Default false: they are there at once. */
  readonly isLineTimed?: boolean | undefined;
  /** Of a timed line, one way, in milliseconds. Default 0. */
  readonly latencyMs?: number | { readonly toBoard: number; readonly toHost: number } | undefined;
  readonly times?: LoaderTimes | undefined;
  readonly knobs?: LoaderKnobs | undefined;
  /** Default the computer's. */
  readonly clock?: Clock | undefined;
}

export const ROM_BAUD = 115200;
