import { watch } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { withDeadline } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { OtaError } from '../base/ota-error.ts';
import { LineState } from './line-state.ts';
import type { LineEnd, ModemLines, OpenOptions, SerialTransport, TransportClosed } from './serial-transport.ts';
import { isUnsupportedBaud, isWithoutModemLines, messageOf } from './system-errors.ts';
import { formatUsbIds, knownUsb } from './usb-identities.ts';

/** How long closing waits for what is still to be sent; then it is thrown away, as a port may otherwise keep `close` waiting for 30 s.
 * @see Linux `serial_core.h`, `closing_wait` */
const CLOSE_DRAIN_MS = 500;

const READ_BYTES = 64 * 1024;

/** What a line is, beyond its open end. */
export interface LineFacts {
  readonly address: string;
  readonly baud: number;
  readonly usb: OpenOptions['usb'];
  readonly clock: Clock;
  readonly kind: 'usb' | 'virtual';
  readonly isFtdi: boolean;
}

/** A transport over an open end of a line: the native module's, or one in this process. */
export class UsbLine implements SerialTransport {
  readonly hasBaud = true;
  readonly #end: LineEnd;
  readonly #facts: LineFacts;
  readonly #state: LineState;
  #baud: number;
  #lines: ModemLines = { dtr: true, rts: true };
  #hasModemLines = true;
  #writing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #nodeWatch: Disposable | undefined;

  constructor(end: LineEnd, facts: LineFacts) {
    this.#end = end;
    this.#facts = facts;
    this.#baud = facts.baud;
    this.#state = new LineState(facts.address);
  }

  get kind(): 'usb' | 'virtual' {
    return this.#facts.kind;
  }
  get address(): string {
    return this.#facts.address;
  }
  get description(): string {
    const usb = this.usb;
    if (usb === undefined) return this.address;
    return `${knownUsb(usb)?.name ?? usb.product ?? usb.manufacturer ?? 'USB'} (${formatUsbIds(usb)})`;
  }
  get usb(): OpenOptions['usb'] {
    return this.#facts.usb;
  }
  get isOpen(): boolean {
    return this.#closing === undefined;
  }
  get hasModemLines(): boolean {
    return this.#hasModemLines;
  }
  get baud(): number {
    return this.#baud;
  }
  get lines(): ModemLines {
    return this.#lines;
  }
  get onData(): SerialTransport['onData'] {
    return this.#state.onData;
  }
  get onClosed(): SerialTransport['onClosed'] {
    return this.#state.onClosed;
  }

  /** Sets the lines, learns whether there are any, and begins to read: a port nobody reads from notices no unplugging. */
  async start(lines: ModemLines): Promise<void> {
    try {
      await this.#set(lines);
    } catch (error) {
      if (!isWithoutModemLines(messageOf(error))) throw error;
      this.#hasModemLines = false;
    }
    void this.#readAll();
  }

  /** Closes when the device's name vanishes: a read that was just under way when the cable was pulled gets no error but endless nothing. */
  watchNode(device: string): void {
    try {
      const watcher = watch(dirname(device), { persistent: false }, (_event, name) => {
        if (name !== basename(device)) return;
        access(device).catch(() => this.#shut({ cause: 'gone', error: this.#gone('device node removed') }));
      });
      watcher.on('error', () => undefined);
      this.#nodeWatch = toDisposable(() => {
        watcher.close();
      });
      if (!this.isOpen) this.#nodeWatch.dispose();
    } catch {
      // without inotify the read loop still notices nearly every unplugging
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#check();
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // the binding takes one write at a time
    const turn = this.#writing.then(() => this.#end.write(buffer));
    this.#writing = turn.catch(() => undefined);
    await this.#orGone(() => turn);
  }

  async drain(): Promise<void> {
    this.#check();
    await this.#orGone(async () => {
      await this.#writing;
      await this.#end.drain();
    });
  }

  async setBaud(baud: number): Promise<void> {
    // changing the rate throws away what is queued in the kernel
    await this.drain();
    try {
      await this.#state.whileOpen(() => this.#end.update({ baudRate: baud }));
    } catch (error) {
      if (error instanceof OtaError) throw error;
      if (isUnsupportedBaud(messageOf(error)))
        throw new OtaError('serial.unsupportedBaud', { address: this.address, baud }, { cause: error });
      await this.#lose(error);
      this.#state.check();
    }
    this.#baud = baud;
  }

  async setLines(lines: ModemLines): Promise<void> {
    this.#check();
    if (!this.#hasModemLines) throw new OtaError('serial.noModemLines', { address: this.address });
    await this.#orGone(() => this.#set(lines));
  }

  async purge(which: 'input' | 'output' | 'both' = 'both'): Promise<void> {
    // the system only throws away both at once, so output that is to be kept is sent first; input is read as it comes, so none waits there
    this.#check();
    if (which === 'input') await this.drain();
    if (which !== 'output') this.#state.dropEarly();
    await this.#orGone(() => this.#end.flush());
  }

  close(): Promise<void> {
    return this.#shut({ cause: 'us' });
  }

  /** Closing takes a moment, in which what was queued before is still sent, and nothing new is taken. */
  #check(): void {
    this.#state.check();
    if (this.#closing !== undefined) throw new OtaError('serial.closed', { address: this.address });
  }

  async #set(lines: ModemLines): Promise<void> {
    // every flag that is left out would get a default, and low latency (an FTDI bridge then waits 1 ms instead of 16) be turned off
    const flags = { brk: false, cts: false, dsr: false, dtr: lines.dtr, rts: lines.rts };
    await this.#state.whileOpen(() => this.#end.set(this.#facts.isFtdi ? { ...flags, lowLatency: true } : flags));
    this.#lines = { ...lines };
  }

  async #readAll(): Promise<void> {
    try {
      const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
      while (this.isOpen) {
        const { bytesRead } = await this.#end.read(buffer, 0, buffer.length);
        this.#state.deliver(new Uint8Array(buffer.subarray(0, bytesRead)));
      }
    } catch (error) {
      await this.#lose(error);
    }
  }

  /** Does work on the open port; a failure means that the port is lost. */
  async #orGone<T>(start: () => Promise<T>): Promise<T> {
    try {
      return await this.#state.whileOpen(start);
    } catch (error) {
      if (!(error instanceof OtaError)) await this.#lose(error);
      this.#state.check();
      throw error;
    }
  }

  async #lose(error: unknown): Promise<void> {
    await this.#shut({ cause: 'gone', error: this.#gone(messageOf(error), error) });
  }

  #gone(reason: string, cause?: unknown): OtaError {
    return new OtaError('serial.gone', { address: this.address, reason }, { cause });
  }

  #shut(reason: TransportClosed): Promise<void> {
    this.#closing ??= this.#release(reason);
    return this.#closing;
  }

  async #release(reason: TransportClosed): Promise<void> {
    this.#nodeWatch?.dispose();
    if (reason.cause === 'us') {
      const sent = this.#writing.then(() => this.#end.drain());
      await withDeadline(sent, CLOSE_DRAIN_MS, 'drain', undefined, this.#facts.clock).catch(() =>
        this.#end.flush().catch(() => undefined),
      );
    }
    if (this.#end.isOpen) await this.#end.close().catch(() => undefined);
    this.#state.close(reason);
  }
}
