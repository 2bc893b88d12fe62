import { NorFlash } from '../../src/virtual-board/nor-flash.ts';
import type { HostEnd } from '../../src/virtual-board/loader/host-end.ts';
import { SerialBoard } from '../../src/virtual-board/loader/serial-board.ts';
import type { SerialBoardOptions } from '../../src/virtual-board/loader/serial-board-options.ts';

export interface Answer {
  readonly op: number;
  readonly value: number;
  /** With the status at its end. */
  readonly body: number[];
}

/** Little-endian words. */
export function words(...values: number[]): number[] {
  return values.flatMap((value) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24]);
}

export function xor(bytes: Iterable<number>): number {
  let sum = 0xef;
  for (const byte of bytes) sum ^= byte;
  return sum;
}

/** The payload of a data command behind its four words. */
export function block(sequence: number, payload: Iterable<number>): number[] {
  const bytes = [...payload];
  return [...words(bytes.length, sequence, 0, 0), ...bytes];
}

export const SYNC_DATA = [7, 7, 0x12, 0x20, ...Array<number>(32).fill(0x55)];

/** Speaks to a loader command by command, with plain SLIP. */
export class LoaderTalk {
  readonly end: HostEnd;
  /** Bytes outside of frames, such as the boot text. */
  text = '';
  #frames: number[][] = [];
  #open: number[] | undefined;
  #isEscaped = false;
  #waiting: ((frame: number[]) => void) | undefined;

  constructor(end: HostEnd) {
    this.end = end;
    end.onData((bytes) => {
      for (const byte of bytes) this.#take(byte);
    });
  }

  /** Frames nobody asked for yet. */
  get waitingFrames(): number {
    return this.#frames.length;
  }

  #take(byte: number): void {
    if (byte === 0xc0) {
      const frame = this.#open;
      this.#open = frame === undefined || frame.length === 0 ? [] : undefined;
      if (frame === undefined || frame.length === 0) return;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    } else if (this.#open === undefined) {
      this.text += String.fromCharCode(byte);
    } else if (this.#isEscaped) {
      this.#isEscaped = false;
      this.#open.push(byte === 0xdc ? 0xc0 : 0xdb);
    } else if (byte === 0xdb) {
      this.#isEscaped = true;
    } else {
      this.#open.push(byte);
    }
  }

  sendFrame(bytes: readonly number[]): void {
    const escaped = bytes.flatMap((byte) => (byte === 0xc0 ? [0xdb, 0xdc] : byte === 0xdb ? [0xdb, 0xdd] : [byte]));
    this.end.write(Uint8Array.from([0xc0, ...escaped, 0xc0]));
  }

  send(op: number, data: readonly number[] = [], checksum = 0): void {
    this.sendFrame([0, op, data.length & 0xff, data.length >>> 8, ...words(checksum), ...data]);
  }

  frame(): Promise<number[]> {
    const first = this.#frames.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => (this.#waiting = resolve));
  }

  async answer(): Promise<Answer> {
    const frame = await this.frame();
    const [, op = 0, low = 0, high = 0, ...rest] = frame;
    const [v0 = 0, v1 = 0, v2 = 0, v3 = 0, ...body] = rest;
    if (frame[0] !== 1 || body.length !== low + high * 256) throw new Error(`not an answer: ${frame.join(' ')}`);
    return { op, value: (v0 | (v1 << 8) | (v2 << 16) | (v3 << 24)) >>> 0, body };
  }

  ask(op: number, data: readonly number[] = [], checksum = 0): Promise<Answer> {
    this.send(op, data, checksum);
    return this.answer();
  }

  askBlock(op: number, sequence: number, payload: Iterable<number>): Promise<Answer> {
    const bytes = [...payload];
    return this.ask(op, block(sequence, bytes), xor(bytes));
  }

  async sync(): Promise<Answer[]> {
    this.send(0x08, SYNC_DATA);
    const answers: Answer[] = [];
    for (let copy = 0; copy < 8; copy++) answers.push(await this.answer());
    return answers;
  }

  /** Uploads a program of four bytes and runs it. */
  async startStub(entry = 0x40380000): Promise<void> {
    await this.ask(0x05, words(4, 1, 0x1800, 0x40380000));
    await this.askBlock(0x07, 0, [1, 2, 3, 4]);
    await this.ask(0x06, words(0, entry));
  }
}

export interface TalkingBoard {
  readonly board: SerialBoard;
  readonly talk: LoaderTalk;
  readonly flash: NorFlash;
}

/** A board in the download mode of its ROM, entered by its buttons. */
export function inDownloadMode(options: Partial<SerialBoardOptions> = {}): TalkingBoard {
  const flash = options.flash ?? new NorFlash(4 * 1024 * 1024);
  const board = new SerialBoard({ chip: 'esp32c3', ...options, flash });
  board.plugIn();
  const talk = new LoaderTalk(board.attach({ lines: { dtr: false, rts: false } }));
  board.holdBoot(true);
  board.pressReset();
  return { board, talk, flash };
}

/** The same with the stub running. */
export async function inStub(options: Partial<SerialBoardOptions> = {}): Promise<TalkingBoard> {
  const made = inDownloadMode(options);
  await made.talk.startStub();
  const greeting = await made.talk.frame();
  if (String.fromCharCode(...greeting) !== 'OHAI') throw new Error('no greeting');
  return made;
}
