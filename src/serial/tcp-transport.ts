import { OtaError } from '../base/ota-error.ts';
import type { OpenOptions, SerialTransport } from './serial-transport.ts';
import { connectSocket, SocketLine, type RemoteEnd } from './socket-line.ts';

/** Opens `socket://host:port`: the bytes and nothing else. There is no baud rate and there are no lines, so no reset from here.
 * @throws {OtaError} `serial.unreachable`, `cancelled` */
export async function openTcp(end: RemoteEnd, options: OpenOptions = {}): Promise<SerialTransport> {
  const socket = await connectSocket(end);
  const line: SocketLine = new SocketLine(socket, end.address, (bytes) => {
    line.state.deliver(bytes);
  });
  let baud = options.baud ?? 115_200;
  return {
    kind: 'socket',
    address: end.address,
    description: end.address,
    usb: options.usb,
    get isOpen() {
      return line.isOpen;
    },
    hasModemLines: false,
    hasBaud: false,
    get baud() {
      return baud;
    },
    lines: { dtr: false, rts: false },
    onData: line.state.onData,
    onClosed: line.state.onClosed,
    write: (bytes) => line.write(bytes),
    drain: () => line.write(new Uint8Array(0)),
    setBaud: async (value) => {
      line.check();
      baud = value;
      return Promise.resolve();
    },
    setLines: () => {
      return Promise.resolve().then(() => {
        line.check();
        throw new OtaError('serial.noModemLines', { address: end.address });
      });
    },
    purge: async (which = 'both') => {
      line.check();
      if (which !== 'output') line.state.dropEarly();
      return Promise.resolve();
    },
    close: () => line.close(),
  };
}
