import type {
  LineBinding,
  LineEnd,
  LineEndOptions,
  LineFlags,
  LineInfo,
  ModemLines,
} from '../../serial/serial-transport.ts';
import { isOtaError } from '../../base/ota-error.ts';
import type { HostEnd } from './host-end.ts';
import type { SerialBoard } from './serial-board.ts';

/** What a system buffers of a port before a write has to wait, in bytes. */
const SYSTEM_BUFFER_BYTES = 4096;

export interface BoardPort {
  readonly path: string;
  readonly board: SerialBoard;
  readonly info?: Partial<Omit<LineInfo, 'path'>>;
}

class ClosedError extends Error {
  readonly canceled = true;
}

interface PendingRead {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly length: number;
  readonly resolve: (result: { buffer: Buffer; bytesRead: number }) => void;
  readonly reject: (error: Error) => void;
}

/** An open virtual port, as the native module gives one. */
class BoardLineEnd implements LineEnd {
  readonly openOptions: LineEndOptions;
  readonly #end: HostEnd;
  #received: Uint8Array[] = [];
  #reading: PendingRead | undefined;
  #gone: Error | undefined;
  #isClosed = false;

  constructor(openOptions: LineEndOptions, end: HostEnd) {
    this.openOptions = openOptions;
    this.#end = end;
    end.onData((bytes) => {
      this.#received.push(bytes);
      this.#serve();
    });
    end.onGone(() => {
      // a device that went away reads as end of file
      this.#gone = new Error('bad file descriptor');
      this.#reading?.reject(this.#gone);
      this.#reading = undefined;
    });
  }

  /** Until it is closed: a device that went away leaves its descriptor open. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> {
    return new Promise((resolve, reject) => {
      if (this.#received.length === 0) this.#check();
      this.#reading = { buffer, offset, length, resolve, reject };
      this.#serve();
    });
  }

  async write(buffer: Buffer): Promise<void> {
    this.#check();
    this.#end.write(Uint8Array.from(buffer));
    await this.#end.whenSent(SYSTEM_BUFFER_BYTES);
    this.#check();
  }

  update({ baudRate }: { baudRate: number }): Promise<void> {
    return this.#now(() => {
      this.#end.setBaud(baudRate);
    });
  }

  set(flags: LineFlags): Promise<void> {
    const lines: ModemLines = { dtr: flags.dtr ?? true, rts: flags.rts ?? true };
    return this.#now(() => {
      this.#end.setLines(lines);
    });
  }

  get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }> {
    return this.#now(() => ({ cts: false, dsr: false, dcd: false }));
  }

  getBaudRate(): Promise<{ baudRate: number }> {
    return this.#now(() => ({ baudRate: this.#end.baud }));
  }

  flush(): Promise<void> {
    return this.#now(() => {
      this.#received = [];
      this.#end.purgeOutput();
    });
  }

  async drain(): Promise<void> {
    this.#check();
    await this.#end.whenSent();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#end.close();
    this.#received = [];
    this.#reading?.reject(new ClosedError('Canceled'));
    this.#reading = undefined;
    return Promise.resolve();
  }

  #check(): void {
    if (this.#isClosed) throw new ClosedError('Canceled');
    if (this.#gone !== undefined) throw this.#gone;
  }

  #now<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#check();
      resolve(work());
    });
  }

  /** As many of the bytes that came as the reader has room for. */
  #serve(): void {
    const [first] = this.#received;
    const reading = this.#reading;
    if (first === undefined || reading === undefined) return;
    this.#reading = undefined;
    const part = first.subarray(0, reading.length);
    reading.buffer.set(part, reading.offset);
    if (part.length === first.length) this.#received.shift();
    else this.#received[0] = first.subarray(part.length);
    reading.resolve({ buffer: reading.buffer, bytesRead: part.length });
  }
}

function defaults(options: Partial<LineEndOptions> & { path: string; baudRate: number }): LineEndOptions {
  return {
    dataBits: 8,
    lock: true,
    stopBits: 1,
    parity: 'none',
    rtscts: false,
    xon: false,
    xoff: false,
    xany: false,
    hupcl: true,
    ...options,
  };
}

/** Virtual boards as ports of this process, in the shape of the native module: opening raises both control lines at once as Linux does, closing drops
 * both at once, a pulled cable ends a read. Errors are worded as the native module words them. */
export function boardBinding(ports: readonly BoardPort[]): LineBinding {
  return {
    list: () =>
      Promise.resolve(
        ports
          .filter(({ board }) => board.isPluggedIn)
          .map(({ path, board, info }) => ({
            path,
            manufacturer: board.isUsbSerialJtag ? 'Espressif' : 'Silicon Labs',
            serialNumber: undefined,
            pnpId: undefined,
            locationId: undefined,
            vendorId: board.isUsbSerialJtag ? '303a' : '10c4',
            productId: board.isUsbSerialJtag ? '1001' : 'ea60',
            ...info,
          })),
      ),
    open: (options) =>
      new Promise((resolve) => {
        const port = ports.find(({ path, board }) => path === options.path && board.isPluggedIn);
        if (port === undefined) throw new Error(`Error: No such file or directory, cannot open ${options.path}`);
        try {
          resolve(new BoardLineEnd(defaults(options), port.board.attach({ baud: options.baudRate })));
        } catch (error) {
          if (!isOtaError(error, 'board.lineBusy')) throw error;
          throw new Error('Error Resource temporarily unavailable Cannot lock port', { cause: error });
        }
      }),
  };
}
