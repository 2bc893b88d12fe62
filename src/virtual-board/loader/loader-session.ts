import { sleep } from '../../base/abort.ts';
import type { Disposable } from '../../base/disposable.ts';
import { isOtaError, OtaError } from '../../base/ota-error.ts';
import type { CommandLine, CommandSet, LoaderContext } from './loader-context.ts';
import { RamUpload } from './ram-upload.ts';
import { RomLoader } from './rom-loader.ts';
import { SlipReceiver, slipFrame, type EmptyFrame } from './slip-frames.ts';
import { StubLoader } from './stub-loader.ts';

/** The largest frame the stub has room for; the ROM's is that of a RAM block.
 * @see esp-flasher-stub v1.1 src/frame_buffer.h, `FRAME_BUFFER_SIZE` */
const STUB_FRAME_BYTES = 8 + 0x4000 + 0xff;
const ROM_FRAME_BYTES = 8 + 16 + 0x1800;
const BUFFERS = 2;

/** Download mode, from the reset that begins it to the one that ends it: takes frames off the line into two buffers (one in work, one filling) and
 * has them obeyed one after another, first by the ROM, then by the stub. */
export class LoaderSession implements Disposable {
  readonly #context: LoaderContext;
  readonly #stop = new AbortController();
  readonly #queue: Uint8Array[] = [];
  readonly #ram = new RamUpload();
  #commands: CommandSet;
  #receiver: SlipReceiver;
  #isInWork = false;
  #isPumping = false;
  #waiting: ((frame: Uint8Array) => void) | undefined;

  constructor(context: LoaderContext) {
    this.#context = context;
    this.#commands = new RomLoader(context);
    this.#receiver = this.#newReceiver(ROM_FRAME_BYTES, 'begins');
  }

  get isStub(): boolean {
    return this.#commands.isStub;
  }

  receive(bytes: Uint8Array): void {
    if (!this.#stop.signal.aborted) this.#receiver.push(bytes);
  }

  dispose(): void {
    this.#stop.abort();
  }

  #newReceiver(capacityBytes: number, emptyFrame: EmptyFrame): SlipReceiver {
    const sink = {
      canReceive: () => this.#queue.length + (this.#isInWork ? 1 : 0) < BUFFERS,
      onFrame: (frame: Uint8Array) => {
        this.#onFrame(frame);
      },
    };
    return new SlipReceiver(capacityBytes, sink, emptyFrame);
  }

  #onFrame(frame: Uint8Array): void {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#waiting = undefined;
      waiting(frame);
      return;
    }
    this.#queue.push(frame);
    if (!this.#isPumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      // the main loop looks for a frame after the interrupt that completed it
      await Promise.resolve();
      for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
        this.#isInWork = true;
        await this.#commands.handle(frame, this.#line());
        this.#isInWork = false;
        if (this.#stop.signal.aborted) return;
      }
    } catch (error) {
      if (isOtaError(error, 'board.powerCut')) this.#context.leave('powerCut');
      else if (!isOtaError(error, 'cancelled')) throw error;
    } finally {
      this.#isInWork = false;
      this.#isPumping = false;
    }
  }

  #awaitFrame(): Promise<Uint8Array> {
    const { signal } = this.#stop;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        reject(new OtaError('cancelled', { what: 'frame' }));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting = (frame) => {
        signal.removeEventListener('abort', onAbort);
        resolve(frame);
      };
    });
  }

  #line(): CommandLine {
    const { signal } = this.#stop;
    const send = (frame: Uint8Array): void => {
      if (!signal.aborted) this.#context.transmit(slipFrame(frame));
    };
    return {
      signal,
      ram: this.#ram,
      send,
      answer: async (frame) => {
        const delayMs = this.#context.knobs().ackDelayMs ?? 0;
        if (delayMs > 0) await sleep(delayMs, signal, this.#context.clock);
        send(frame);
      },
      nextFrame: () => {
        this.#isInWork = false;
        const queued = this.#queue.shift();
        if (queued !== undefined) return Promise.resolve(queued);
        return this.#awaitFrame();
      },
      startStub: () => {
        void this.#startStub(send);
      },
    };
  }

  async #startStub(send: (frame: Uint8Array) => void): Promise<void> {
    const { times, clock } = this.#context;
    this.#commands = new StubLoader(this.#context);
    this.#receiver = this.#newReceiver(STUB_FRAME_BYTES, 'ends');
    const startMs = times.stubStartMs ?? 0;
    if (startMs > 0) await sleep(startMs, this.#stop.signal, clock).catch(() => undefined);
    if (this.#stop.signal.aborted) return;
    this.#context.enteredStub();
    send(new TextEncoder().encode('OHAI'));
  }
}
