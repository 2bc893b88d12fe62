import { readdir, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { LineInfo } from './serial-transport.ts';

/** Folders above the terminal's own that may be its USB device: function, interface, device, hub. */
const MAX_PARENTS = 6;

/** The serial devices of a Linux system, read from `/sys`: needs no udev, which containers and Alpine do not have, starts no process, and
 * knows the names that node-serialport's own list leaves out (`ttyCH343USB0`). UARTs the kernel keeps a name for without having the part
 * (`ttyS4` …) are left out. Undefined when the system has no such tree.
 * @see Linux `Documentation/ABI/testing/sysfs-tty`, `type`: 0 is PORT_UNKNOWN */
export async function listSysfsPorts(sysRoot = '/sys', devRoot = '/dev'): Promise<LineInfo[] | undefined> {
  const folder = join(sysRoot, 'class/tty');
  const names = await readdir(folder).catch(() => undefined);
  if (names === undefined) return undefined;
  const nodes = new Set(await readdir(devRoot).catch(() => []));
  const ports = await Promise.all(
    names.map(async (name): Promise<LineInfo | undefined> => {
      // virtual consoles and ptys have no device behind them
      const device = await realpath(join(folder, name, 'device')).catch(() => undefined);
      if (device === undefined || !nodes.has(name)) return undefined;
      const type = await text(join(folder, name, 'type'));
      if (/^ttyS\d+$/.test(name) && (type === '0' || type === undefined)) return undefined;
      return { ...(await usbFacts(device)), path: join(devRoot, name) };
    }),
  );
  return ports.filter((port) => port !== undefined);
}

/** The USB identity of one device, by name. */
export async function sysfsFacts(path: string, sysRoot = '/sys'): Promise<LineInfo | undefined> {
  const node = await realpath(path).catch(() => path);
  const device = await realpath(join(sysRoot, 'class/tty', basename(node), 'device')).catch(() => undefined);
  return device === undefined ? undefined : { ...(await usbFacts(device)), path };
}

async function usbFacts(device: string): Promise<Omit<LineInfo, 'path'>> {
  let folder = device;
  let interfaceNumber: string | undefined;
  for (let level = 0; level < MAX_PARENTS; level++) {
    interfaceNumber ??= await text(join(folder, 'bInterfaceNumber'));
    const vendorId = await text(join(folder, 'idVendor'));
    if (vendorId !== undefined) {
      const [productId, serialNumber, manufacturer, product] = await Promise.all(
        ['idProduct', 'serial', 'manufacturer', 'product'].map((name) => text(join(folder, name))),
      );
      // in the shape of udev's by-id name, whose end says which of a bridge's ports it is
      const pnpId = `${product ?? ''}${interfaceNumber === undefined ? '' : `-if${interfaceNumber}`}`;
      return { vendorId, productId, serialNumber, manufacturer, pnpId, locationId: basename(folder) };
    }
    folder = dirname(folder);
  }
  return {
    vendorId: undefined,
    productId: undefined,
    serialNumber: undefined,
    manufacturer: undefined,
    pnpId: undefined,
    locationId: undefined,
  };
}

async function text(path: string): Promise<string | undefined> {
  return (await readFile(path, 'utf8').catch(() => undefined))?.trim();
}
