import type { Event } from '../base/emitter.ts';
import type { OtaError } from '../base/ota-error.ts';

/** The two control lines a board's reset circuit hangs on; `true` is asserted, that is low at the pin. Always given together, because the
 * native module sets a line that is left out to asserted. */
export interface ModemLines {
  readonly dtr: boolean;
  readonly rts: boolean;
}

/** What the USB descriptor says of the bridge or chip. */
export interface UsbIdentity {
  /** 16 bits, such as 0x303a. */
  readonly vendorId: number;
  readonly productId: number;
  /** Survives re-plugging; the MAC address on a USB-Serial/JTAG peripheral. */
  readonly serialNumber?: string;
  readonly manufacturer?: string;
  readonly product?: string;
  /** Where it is plugged in, in the system's own notation. */
  readonly locationId?: string;
}

/** Why a transport is closed: by its own `close()`, because the other end went away (cable, server), or by a failure. */
export type TransportClosed = { readonly cause: 'us' } | { readonly cause: 'gone' | 'error'; readonly error: OtaError };

/** A line of bytes to a board, open from the moment it exists until {@link SerialTransport.onClosed}; it is never opened again.
 * Once closed, every method but `close` rejects with `serial.gone` (the other end went) or `serial.closed`. */
export interface SerialTransport {
  readonly kind: 'usb' | 'socket' | 'rfc2217' | 'virtual';
  /** As it is written in the settings: a device path, `socket://…` or `rfc2217://…`. */
  readonly address: string;
  /** For people and logs, such as `CP2102N (10c4:ea60)`; the address where nothing better is known. */
  readonly description: string;
  readonly usb: UsbIdentity | undefined;
  readonly isOpen: boolean;
  /** False for raw TCP and for a pty: the board can't be reset from here. */
  readonly hasModemLines: boolean;
  /** False for raw TCP: `setBaud` does nothing there. */
  readonly hasBaud: boolean;
  /** In force now, in bits per second. */
  readonly baud: number;
  /** As set last. */
  readonly lines: ModemLines;
  /** Bytes as they come, in chunks of any size. Those that came before the first listener are kept for it, 64 KiB at most. A chunk is the
   * listener's own: nobody writes into it later. */
  readonly onData: Event<Uint8Array>;
  /** Fires once. A listener that subscribes later hears it at once. */
  readonly onClosed: Event<TransportClosed>;
  /** Resolves when the bytes are handed over (to the system, to the socket), which is not yet when they are on the line. */
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves when everything written has left the computer, as far as the system can tell. */
  drain(): Promise<void>;
  /** Waits for what is being sent, then changes the rate. Bytes under way from the board may be lost.
   * @throws {OtaError} `serial.unsupportedBaud` */
  setBaud(baud: number): Promise<void>;
  /** @throws {OtaError} `serial.noModemLines` */
  setLines(lines: ModemLines): Promise<void>;
  /** Throws away what came in but was not delivered, what was not sent yet, or both (the default). */
  purge(which?: 'input' | 'output' | 'both'): Promise<void>;
  /** Never rejects. Closing twice is closing once. */
  close(): Promise<void>;
}

/** How a port is opened. */
export interface OpenOptions {
  /** Default 115200. */
  readonly baud?: number;
  /** In force as soon as the port is open. Default both released, in one step where the system can, which leaves a running board running.
   * Over RFC 2217 the default is to leave them as the server has them: there, letting go of RTS can mean a reset. */
  readonly lines?: ModemLines;
  readonly usb?: UsbIdentity;
  readonly signal?: AbortSignal;
}

/** An open end of a line in this process, in the shape of `BindingPortInterface` of `@serialport/bindings-interface` 1.2, so that it stands
 * in for the native module below the same stream. */
export interface LineEnd {
  readonly openOptions: LineEndOptions;
  readonly isOpen: boolean;
  close(): Promise<void>;
  /** Resolves with at least one byte. Rejects with `canceled: true` on the error when closed meanwhile, with any other error when the
   * cable was pulled. */
  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }>;
  write(buffer: Buffer): Promise<void>;
  update(options: { baudRate: number }): Promise<void>;
  /** A rejection whose message has `Inappropriate ioctl` means that the line has no control lines. */
  set(options: LineFlags): Promise<void>;
  get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }>;
  getBaudRate(): Promise<{ baudRate: number }>;
  flush(): Promise<void>;
  drain(): Promise<void>;
}

/** All of them are given on every call. `lowLatency` is Linux's, for bridges that otherwise collect bytes for 16 ms. */
export interface LineFlags {
  brk?: boolean;
  cts?: boolean;
  dsr?: boolean;
  dtr?: boolean;
  rts?: boolean;
  lowLatency?: boolean;
}

export interface LineEndOptions {
  path: string;
  baudRate: number;
  dataBits: 5 | 6 | 7 | 8;
  lock: boolean;
  stopBits: 1 | 1.5 | 2;
  parity: string;
  rtscts: boolean;
  xon: boolean;
  xoff: boolean;
  xany: boolean;
  hupcl: boolean;
}

/** Ports that live in this process, in the shape of `BindingInterface` of `@serialport/bindings-interface` 1.2. */
export interface LineBinding {
  list(): Promise<LineInfo[]>;
  open(options: Partial<LineEndOptions> & { path: string; baudRate: number }): Promise<LineEnd>;
}

/** Ids are four hexadecimal digits, in either case. */
export interface LineInfo {
  path: string;
  manufacturer: string | undefined;
  serialNumber: string | undefined;
  pnpId: string | undefined;
  /** Windows: as the device manager shows it, with the port. */
  friendlyName?: string | undefined;
  locationId: string | undefined;
  productId: string | undefined;
  vendorId: string | undefined;
}
