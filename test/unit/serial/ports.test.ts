import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { arrangePorts, type PortEntry } from '../../../src/serial/ports.ts';
import { findAgain } from '../../../src/serial/same-board.ts';
import type { LineInfo } from '../../../src/serial/serial-transport.ts';
import { listSysfsPorts, sysfsFacts } from '../../../src/serial/sysfs-ports.ts';
import { formatUsbIds, KNOWN_USB, knownUsb, parseUsbId } from '../../../src/serial/usb-identities.ts';

function info(path: string, ids = '', more: Partial<LineInfo> = {}): LineInfo {
  const [vendorId, productId] = ids === '' ? [undefined, undefined] : ids.split(':');
  return {
    path,
    manufacturer: undefined,
    serialNumber: undefined,
    pnpId: undefined,
    locationId: undefined,
    vendorId,
    productId,
    ...more,
  };
}

function entry(path: string, ids = '', more: Partial<LineInfo> = {}): PortEntry {
  const [port] = arrangePorts([info(path, ids, more)], 'linux');
  if (port === undefined) throw new Error(path);
  return port;
}

describe('the port list', () => {
  it('puts likely boards first, in the order of their numbers', () => {
    const ports = arrangePorts(
      [
        info('/dev/ttyS0'),
        info('/dev/ttyUSB10', '10c4:ea60'),
        info('/dev/ttyAMA0'),
        info('/dev/ttyUSB2', '10C4:EA60'),
        info('/dev/ttyACM1', '2341:0043', { manufacturer: 'Arduino' }),
        info('/dev/ttyACM0', '303a:1001'),
        info('/dev/ttyACM3', '303a:8123', { manufacturer: 'Somebody' }),
      ],
      'linux',
    );
    expect(ports.map((port) => [port.name, port.isLikelyBoard])).toEqual([
      ['USB-Serial/JTAG (ttyACM0)', true],
      ['Somebody (ttyACM3)', true],
      ['CP2102 (ttyUSB2)', true],
      ['CP2102 (ttyUSB10)', true],
      ['Arduino (ttyACM1)', false],
      ['ttyAMA0', false],
      ['ttyS0', false],
    ]);
  });

  it('puts the UART of a bridge with several ports before its others', () => {
    const ports = arrangePorts(
      [
        info('/dev/ttyUSB0', '0403:6010', { pnpId: 'usb-FTDI_Dual_RS232-HS-if00-port0' }),
        info('/dev/ttyUSB1', '0403:6010', { pnpId: 'usb-FTDI_Dual_RS232-HS-if01-port0' }),
      ],
      'linux',
    );
    expect(ports.map((port) => port.name)).toEqual(['FT2232H #2 (ttyUSB1)', 'FT2232H (ttyUSB0)']);
  });

  it('on macOS has each port once, by its call-out name, and none of the system’s own', () => {
    const ports = arrangePorts(
      [
        info('/dev/tty.usbmodem1', '303a:1001'),
        info('/dev/cu.usbmodem1'),
        info('/dev/tty.Bluetooth-Incoming-Port'),
        info('/dev/tty.wlan-debug'),
        info('/dev/tty.debug-console'),
      ],
      'darwin',
    );
    expect(ports.map((port) => [port.address, port.usb?.productId])).toEqual([['/dev/cu.usbmodem1', 0x1001]]);
  });
});

