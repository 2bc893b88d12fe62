import type { DisposableStore } from '../../src/base/disposable.ts';
import { openPort } from '../../src/serial/open-port.ts';
import type { OpenOptions, SerialTransport } from '../../src/serial/serial-transport.ts';
import type { FlashFile, FlashRequest } from '../../src/flash/flash-plan.ts';
import { boardBinding } from '../../src/virtual-board/loader/line-binding.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { SerialBoard } from '../../src/virtual-board/loader/serial-board.ts';
import type { SerialBoardOptions } from '../../src/virtual-board/loader/serial-board-options.ts';
import { serveSocket } from '../../src/virtual-board/loader/socket-server.ts';
import { NorFlash } from '../../src/virtual-board/nor-flash.ts';
import {
  BUILT_IN_TABLES,
  assemble,
  chipFacts,
  makeAppImage,
  makeOtadata,
  makePartitionTable,
  parseTableCsv,
  pseudoCode,
} from './firmware.ts';

export const MIB = 1024 * 1024;
export const MAC = '7c:df:a1:01:02:03';

export type Way = 'inProcess' | 'socket' | 'rfc2217' | 'rfc2217Resetting';

export interface FlashRig {
  readonly board: SerialBoard;
  readonly flash: NorFlash;
  readonly address: string;
  open(options?: OpenOptions): Promise<SerialTransport>;
}

/** A virtual board with a port, until the store is disposed. */
export async function flashRig(
  store: DisposableStore,
  options: Partial<SerialBoardOptions> & { chip: string },
  way: Way = 'inProcess',
): Promise<FlashRig> {
  const flash = options.flash ?? new NorFlash(4 * MIB);
  const board = store.add(new SerialBoard({ mac: MAC, ...options, flash }));
  board.plugIn();
  if (way === 'inProcess') {
    const virtual = (): ReturnType<typeof boardBinding> => boardBinding([{ path: 'board', board }]);
    const usb =
      options.reset === 'usbSerialJtag'
        ? { vendorId: 0x303a, productId: 0x1001 }
        : { vendorId: 0x10c4, productId: 0xea60 };
    return {
      board,
      flash,
      address: 'virtual://board',
      open: (more) => openPort('virtual://board', { usb, ...more, virtual }),
    };
  }
  const kind = way === 'rfc2217Resetting' ? 'resetting' : 'forwarding';
  const server = store.add(way === 'socket' ? await serveSocket(board) : await serveRfc2217(board, { kind }));
  const address = kind === 'resetting' ? `${server.address}?ign_set_control` : server.address;
  return { board, flash, address, open: (more) => openPort(address, more) };
}

export interface BuildOptions {
  readonly target: string;
  readonly version?: string;
  readonly appBytes?: number;
  readonly minRevision?: number;
}

/** Fits before the partition table on every chip. */
export function makeSmallBootloader(target: string, flashMode: 'dio' | 'qio' = 'dio'): Uint8Array {
  const chip = chipFacts(target);
  return assemble({ target, entry: chip.bootloaderEntry, flashMode }, [
    { address: chip.bootloader[0], data: pseudoCode(0x1000, 'data') },
    { address: chip.bootloader[1], data: pseudoCode(0x3000, 'loader') },
  ]);
}

/** What the `flasher_args.json` of a build names, with its bytes. */
export function makeBuild({ target, version = '1.0.0', appBytes = 200 * 1024 }: BuildOptions): FlashRequest & {
  readonly files: readonly FlashFile[];
} {
  const rows = parseTableCsv(BUILT_IN_TABLES['partitions_two_ota.csv'] ?? '');
  return {
    chip: target,
    flashMode: 'dio',
    flashSize: '4MB',
    files: [
      { name: 'bootloader', offset: chipFacts(target).bootloaderOffset, bytes: makeSmallBootloader(target) },
      { name: 'partition-table', offset: 0x8000, bytes: makePartitionTable(rows) },
      { name: 'otadata', offset: 0xd000, bytes: makeOtadata() },
      { name: 'app', offset: 0x10000, bytes: makeAppImage({ target, version, totalSizeBytes: appBytes }) },
    ],
  };
}

/** Whether the flash holds all files of a build. */
export function holds(flash: NorFlash, request: FlashRequest): boolean {
  return request.files.every(({ offset, bytes }) => Buffer.from(flash.read(offset, bytes.length)).equals(bytes));
}

/** As after its buttons were pressed: in the ROM's download mode. */
export function inLoader({ board }: FlashRig): void {
  board.holdBoot(true);
  board.pressReset();
  board.holdBoot(false);
}

export interface LineTricks {
  /** What becomes of bytes on their way to the board. */
  readonly toBoard?: (bytes: Uint8Array) => Uint8Array;
  /** What becomes of bytes on their way back; none of them with `undefined`. */
  readonly toHost?: (bytes: Uint8Array) => Uint8Array | undefined;
}

/** A transport that does something to the bytes. */
export function tricked(transport: SerialTransport, tricks: LineTricks): SerialTransport {
  return new Proxy(transport, {
    get: (target, key) => {
      if (key === 'write' && tricks.toBoard !== undefined) {
        const { toBoard } = tricks;
        return (bytes: Uint8Array) => target.write(toBoard(bytes));
      }
      if (key === 'onData' && tricks.toHost !== undefined) {
        const { toHost } = tricks;
        return (listener: (bytes: Uint8Array) => void) =>
          target.onData((bytes) => {
            const left = toHost(bytes);
            if (left !== undefined) listener(left);
          });
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
