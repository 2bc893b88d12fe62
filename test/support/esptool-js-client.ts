import { createHash } from 'node:crypto';
import { ESPLoader, Transport } from 'esptool-js';
import { vi } from 'vitest';
import { openPort } from '../../src/serial/open-port.ts';
import type { OpenOptions, SerialTransport } from '../../src/serial/serial-transport.ts';
import { boardBinding } from '../../src/virtual-board/loader/line-binding.ts';
import type { SerialBoard } from '../../src/virtual-board/loader/serial-board.ts';
import { WebSerialPort } from './web-serial.ts';

export interface EsptoolJs {
  readonly loader: ESPLoader;
  readonly transport: Transport;
  /** What it said so far. */
  readonly said: () => string;
}

/** esptool-js as it is, over a transport of ours. It writes to the console whatever it is told; that is caught, too. */
export function esptoolJs(
  open: (options: OpenOptions) => Promise<SerialTransport>,
  options: { readonly baud?: number; readonly isUsbSerialJtag?: boolean; readonly isVerbose?: boolean } = {},
): EsptoolJs {
  const words: string[] = [];
  const port = new WebSerialPort(
    open,
    options.isUsbSerialJtag === true ? { usbVendorId: 0x303a, usbProductId: 0x1001 } : {},
  );
  const transport = new Transport(port as ConstructorParameters<typeof Transport>[0]);
  const say = (text: string): void => {
    words.push(text);
  };
  vi.spyOn(console, 'log').mockImplementation(say);
  const terminal = { clean: () => undefined, write: say, writeLine: say };
  return {
    loader: new ESPLoader({
      transport,
      baudrate: options.baud ?? 921600,
      debugLogging: options.isVerbose ?? false,
      terminal,
    }),
    transport,
    said: () => words.join('\n'),
  };
}

/** A board in this process as a port. */
export function portOf(board: SerialBoard): (options: OpenOptions) => Promise<SerialTransport> {
  return (options) =>
    openPort('virtual://board', { ...options, virtual: () => boardBinding([{ path: 'board', board }]) });
}

/** The same bytes for the same length; half of them compress. */
export function makeImage(lengthBytes: number): Uint8Array {
  const image = new Uint8Array(lengthBytes).fill(0x5a);
  let state = 1;
  for (let at = lengthBytes >>> 1; at < lengthBytes; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    image[at] = state >>> 24;
  }
  return image;
}

export function writeImages(
  { loader }: EsptoolJs,
  images: readonly { readonly data: Uint8Array; readonly address: number }[],
): Promise<void> {
  return loader.writeFlash({
    fileArray: [...images],
    flashMode: 'keep',
    flashFreq: 'keep',
    flashSize: 'keep',
    eraseAll: false,
    compress: true,
    calculateMD5Hash: (bytes) => createHash('md5').update(bytes).digest('hex'),
  });
}
