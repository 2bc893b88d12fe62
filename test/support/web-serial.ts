import type { OpenOptions, SerialTransport } from '../../src/serial/serial-transport.ts';

interface Signals {
  readonly dataTerminalReady?: boolean;
  readonly requestToSend?: boolean;
}

/** A serial port in the shape of the Web Serial API, over a transport: what `esptool-js` asks of one, and no more. A line that is not named keeps its
 * state, as the API has it. */
export class WebSerialPort {
  readonly #open: (options: OpenOptions) => Promise<SerialTransport>;
  readonly #info: { usbVendorId?: number; usbProductId?: number };
  #transport: SerialTransport | undefined;
  readable: ReadableStream<Uint8Array> | null = null;
  writable: WritableStream<Uint8Array> | null = null;

  constructor(
    open: (options: OpenOptions) => Promise<SerialTransport>,
    info: { usbVendorId?: number; usbProductId?: number } = {},
  ) {
    this.#open = open;
    this.#info = info;
  }

  getInfo(): { usbVendorId?: number; usbProductId?: number } {
    return this.#info;
  }

  async open({ baudRate }: { baudRate: number }): Promise<void> {
    const transport = await this.#open({ baud: baudRate });
    this.#transport = transport;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        transport.onData((bytes) => {
          controller.enqueue(bytes);
        });
        transport.onClosed((closed) => {
          if (closed.cause !== 'us') controller.error(new DOMException('The device has been lost.', 'NetworkError'));
        });
      },
    });
    this.writable = new WritableStream<Uint8Array>({ write: (bytes) => transport.write(bytes) });
  }

  async close(): Promise<void> {
    await this.#transport?.close();
    this.readable = null;
    this.writable = null;
  }

  async setSignals({ dataTerminalReady, requestToSend }: Signals): Promise<void> {
    const transport = this.#transport;
    if (transport?.hasModemLines !== true) return;
    await transport.setLines({
      dtr: dataTerminalReady ?? transport.lines.dtr,
      rts: requestToSend ?? transport.lines.rts,
    });
  }

  async setBaudRate(baud: number): Promise<void> {
    await this.#transport?.setBaud(baud);
  }
}
