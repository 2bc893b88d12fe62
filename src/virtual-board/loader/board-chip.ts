import { systemClock, type Clock } from '../../base/clock.ts';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter, type Event } from '../../base/emitter.ts';
import type { ModemLines } from '../../serial/serial-transport.ts';
import { findChip } from '../chip-profile.ts';
import { downloadText, normalText, type RomReset } from './boot-text.ts';
import { loaderChip, type LoaderChip } from './loader-chips.ts';
import type { Leaving, LoaderContext } from './loader-context.ts';
import type { LoaderKnobs } from './loader-knobs.ts';
import { LoaderSession } from './loader-session.ts';
import { RegisterFile } from './register-file.ts';
import { classicPins, usbSerialJtagAction } from './reset-circuit.ts';
import { ROM_BAUD, type SerialBoardOptions } from './serial-board-options.ts';
import type { SecurityFuses } from './security-info.ts';
import { TimedFlash } from './timed-flash.ts';

/** `held`: in reset. `hung`: jumped to where there is no program. */
export type BoardMode = 'off' | 'held' | 'rom' | 'stub' | 'firmware' | 'hung';

const DEFAULT_EN_RISE_MS = 5;
const RELEASED: ModemLines = { dtr: false, rts: false };

/** The chip behind the line, with its pins: what a reset makes of it, and which of its programs hears the bytes. */
export class BoardChip implements Disposable {
  readonly chip: LoaderChip;
  readonly isUsbSerialJtag: boolean;
  readonly #options: SerialBoardOptions;
  readonly #clock: Clock;
  readonly #crystalMhz: number;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #hostBaud: () => number;
  readonly #flash: TimedFlash;
  readonly #modes = new Emitter<BoardMode>();
  readonly #owned = new DisposableStore();
  #fuses: SecurityFuses = {};
  #registers: RegisterFile;
  #mode: BoardMode = 'off';
  #session: LoaderSession | undefined;
  #rising: Disposable | undefined;
  #watchdog: Disposable | undefined;
  #lines: ModemLines = RELEASED;
  #baud = ROM_BAUD;
  #isMeasuringBaud = false;
  #isBootPressed = false;
  #hasDownloadFlag = false;
  #isStrappedForDownload = false;
  knobs: LoaderKnobs = {};

  /** `send` takes what the chip transmits at its own rate, `hostBaud` is what the ROM measures.
   * @throws {OtaError} `board.badSetup` */
  constructor(options: SerialBoardOptions, send: (bytes: Uint8Array) => void, hostBaud: () => number) {
    this.#options = options;
    this.#send = send;
    this.#hostBaud = hostBaud;
    this.chip = loaderChip(options.chip);
    this.isUsbSerialJtag = options.reset === 'usbSerialJtag';
    this.#clock = options.clock ?? systemClock;
    this.#crystalMhz = options.crystalMhz ?? this.chip.crystalMhz;
    this.#flash = new TimedFlash(options.flash, options.times ?? {}, this.#clock, () => this.knobs);
    this.#registers = this.#newRegisters();
    const { firmware } = options;
    if (firmware !== undefined) {
      this.#owned.add(
        firmware.onConsole((bytes) => {
          if (this.#mode === 'firmware') this.#send(bytes);
        }),
      );
    }
  }

  get mode(): BoardMode {
    return this.#mode;
  }

  get onMode(): Event<BoardMode> {
    return this.#modes.event;
  }

  /** In force at the chip's end, in bits per second. */
  get baud(): number {
    return this.#isMeasuringBaud ? this.#hostBaud() : this.#baud;
  }

  /** What it transmits at, which the ROM does not measure. */
  get transmitBaud(): number {
    return this.#baud;
  }

  powerOn(): void {
    this.#setMode('held');
    this.#start('powerOn');
  }

  powerOff(): void {
    this.#stop();
    this.#lines = RELEASED;
    this.#hasDownloadFlag = false;
    this.#setMode('off');
  }

  /** The button at IO0. */
  holdBoot(isPressed: boolean): void {
    this.#isBootPressed = isPressed;
  }

