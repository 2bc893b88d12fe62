import { createServer, type Server, type Socket } from 'node:net';
import { ResetCircuit, type Booted } from './reset-circuit.ts';

/** How a server treats what a client sends.
 * - `plain` passes DTR and RTS on to the line and acknowledges everything, as pyserial's example server and ser2net do.
 * - `espressif` does not pass lines on: "DTR on" plays a whole reset into the loader, "RTS off" a hard reset, none is acknowledged.
 * - `mute` does what `plain` does and acknowledges nothing at all.
 * - `refuses` speaks Telnet without the com-port option. `raw` speaks no Telnet.
 * @see esptool `esp_rfc2217_server`; pyserial `rfc2217.py`, `PortManager` */
export type ServerStyle = 'plain' | 'espressif' | 'mute' | 'refuses' | 'raw';

export interface Rfc2217Server {
  readonly port: number;
  /** The board behind the server. */
  readonly booted: () => Booted;
  /** Every boot so far, in order. */
  readonly boots: () => readonly Booted[];
  /** Bytes that reached the line. */
  readonly lineBytes: () => Buffer;
  readonly lineBytesCount: (count: number) => Promise<Buffer>;
  readonly settings: {
    baud: number;
    dataBits: number;
    parity: number;
    stopBits: number;
    control: number[];
    purged: number[];
  };
  /** Highest rate the line has; asking for more gives this one. */
  maxBaud: number;
  /** Sends board bytes, cut into pieces of the given size. */
  readonly send: (bytes: Uint8Array, pieceBytes?: number) => void;
  /** Sends raw bytes, Telnet and all. */
  readonly sendRaw: (bytes: Uint8Array) => void;
  readonly connected: () => boolean;
  /** Resolves when the client is gone. */
  readonly disconnected: () => Promise<void>;
  /** Ends the connection as a crashed server does. */
  readonly drop: () => void;
  readonly stop: () => Promise<void>;
}

const IAC = 0xff;
const COM_PORT = 44;
/** How long the Espressif server's own sequences hold EN, in milliseconds. @see esptool `reset.py` */
const HOLD_MS = 100;

