import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { choosePort } from '../../../src/serial/choose-port.ts';
import { portLockFolder } from '../../../src/serial/lock-folder.ts';
import { arrangePorts, type PortEntry } from '../../../src/serial/ports.ts';
import { caught } from '../../support/caught.ts';

const port = (address: string, isLikelyBoard: boolean, name = address): PortEntry => ({
  address,
  name,
  usb: undefined,
  isLikelyBoard,
  interfaceNumber: undefined,
});

describe('the port that nobody named', () => {
  it('is the only one that looks like a board', () => {
    const board = port('/dev/ttyUSB0', true);
    expect(choosePort([port('/dev/ttyS0', false), board])).toBe(board);
  });

  it('is the UART of a bridge that has a port for JTAG too', () => {
    const none = { manufacturer: undefined, serialNumber: 'FT1', locationId: '1-1' };
    const ports = arrangePorts(
      [0, 1].map((number) => ({
        path: `/dev/ttyUSB${number}`,
        vendorId: '0403',
        productId: '6010',
        pnpId: `Dual_RS232-HS-if0${number}`,
        ...none,
      })),
      'linux',
    );
    expect(choosePort(ports).address).toBe('/dev/ttyUSB1');
  });

  it('is none when there are several, or none that does: what there is, is said', async () => {
    const two = [port('/dev/ttyUSB0', true, 'CP2102 (ttyUSB0)'), port('/dev/ttyACM0', true), port('/dev/ttyS0', false)];
    expect((await caught(() => choosePort(two), 'serial.severalBoards')).details).toEqual({
      ports: '/dev/ttyUSB0  CP2102 (ttyUSB0)\n/dev/ttyACM0',
      count: 2,
    });
    expect((await caught(() => choosePort([port('COM1', false)]), 'serial.noBoard')).details).toEqual({
      ports: 'COM1',
      count: 1,
    });
    expect((await caught(() => choosePort([]), 'serial.noBoard')).details).toEqual({ ports: '', count: 0 });
  });
});

describe('the folder of the locks', () => {
  it('is the user’s, and the same for every program of theirs', () => {
    const end = join('esp32-ota', 'ports');
    expect(portLockFolder('linux', '/home/me')).toBe(join('/home/me', '.local', 'share', end));
    expect(portLockFolder('darwin', '/Users/me')).toBe(join('/Users/me', 'Library', 'Application Support', end));
    expect(portLockFolder('win32', 'C:\\me', 'D:\\local')).toBe(join('D:\\local', end));
  });
});
