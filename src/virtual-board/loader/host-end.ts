import { Emitter, type Event } from '../../base/emitter.ts';
import type { ModemLines } from '../../serial/serial-transport.ts';

/** The computer's end of the line, as a port driver has it. */
export interface HostEnd {
  readonly isOpen: boolean;
  readonly baud: number;
  readonly lines: ModemLines;
  readonly onData: Event<Uint8Array>;
  /** The cable was pulled. Fires once; the end is closed by then. */
  readonly onGone: Event<void>;
  /** The bytes must not be changed afterwards. Nothing happens once the end is closed. */
  write(bytes: Uint8Array): void;
  /** Resolves when no more than so many bytes are still on their way to the board. Default 0. */
  whenSent(atMostBytes?: number): Promise<void>;
  setBaud(baud: number): void;
  setLines(lines: ModemLines): void;
  /** Throws away what is still on its way to the board. */
  purgeOutput(): void;
  /** Leaves the lines as given; both released in one step by default, which is what a system does when a port is closed. */
  close(lines?: ModemLines): void;
}

export interface AttachOptions {
  /** Default 115200. */
  readonly baud?: number;
  /** Default both asserted, as Linux and macOS leave them when a port is opened. */
  readonly lines?: ModemLines;
}

export const RELEASED: ModemLines = { dtr: false, rts: false };
export const ASSERTED: ModemLines = { dtr: true, rts: true };

interface BoardSide {
  send(bytes: Uint8Array, baud: number): void;
  whenSent(atMostBytes: number): Promise<void>;
  purge(): void;
  moveLines(lines: ModemLines): void;
  closed(): void;
}

/** A {@link HostEnd} with its other side. */
export class OpenEnd implements HostEnd {
  readonly #side: BoardSide;
  readonly #data = new Emitter<Uint8Array>();
  readonly #gone = new Emitter<undefined>();
  #isOpen = true;
  #baud: number;
  #lines: ModemLines;

  constructor(baud: number, lines: ModemLines, side: BoardSide) {
    this.#baud = baud;
    this.#lines = lines;
    this.#side = side;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get baud(): number {
    return this.#baud;
  }

  get lines(): ModemLines {
    return this.#lines;
  }

  get onData(): Event<Uint8Array> {
    return this.#data.event;
  }

  readonly onGone: Event<void> = (hear) => this.#gone.event(hear);

  write(bytes: Uint8Array): void {
    if (this.#isOpen && bytes.length > 0) this.#side.send(bytes, this.#baud);
  }

  whenSent(atMostBytes = 0): Promise<void> {
    return this.#side.whenSent(atMostBytes);
  }

  setBaud(baud: number): void {
    this.#baud = baud;
  }

  setLines(lines: ModemLines): void {
    if (!this.#isOpen) return;
    this.#lines = lines;
    this.#side.moveLines(lines);
  }

  purgeOutput(): void {
    if (this.#isOpen) this.#side.purge();
  }

  close(lines: ModemLines = RELEASED): void {
    if (!this.#isOpen) return;
    this.setLines(lines);
    this.#isOpen = false;
    this.#side.closed();
    this.#data.dispose();
    this.#gone.dispose();
  }

  /** For the board: bytes that arrived. */
  receive(bytes: Uint8Array): void {
    if (this.#isOpen && bytes.length > 0) this.#data.fire(bytes);
  }

  /** For the board: the cable was pulled. */
  gone(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#gone.fire(undefined);
    this.#gone.dispose();
    this.#data.dispose();
  }
}