  /** The button at EN, pressed and let go. */
  pressReset(): void {
    if (this.#mode === 'off') return;
    this.#stop();
    this.#setMode('held');
    this.#start('powerOn');
  }

  /** DTR and RTS as they are from now on. */
  moveLines(lines: ModemLines): void {
    this.#lines = lines;
    if (this.#mode === 'off') return;
    if (this.isUsbSerialJtag) {
      this.#moveUsbLines(lines);
      return;
    }
    if (!classicPins(lines).en) {
      this.#rising?.dispose();
      this.#rising = undefined;
      if (this.#mode === 'held') return;
      this.#stop();
      this.#setMode('held');
    } else if (this.#mode === 'held' && this.#rising === undefined) {
      this.#rising = this.#clock.after(this.#options.enRiseMs ?? DEFAULT_EN_RISE_MS, () => {
        this.#rising = undefined;
        this.#start('powerOn');
      });
    }
  }

  /** Bytes as the chip's receiver made them out. */
  receive(bytes: Uint8Array): void {
    if (this.#mode === 'firmware') this.#options.firmware?.receiveConsole(bytes);
    else this.#session?.receive(bytes);
  }

  dispose(): void {
    this.powerOff();
    this.#owned.dispose();
    this.#modes.dispose();
  }

  #moveUsbLines(lines: ModemLines): void {
    const action = usbSerialJtagAction(lines);
    if (action === 'setDownloadFlag') this.#hasDownloadFlag = true;
    if (action === 'clearDownloadFlag') this.#hasDownloadFlag = false;
    if (action !== 'reset') return;
    this.#stop();
    this.#setMode('held');
    // a core reset: the pins are not sampled again
    this.#run('usb', this.#hasDownloadFlag || this.#isStrappedForDownload);
  }

  #newRegisters(): RegisterFile {
    return new RegisterFile({
      chip: this.chip,
      mac: this.#options.mac ?? '24:0a:c4:00:00:01',
      revision: this.#options.revision ?? findChip(this.chip.target)?.usualRevision ?? 0,
      crystalMhz: this.#crystalMhz,
      flashSizeBytes: this.#options.flash.sizeBytes,
      isUsbSerialJtag: this.isUsbSerialJtag,
      fuses: this.#fuses,
      baud: () => this.baud,
      onWatchdog: (afterMs) => {
        this.#watchdog?.dispose();
        this.#watchdog = this.#clock.after(afterMs, () => {
          this.#stop();
          this.#setMode('held');
          this.#start('watchdog');
        });
      },
    });
  }

  /** Everything that ran ends. */
  #stop(): void {
    this.#rising?.dispose();
    this.#rising = undefined;
    this.#watchdog?.dispose();
    this.#watchdog = undefined;
    this.#session?.dispose();
    this.#session = undefined;
    if (this.#mode === 'firmware') this.#options.firmware?.halt();
  }

  /** Out of a reset that samples the pins. */
  #start(reset: RomReset): void {
    const isIo0Low = this.#isBootPressed || (!this.isUsbSerialJtag && !classicPins(this.#lines).io0);
    this.#isStrappedForDownload = isIo0Low;
    this.#run(reset, isIo0Low);
  }

  #run(reset: RomReset, isDownload: boolean): void {
    this.#baud = ROM_BAUD;
    const { isSecureDownload, flashCryptCount, secureBoot } = this.knobs;
    this.#fuses = { isSecureDownload, flashCryptCount, secureBoot };
    this.#registers = this.#newRegisters();
    if (!isDownload) {
      this.#runFirmware(reset);
      return;
    }
    this.#isMeasuringBaud = true;
    this.#session = new LoaderSession(this.#context());
    this.#setMode('rom');
    this.#send(new TextEncoder().encode(downloadText(this.chip, reset)));
  }

  #runFirmware(reset: RomReset | undefined): void {
    const { firmware, consoleBaud = ROM_BAUD } = this.#options;
    this.#isMeasuringBaud = false;
    this.#setMode('firmware');
    if (firmware === undefined && reset !== undefined) {
      this.#send(new TextEncoder().encode(normalText(this.chip, reset)));
    }
    this.#baud = consoleBaud;
    firmware?.boot();
  }

  #context(): LoaderContext {
    return {
      chip: this.chip,
      clock: this.#clock,
      times: this.#options.times ?? {},
      registers: this.#registers,
      flash: this.#flash,
      crystalMhz: this.#crystalMhz,
      fuses: this.#fuses,
      knobs: () => this.knobs,
      transmit: (bytes) => {
        this.#send(bytes);
      },
      setBaud: (baud) => {
        this.#isMeasuringBaud = false;
        this.#baud = Math.max(1, baud);
      },
      keepHostBaud: () => {
        this.#baud = this.baud;
        this.#isMeasuringBaud = false;
      },
      enteredStub: () => {
        this.#setMode('stub');
      },
      leave: (how) => {
        this.#leave(how);
      },
    };
  }

  #leave(how: Leaving): void {
    this.#stop();
    switch (how) {
      case 'hang':
        this.#setMode('hung');
        return;
      case 'runFirmware':
        this.#runFirmware(undefined);
        return;
      case 'restart':
        this.#setMode('held');
        this.#run('watchdog', this.#isStrappedForDownload || this.#hasDownloadFlag);
        return;
      case 'powerCut':
        this.#setMode('held');
        this.#start('powerOn');
    }
  }

  #setMode(mode: BoardMode): void {
    if (this.#mode === mode) return;
    this.#mode = mode;
    this.#modes.fire(mode);
  }
}
