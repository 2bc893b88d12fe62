import './errors.ts';
import { systemClock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import type { Event } from '../../base/emitter.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { NorFlash } from '../nor-flash.ts';
import { BoardChip, type BoardMode } from './board-chip.ts';
import { ASSERTED, OpenEnd, type AttachOptions, type HostEnd } from './host-end.ts';
import { LineDamage } from './line-damage.ts';
import type { LoaderKnobs } from './loader-knobs.ts';
import { ROM_BAUD, type SerialBoardOptions } from './serial-board-options.ts';
import { heardAt } from './uart-sampling.ts';
import { Wire } from './wire.ts';

/** What a full-speed USB device carries, in place of a rate that means nothing there. */
const USB_BAUD = 5_000_000;

/** An ESP32 board seen from its serial port: the line, the reset circuit, the loaders of ROM and stub, and whatever firmware is attached. It begins
 * without a supply, see {@link SerialBoard.plugIn}. */
export class SerialBoard implements Disposable {
  readonly flash: NorFlash;
  readonly #chip: BoardChip;
  readonly #toBoard: Wire;
  readonly #toHost: Wire;
  readonly #damageToBoard = new LineDamage(0);
  readonly #damageToHost = new LineDamage(1);
  #host: OpenEnd | undefined;
  #bytesUntilPull: number | undefined;

  /** @throws {OtaError} `board.badSetup` */
  constructor(options: SerialBoardOptions) {
    const { flash, latencyMs = 0, isLineTimed: isTimed = false, clock = systemClock } = options;
    const latency = typeof latencyMs === 'number' ? { toBoard: latencyMs, toHost: latencyMs } : latencyMs;
    this.flash = flash;
    this.#toBoard = new Wire(clock, { isTimed, latencyMs: latency.toBoard }, (bytes, baud) => {
      this.#atBoard(bytes, baud);
    });
    this.#toHost = new Wire(clock, { isTimed, latencyMs: latency.toHost }, (bytes, baud) => {
      this.#atHost(bytes, baud);
    });
    this.#chip = new BoardChip(
      options,
      (bytes) => {
        if (this.#chip.knobs.isMute !== true) this.#toHost.send(bytes, this.#rate(this.#chip.transmitBaud));
      },
      () => this.#host?.baud ?? ROM_BAUD,
    );
    this.turnKnobs(options.knobs ?? {});
  }

  get mode(): BoardMode {
    return this.#chip.mode;
  }

  get onMode(): Event<BoardMode> {
    return this.#chip.onMode;
  }

  get isPluggedIn(): boolean {
    return this.#chip.mode !== 'off';
  }

  get isUsbSerialJtag(): boolean {
    return this.#chip.isUsbSerialJtag;
  }

  /** ESP-IDF target name. */
  get target(): string {
    return this.#chip.chip.target;
  }

  /** In force at the board's end, in bits per second. */
  get baud(): number {
    return this.#chip.baud;
  }

  get knobs(): LoaderKnobs {
    return this.#chip.knobs;
  }

  /** Replaces all knobs; noise and counters begin anew. */
  turnKnobs(knobs: LoaderKnobs): void {
    this.#chip.knobs = knobs;
    this.#damageToBoard.turn(knobs);
    this.#damageToHost.turn(knobs);
    this.#bytesUntilPull = knobs.pullCableAfterBytes;
  }

  /** Supply and line are there; the chip starts. */
  plugIn(): void {
    if (!this.isPluggedIn) this.#chip.powerOn();
  }

  /** No supply, no line: an open port is gone. What was being written to the flash is left as it is. */
  unplug(): void {
    if (!this.isPluggedIn) return;
    this.#chip.powerOff();
    this.#toBoard.purge();
    this.#toHost.purge();
    this.#host?.gone();
    this.#host = undefined;
  }

  /** The button at IO0, held or let go. */
  holdBoot(isPressed: boolean): void {
    this.#chip.holdBoot(isPressed);
  }

  /** The button at EN, pressed and let go. */
  pressReset(): void {
    this.#chip.pressReset();
  }

  /** Takes the computer's end of the line.
   * @throws {OtaError} `board.lineBusy` while somebody has it, `board.notPluggedIn` */
  attach(options: AttachOptions = {}): HostEnd {
    if (!this.isPluggedIn) throw new OtaError('board.notPluggedIn', { chip: this.target });
    if (this.#host !== undefined) throw new OtaError('board.lineBusy', { chip: this.target });
    const { baud = ROM_BAUD, lines = ASSERTED } = options;
    const end = new OpenEnd(baud, lines, {
      send: (bytes, atBaud) => {
        this.#toBoard.send(bytes, this.#rate(atBaud));
      },
      whenSent: (atMostBytes) => this.#toBoard.whenQueued(atMostBytes),
      purge: () => {
        this.#toBoard.purge();
      },
      moveLines: (moved) => {
        this.#chip.moveLines(moved);
      },
      closed: () => {
        this.#host = undefined;
      },
    });
    this.#host = end;
    this.#chip.moveLines(lines);
    return end;
  }

  dispose(): void {
    this.unplug();
    this.#chip.dispose();
  }

  #rate(baud: number): number {
    return this.isUsbSerialJtag ? USB_BAUD : baud;
  }

  #atBoard(sent: Uint8Array, sentBaud: number): void {
    const left = this.#bytesUntilPull;
    const bytes = left !== undefined && left < sent.length ? sent.subarray(0, left) : sent;
    const damaged = this.#damageToBoard.pass(bytes);
    this.#chip.receive(heardAt(damaged, sentBaud, this.#rate(this.#chip.baud)));
    if (left === undefined) return;
    this.#bytesUntilPull = left - bytes.length;
    if (this.#bytesUntilPull > 0) return;
    this.#bytesUntilPull = undefined;
    this.unplug();
  }

  #atHost(sent: Uint8Array, sentBaud: number): void {
    const host = this.#host;
    if (host === undefined) return;
    host.receive(heardAt(this.#damageToHost.pass(sent), sentBaud, this.#rate(host.baud)));
  }
}