describe('the port list of Windows', () => {
  const named = (more: Partial<LineInfo>): PortEntry => {
    const [port] = arrangePorts(
      [info('COM7', '1234:5678', { pnpId: 'USB\\VID_1234&PID_5678\\5&2EB2&0&1', manufacturer: 'ACME', ...more })],
      'win32',
    );
    if (port === undefined) throw new Error('none');
    return port;
  };

  it('calls an adapter that is not known by what the system calls it, never by the path of its device', () => {
    expect(named({ friendlyName: 'ACME Fast Serial (COM7)' })).toMatchObject({
      name: 'ACME Fast Serial (COM7)',
      usb: { product: 'ACME Fast Serial' },
    });
    expect(named({}).name).toBe('ACME (COM7)');
    expect(named({}).usb?.product).toBeUndefined();
  });

  it('has the number of the interface from that path', () => {
    expect(named({ pnpId: 'USB\\VID_1234&PID_5678&MI_01\\6&1A2B&0&0001' }).interfaceNumber).toBe(1);
  });

  it('takes the number that the system gave to a device without one for its place', () => {
    expect(named({ serialNumber: '5&2EB2&0&1' }).usb).toMatchObject({ locationId: '5&2EB2&0&1' });
    expect(named({ serialNumber: '5&2EB2&0&1' }).usb?.serialNumber).toBeUndefined();
    expect(named({ serialNumber: '5&2EB2&0&1', locationId: 'Port_#0001.Hub_#0003' }).usb?.locationId).toBe(
      'Port_#0001.Hub_#0003',
    );
    expect(named({ serialNumber: '' }).usb?.serialNumber).toBeUndefined();
    expect(named({ serialNumber: 'AB12' }).usb?.serialNumber).toBe('AB12');
  });
});

describe('USB identities', () => {
  it('are unique, and have four digits', () => {
    const ids = KNOWN_USB.map((known) => formatUsbIds(known));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((text) => /^[0-9a-f]{4}:[0-9a-f]{4}$/.test(text))).toBe(true);
  });

  it('are known whatever the system writes', () => {
    expect(parseUsbId('303A')).toBe(0x303a);
    expect(parseUsbId('0x1001')).toBe(0x1001);
    expect(parseUsbId('zz')).toBeUndefined();
    expect(parseUsbId(undefined)).toBeUndefined();
    expect(knownUsb({ vendorId: 0x303a, productId: 0x1001 })?.reset).toBe('usbSerialJtag');
    expect(knownUsb(undefined)).toBeUndefined();
  });
});

describe('a board that comes back', () => {
  const before = entry('/dev/ttyACM0', '303a:1001', { serialNumber: 'AA', locationId: '1-1' });

  it('is found by its serial number, whatever it is called', () => {
    const now = [
      entry('/dev/ttyACM0', '303a:1001', { serialNumber: 'BB', locationId: '1-2' }),
      entry('/dev/ttyACM5', '303a:4001', { serialNumber: 'AA', locationId: '1-9' }),
    ];
    expect(findAgain(before, now)?.address).toBe('/dev/ttyACM5');
  });

  it('is found by where it is plugged in, as a chip’s loader has another serial number', () => {
    const now = [
      entry('/dev/ttyACM1', '303a:0009', { serialNumber: '0', locationId: '1-2' }),
      entry('/dev/ttyACM2', '303a:0009', { serialNumber: '0', locationId: '1-1' }),
    ];
    expect(findAgain(before, now)?.address).toBe('/dev/ttyACM2');
  });

  it('is found as the only one of its maker', () => {
    expect(findAgain(before, [entry('/dev/ttyUSB0', '10c4:ea60'), entry('/dev/ttyACM3', '303a:0002')])?.address).toBe(
      '/dev/ttyACM3',
    );
  });

  it('is not guessed among several, and a bridge of another serial number is another board', () => {
    expect(findAgain(before, [entry('/dev/ttyACM3', '303a:1001'), entry('/dev/ttyACM4', '303a:1001')])).toBeUndefined();
    const bridge = entry('/dev/ttyUSB0', '10c4:ea60', { serialNumber: '1', locationId: '1-1' });
    const other = entry('/dev/ttyUSB0', '10c4:ea60', { serialNumber: '2', locationId: '1-1' });
    expect(findAgain(bridge, [other])).toBeUndefined();
    expect(findAgain(bridge, [])).toBeUndefined();
  });

  it('is not another chip of the same product', () => {
    const other = entry('/dev/ttyACM0', '303a:1001', { serialNumber: 'BB', locationId: '1-1' });
    expect(findAgain(before, [other])).toBeUndefined();
  });

  it('keeps to the same port of its bridge', () => {
    const facts = { serialNumber: 'FT1' };
    const uart = entry('/dev/ttyUSB1', '0403:6010', { ...facts, pnpId: 'x-if01' });
    const now = [
      entry('/dev/ttyUSB4', '0403:6010', { ...facts, pnpId: 'x-if00' }),
      entry('/dev/ttyUSB5', '0403:6010', { ...facts, pnpId: 'x-if01' }),
    ];
    expect(findAgain(uart, now)?.address).toBe('/dev/ttyUSB5');
  });

  it('without a USB identity is only its own address', () => {
    expect(findAgain(entry('/dev/ttyAMA0'), [entry('/dev/ttyAMA0')])?.address).toBe('/dev/ttyAMA0');
    expect(findAgain(entry('/dev/ttyAMA0'), [entry('/dev/ttyAMA1')])).toBeUndefined();
  });
});

