import type { VirtualBoard } from '../virtual-board.ts';
import { SerialBoard } from './serial-board.ts';
import type { BoardFirmware, SerialBoardOptions } from './serial-board-options.ts';

/** What a virtual board runs, for the chip behind a serial line. */
export function firmwareOf(board: VirtualBoard): BoardFirmware {
  const decoder = new TextDecoder();
  return {
    onConsole: board.onConsole,
    boot: () => {
      board.reset();
    },
    halt: () => {
      board.powerOff();
    },
    receiveConsole: (bytes) => {
      board.sendConsole(decoder.decode(bytes, { stream: true }));
    },
  };
}

/** A virtual board with a serial port: its flash, its chip (revision and MAC address, too) and what it runs, and a loader to flash it by. Power now comes with the cable: use
 * `plugIn()`, `unplug()` and `pressReset()` of what this gives. Disposing it leaves the virtual board to its owner, switched off.
 * @throws {OtaError} `board.badSetup` for a chip without a simulated loader. */
export function withSerialPort(
  board: VirtualBoard,
  options: Omit<SerialBoardOptions, 'chip' | 'flash' | 'firmware' | 'revision' | 'mac'> = {},
): SerialBoard {
  const { chipRevision: revision, macAddress: mac, flash } = board;
  return new SerialBoard({ ...options, chip: board.state.chip, revision, mac, flash, firmware: firmwareOf(board) });
}