export async function startRfc2217Server(style: ServerStyle): Promise<Rfc2217Server> {
  let socket: Socket | undefined;
  let isInDownloadMode = false;
  let pending = Buffer.alloc(0);
  const line: number[] = [];
  const waiting: { count: number; resolve: (bytes: Buffer) => void }[] = [];
  const gone: (() => void)[] = [];
  // a server opens its port with both lines asserted, which runs the board
  const circuit = new ResetCircuit({ dtr: true, rts: true });
  const settings: Rfc2217Server['settings'] = { baud: 0, dataBits: 0, parity: 0, stopBits: 0, control: [], purged: [] };
  const nowMs = (): number => performance.now();
  const raw = (bytes: Uint8Array | readonly number[]): void => {
    socket?.write(Uint8Array.from(bytes));
  };
  const acknowledge = (command: number, value: readonly number[]): void => {
    if (style === 'mute') return;
    const doubled = value.flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte]));
    raw([IAC, 250, COM_PORT, command + 100, ...doubled, IAC, 240]);
  };

  const setLines = (change: { dtr?: boolean; rts?: boolean }): void => {
    circuit.set({ ...circuit.lines, ...change }, nowMs());
  };

  const play = async (steps: readonly ({ dtr?: boolean; rts?: boolean } | number)[]): Promise<void> => {
    for (const step of steps) {
      if (typeof step === 'number') await new Promise((resolve) => setTimeout(resolve, step));
      else setLines(step);
    }
  };

  const onControl = (value: number): void => {
    settings.control.push(value);
    const line = { 8: { dtr: true }, 9: { dtr: false }, 11: { rts: true }, 12: { rts: false } }[value];
    if (style !== 'espressif' || line === undefined) {
      if (line !== undefined) setLines(line);
      acknowledge(5, [value]);
      return;
    }
    if (value === 9) {
      isInDownloadMode = false;
      setLines({ dtr: false });
    } else if (value === 8 && !isInDownloadMode) {
      isInDownloadMode = true;
      void play([{ dtr: false }, { rts: true }, HOLD_MS, { dtr: true }, { rts: false }, 50, { dtr: false }]);
    } else if (value === 12 && !isInDownloadMode) {
      void play([{ dtr: false }, { rts: true }, HOLD_MS, { rts: false }]);
    }
  };

  const onCommand = (bytes: Buffer): void => {
    const command = bytes[0] ?? 0;
    const value = bytes[1] ?? 0;
    if (command === 1) {
      const asked = bytes.readUInt32BE(1);
      if (asked > 0) settings.baud = Math.min(asked, server.maxBaud);
      const answer = Buffer.alloc(4);
      answer.writeUInt32BE(settings.baud);
      acknowledge(1, [...answer]);
    } else if (command === 5) {
      onControl(value);
    } else {
      if (command === 2) settings.dataBits = value;
      if (command === 3) settings.parity = value;
      if (command === 4) settings.stopBits = value;
      if (command === 12) settings.purged.push(value);
      acknowledge(command, [value]);
    }
  };

  const onNegotiation = (verb: number, option: number): void => {
    const isKnown = [0, 1, 3].includes(option) || (option === COM_PORT && style !== 'refuses');
    if (verb === 253) raw([IAC, isKnown ? 251 : 252, option]);
    if (verb === 251) raw([IAC, isKnown ? 253 : 254, option]);
  };

  const onLine = (bytes: Iterable<number>): void => {
    line.push(...bytes);
    for (const entry of [...waiting]) {
      if (line.length < entry.count) continue;
      waiting.splice(waiting.indexOf(entry), 1);
      entry.resolve(Buffer.from(line));
    }
  };

  /** Takes one whole thing off the front; false when it is not all there yet. */
  const takeOne = (): boolean => {
    if (pending.length === 0) return false;
    if (pending[0] !== IAC) {
      const end = pending.indexOf(IAC);
      onLine(pending.subarray(0, end < 0 ? pending.length : end));
      pending = end < 0 ? Buffer.alloc(0) : pending.subarray(end);
      return true;
    }
    const verb = pending[1];
    if (verb === undefined) return false;
    if (verb === IAC) {
      onLine([IAC]);
      pending = pending.subarray(2);
      return true;
    }
    if (verb !== 250) {
      const option = pending[2];
      if (option === undefined) return false;
      onNegotiation(verb, option);
      pending = pending.subarray(3);
      return true;
    }
    const body: number[] = [];
    for (let at = 3; at + 1 < pending.length; at++) {
      if (pending[at] === IAC && pending[at + 1] === 240) {
        if (pending[2] === COM_PORT) onCommand(Buffer.from(body));
        pending = pending.subarray(at + 2);
        return true;
      }
      if (pending[at] === IAC) at++;
      body.push(pending[at] ?? 0);
    }
    return false;
  };

  const listener: Server = createServer((client) => {
    if (socket !== undefined) {
      client.destroy(); // one client at a time
      return;
    }
    socket = client;
    pending = Buffer.alloc(0);
    client.setNoDelay(true);
    client.on('error', () => undefined);
    client.on('close', () => {
      socket = undefined;
      for (const resolve of gone.splice(0)) resolve();
    });
    client.on('data', (chunk: Buffer) => {
      if (style === 'raw') {
        onLine(chunk);
        return;
      }
      pending = Buffer.concat([pending, chunk]);
      while (takeOne());
    });
    // what pyserial's server asks for by itself
    if (style !== 'raw') raw([IAC, 251, 1, IAC, 251, 3, IAC, 253, 0]);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no address');

  const server: Rfc2217Server = {
    port: address.port,
    booted: () => circuit.at(nowMs()),
    boots: () => {
      circuit.at(nowMs());
      return circuit.history;
    },
    lineBytes: () => Buffer.from(line),
    lineBytesCount: (count) =>
      new Promise((resolve) => {
        waiting.push({ count, resolve });
        onLine([]);
      }),
    settings,
    maxBaud: 4_000_000,
    send: (bytes, pieceBytes = Number.POSITIVE_INFINITY) => {
      const all = style === 'raw' ? [...bytes] : [...bytes].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte]));
      for (let at = 0; at < all.length; at += pieceBytes) raw(all.slice(at, at + pieceBytes));
    },
    sendRaw: raw,
    connected: () => socket !== undefined,
    disconnected: () =>
      new Promise((resolve) => {
        if (socket === undefined) resolve();
        else gone.push(resolve);
      }),
    drop: () => {
      socket?.resetAndDestroy();
    },
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => {
          resolve();
        });
        socket?.destroy();
      }),
  };
  return server;
}