describe('the list of a Linux system without udev', () => {
  const folders: string[] = [];
  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  /** A tree in the shape of /sys and /dev with one port of each sort. */
  async function tree(): Promise<{ sys: string; dev: string }> {
    const root = await mkdtemp(join(tmpdir(), 'sysfs-'));
    folders.push(root);
    const write = async (path: string, text: string): Promise<void> => {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), text);
    };
    const usb = 'sys/devices/pci/usb1/1-4';
    await write(`${usb}/idVendor`, '303a\n');
    await write(`${usb}/idProduct`, '1001\n');
    await write(`${usb}/serial`, '34:85:18:00:11:22\n');
    await write(`${usb}/manufacturer`, 'Espressif\n');
    await write(`${usb}/product`, 'USB JTAG/serial debug unit\n');
    await write(`${usb}/1-4:1.0/bInterfaceNumber`, '00\n');
    await write('sys/devices/platform/serial8250/uevent', '');
    await write('sys/class/tty/ttyS0/type', '4\n');
    await write('sys/class/tty/ttyS4/type', '0\n');
    await mkdir(join(root, 'sys/class/tty/ttyACM0'), { recursive: true });
    await mkdir(join(root, 'sys/class/tty/ttyACM9'), { recursive: true });
    await mkdir(join(root, 'sys/class/tty/tty0'), { recursive: true });
    for (const [name, device] of [
      ['ttyACM0', `${usb}/1-4:1.0`],
      ['ttyACM9', `${usb}/1-4:1.0`],
      ['ttyS0', 'sys/devices/platform/serial8250'],
      ['ttyS4', 'sys/devices/platform/serial8250'],
    ] as const)
      await symlink(join(root, device), join(root, 'sys/class/tty', name, 'device'));
    for (const name of ['ttyACM0', 'ttyS0', 'ttyS4', 'tty0']) await write(`dev/${name}`, '');
    return { sys: join(root, 'sys'), dev: join(root, 'dev') };
  }

  it('has the devices, with their USB identity, and no port that is only a name', async () => {
    const { sys, dev } = await tree();
    const ports = arrangePorts((await listSysfsPorts(sys, dev)) ?? [], 'linux');
    expect(ports).toEqual([
      {
        address: join(dev, 'ttyACM0'),
        name: expect.stringContaining('USB-Serial/JTAG') as string,
        usb: {
          vendorId: 0x303a,
          productId: 0x1001,
          serialNumber: '34:85:18:00:11:22',
          manufacturer: 'Espressif',
          product: 'USB JTAG/serial debug unit',
          locationId: '1-4',
        },
        isLikelyBoard: true,
        interfaceNumber: 0,
      },
      expect.objectContaining({ address: join(dev, 'ttyS0'), usb: undefined }) as PortEntry,
    ]);
  });

  it('knows one device by a link to it', async () => {
    const { sys, dev } = await tree();
    await symlink(join(dev, 'ttyACM0'), join(dev, 'by-id'));
    expect(await sysfsFacts(join(dev, 'by-id'), sys)).toMatchObject({ vendorId: '303a', productId: '1001' });
    expect(await sysfsFacts(join(dev, 'none'), sys)).toBeUndefined();
  });

  it('is undefined where there is no such tree', async () => {
    expect(await listSysfsPorts('/nowhere')).toBeUndefined();
  });
});
