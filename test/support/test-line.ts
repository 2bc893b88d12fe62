import type { LineBinding, LineEnd, LineEndOptions, LineFlags, LineInfo } from '../../src/serial/serial-transport.ts';

/** A serial port in this process that records what is done to it, in the shape of the native module. */
export class TestLine implements LineBinding {
  /** In order: `open 115200`, `set dtr=0 rts=1`, `update 921600`, `drain`, `flush`, `write 3`, `close`. */
  readonly calls: string[] = [];
  readonly written: number[] = [];
  readonly flags: LineFlags[] = [];
  options: Partial<LineEndOptions> | undefined;
  isOpen = false;
  /** What a call fails with, by its name; `write` may also `hang`. */
  readonly failures = new Map<string, Error>();
  isHanging = false;
  #pending: { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void } | undefined;
  readonly #queue: Uint8Array[] = [];
  #pulled: Error | undefined;

  list(): Promise<LineInfo[]> {
    return Promise.resolve([]);
  }

  open(options: Partial<LineEndOptions> & { path: string; baudRate: number }): Promise<LineEnd> {
    const failure = this.failures.get('open');
    if (failure !== undefined) return Promise.reject(failure);
    this.calls.push(`open ${options.baudRate}`);
    this.options = options;
    this.isOpen = true;
    return Promise.resolve(this.#end(options));
  }

  /** Bytes from the board. */
  send(...bytes: number[]): void {
    const chunk = Uint8Array.from(bytes);
    if (this.#pending === undefined) this.#queue.push(chunk);
    else this.#pending.resolve(chunk);
  }

  pull(): void {
    this.#pulled = new Error('bad file descriptor');
    this.#pending?.reject(this.#pulled);
  }

  #end(options: Partial<LineEndOptions>): LineEnd {
    const line = this as TestLine;
    const call = async (name: string, text = name): Promise<void> => {
      line.calls.push(text);
      const failure = line.failures.get(name) ?? line.#pulled;
      if (failure !== undefined) throw failure;
      return Promise.resolve();
    };
    return {
      openOptions: options as LineEndOptions,
      get isOpen() {
        return line.isOpen;
      },
      close: () => {
        line.calls.push('close');
        line.isOpen = false;
        line.#pending?.reject(Object.assign(new Error('canceled'), { canceled: true }));
        return Promise.resolve();
      },
      read: async (buffer, offset) => {
        if (line.#pulled !== undefined) throw line.#pulled;
        const queued = line.#queue.shift();
        const bytes =
          queued ??
          (await new Promise<Uint8Array>((resolve, reject) => {
            line.#pending = { resolve, reject };
          }));
        line.#pending = undefined;
        buffer.set(bytes, offset);
        return { buffer, bytesRead: bytes.length };
      },
      write: async (buffer) => {
        await call('write', `write ${buffer.length}`);
        if (line.isHanging) await new Promise(() => undefined);
        line.written.push(...buffer);
      },
      update: ({ baudRate }) => call('update', `update ${baudRate}`),
      set: (flags) => {
        line.flags.push(flags);
        return call('set', `set dtr=${Number(flags.dtr)} rts=${Number(flags.rts)}`);
      },
      get: () => Promise.resolve({ cts: false, dsr: false, dcd: false }),
      getBaudRate: () => Promise.resolve({ baudRate: options.baudRate ?? 0 }),
      flush: () => call('flush'),
      drain: () => call('drain'),
    };
  }
}

/** Resolves when the promises and events that are due have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
