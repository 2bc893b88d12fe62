import type { DisposableStore } from '../../src/base/disposable.ts';
import { openChip, type ChipSession } from '../../src/flash/chip-session.ts';
import { openPort } from '../../src/serial/open-port.ts';
import type { SerialTransport } from '../../src/serial/serial-transport.ts';
import { withSerialPort } from '../../src/virtual-board/loader/board-firmware.ts';
import { boardBinding } from '../../src/virtual-board/loader/line-binding.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import type { SerialBoard } from '../../src/virtual-board/loader/serial-board.ts';
import type { SerialBoardOptions } from '../../src/virtual-board/loader/serial-board-options.ts';
import { serveSocket } from '../../src/virtual-board/loader/socket-server.ts';
import type { NorFlash } from '../../src/virtual-board/nor-flash.ts';
import { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import { boardSetup, imageFor, tableRows, type FixtureOptions } from './board-fixture.ts';
import { countedTransport, type LineCount } from './counted-transport.ts';

export type Line = 'virtual' | 'socket' | 'rfc2217';

/** A board that boots what lies in its flash, at the end of a line. */
export interface SlotRig {
  readonly board: VirtualBoard;
  readonly line: SerialBoard;
  readonly flash: NorFlash;
  /** Bytes over the line since the last session was opened. */
  readonly count: LineCount;
  open(): Promise<SerialTransport>;
  /** Hold of its chip, for the time of the work. */
  withChip<T>(work: (chip: ChipSession) => Promise<T>): Promise<T>;
  /** Puts an image into a slot, by its label. */
  put(label: string, image: Uint8Array): void;
  /** Switches it off and on and waits for its application; gives the version and the slot. */
  boot(): Promise<{ version: string; label: string } | undefined>;
}

/** Three OTA slots and no factory. */
export const THREE_SLOTS = `nvs,data,nvs,0x9000,0x4000
otadata,data,ota,0xd000,0x2000
phy_init,data,phy,0xf000,0x1000
ota_0,app,ota_0,0x10000,0x80000
ota_1,app,ota_1,0x90000,0x80000
ota_2,app,ota_2,0x110000,0x80000
`;

export const FACTORY_AND_TWO = `nvs,data,nvs,0x9000,0x4000
otadata,data,ota,0xd000,0x2000
phy_init,data,phy,0xf000,0x1000
factory,app,factory,0x10000,0x80000
ota_0,app,ota_0,0x90000,0x80000
ota_1,app,ota_1,0x110000,0x80000
`;

/** The board is in its loader already, and its plug is pulled afterwards. */
export const NO_RESETS = { customReset: [], customHardReset: [] };

export async function slotRig(
  store: DisposableStore,
  options: FixtureOptions = {},
  more: {
    /** Over DTR and RTS where the line has them. Default: the board is put into its loader by its buttons, which takes no time. */
    readonly line?: Line;
    readonly serial?: Partial<SerialBoardOptions>;
  } = {},
): Promise<SlotRig> {
  const board = store.add(new VirtualBoard(boardSetup({ ...options, app: { updateOnBoot: 'never', ...options.app } })));
  const line = store.add(withSerialPort(board, more.serial ?? {}));
  line.plugIn();
  let address = 'virtual://board';
  if (more.line === 'socket' || more.line === 'rfc2217') {
    const server = store.add(more.line === 'socket' ? await serveSocket(line) : await serveRfc2217(line, {}));
    ({ address } = server);
  }
  const count: LineCount = { toBoard: 0, toHost: 0 };
  const open = async (): Promise<SerialTransport> => {
    if (more.line === 'socket' || more.line === undefined) {
      line.holdBoot(true);
      line.pressReset();
      line.holdBoot(false);
    }
    const virtual = (): ReturnType<typeof boardBinding> => boardBinding([{ path: 'board', board: line }]);
    count.toBoard = 0;
    count.toHost = 0;
    return countedTransport(await openPort(address, { virtual }), count);
  };
  return {
    board,
    line,
    count,
    flash: board.flash,
    open,
    withChip: async (work) => {
      const chip = await openChip(await open(), more.line === undefined ? NO_RESETS : {});
      try {
        return await work(chip);
      } finally {
        await chip.close({ restarts: line.isPluggedIn });
      }
    },
    put: (label, image) => {
      const row = tableRows(options).find((one) => one.label === label);
      if (row === undefined) throw new Error(`no slot ${label}`);
      board.flash.replace(row.offset, image);
    },
    boot: async () => {
      line.unplug();
      const settled = new Promise<void>((resolve) => {
        const subscription = board.onStateChange(({ phase }) => {
          if (phase !== 'idle' && phase !== 'bootFailed' && phase !== 'waitingForUrl') return;
          subscription.dispose();
          resolve();
        });
      });
      line.plugIn();
      await settled;
      const { running } = board.state;
      return running === undefined ? undefined : { version: running.version, label: running.label };
    },
  };
}

export function slotImage(version: string, options: FixtureOptions = {}): Uint8Array {
  return imageFor(options, { version });
}
