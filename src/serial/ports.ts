import { sysfsFacts, listSysfsPorts } from './sysfs-ports.ts';
import type { LineInfo, UsbIdentity } from './serial-transport.ts';
import { knownUsb, parseUsbId, VENDOR_ESPRESSIF } from './usb-identities.ts';
import { calloutPath, listNativePorts } from './usb-transport.ts';

/** A serial device of this machine. */
export interface PortEntry {
  /** What opens it. */
  readonly address: string;
  /** For people: what it is and where, such as `CP2102 (ttyUSB0)`. Names of parts are not translated. */
  readonly name: string;
  readonly usb: UsbIdentity | undefined;
  /** Its USB identity is one that ESP32 boards have. */
  readonly isLikelyBoard: boolean;
  /** Which port of a bridge that has several, when known. */
  readonly interfaceNumber: number | undefined;
}

/** Ports of macOS itself that no board is behind. @see esptool v5 `esptool/__init__.py`, `get_port_list` */
const SYSTEM_PORTS = /Bluetooth-Incoming-Port|wlan-debug|debug-console/;

/** The devices of this machine, likely boards first.
 * @throws {OtaError} `serial.unsupportedPlatform`, `serial.failed` where the native module has to be asked (not on Linux) */
export async function listPorts(platform: NodeJS.Platform = process.platform): Promise<readonly PortEntry[]> {
  const found = platform === 'linux' ? await listSysfsPorts() : undefined;
  return arrangePorts(found ?? (await listNativePorts()), platform);
}

/** What is known of one device without listing all, for a port whose path came from the settings. */
export async function usbIdentityOf(
  path: string,
  platform: NodeJS.Platform = process.platform,
): Promise<UsbIdentity | undefined> {
  if (platform === 'linux') return usbOf(await sysfsFacts(path));
  const ports = await listPorts(platform).catch(() => []);
  return ports.find((port) => port.address.toLowerCase() === calloutPath(path).toLowerCase())?.usb;
}

/** Names, ranks and sorts what a system lists; macOS's second name for each port and ports of the system itself are left out. */
export function arrangePorts(found: readonly LineInfo[], platform: NodeJS.Platform): readonly PortEntry[] {
  const entries = new Map<string, PortEntry>();
  for (const info of found) {
    if (SYSTEM_PORTS.test(info.path)) continue;
    const address = platform === 'darwin' ? calloutPath(info.path) : info.path;
    const usb = usbOf(info);
    const known = knownUsb(usb);
    const interfaceNumber = interfaceOf(info);
    // a second entry of the same port may know more than the first
    if (entries.get(address)?.usb !== undefined) continue;
    entries.set(address, {
      address,
      name: portName(address, known?.name ?? usb?.product ?? usb?.manufacturer, interfaceNumber),
      usb,
      isLikelyBoard: known !== undefined || usb?.vendorId === VENDOR_ESPRESSIF,
      interfaceNumber,
    });
  }
  return [...entries.values()].sort(
    (a, b) => rank(a) - rank(b) || a.address.localeCompare(b.address, 'en', { numeric: true }),
  );
}

function rank(port: PortEntry): number {
  if (port.usb?.vendorId === VENDOR_ESPRESSIF) return 0;
  if (knownUsb(port.usb) !== undefined) return isUart(port) ? 1 : 2;
  if (port.usb !== undefined || /ttyUSB|ttyACM|usbserial|usbmodem/i.test(port.address)) return 3;
  return /ttyS\d+$/.test(port.address) ? 5 : 4;
}

/** False for a port of a bridge whose UART is another one, such as the one for JTAG. */
export function isUart({ usb, interfaceNumber }: PortEntry): boolean {
  const uart = knownUsb(usb)?.uartInterface;
  return uart === undefined || interfaceNumber === undefined || interfaceNumber === uart;
}

function portName(address: string, part: string | undefined, interfaceNumber: number | undefined): string {
  const place = address.replace(/^(?:\/dev\/|\\\\[.?]\\)/, '');
  if (part === undefined) return place;
  return interfaceNumber === undefined || interfaceNumber === 0
    ? `${part} (${place})`
    : `${part} #${interfaceNumber + 1} (${place})`;
}

function usbOf(info: LineInfo | undefined): UsbIdentity | undefined {
  const vendorId = parseUsbId(info?.vendorId);
  const productId = parseUsbId(info?.productId);
  if (info === undefined || vendorId === undefined || productId === undefined) return undefined;
  const product = productOf(info);
  // what Windows calls a device that has no number: where it is plugged in, in its own words
  const isPlace = /^[0-9a-f]+&/i.test(info.serialNumber ?? '');
  const serialNumber = isPlace || info.serialNumber === '' ? undefined : info.serialNumber;
  const locationId = info.locationId ?? (isPlace ? info.serialNumber : undefined);
  return {
    vendorId,
    productId,
    ...(serialNumber === undefined ? {} : { serialNumber }),
    ...(info.manufacturer === undefined ? {} : { manufacturer: info.manufacturer }),
    ...(product === undefined ? {} : { product }),
    ...(locationId === undefined ? {} : { locationId }),
  };
}

/** Linux has it in front of the interface. Windows has the path of the device there (`USB\VID_…`), and tells of it in words of its own. */
function productOf({ pnpId = '', friendlyName = '' }: LineInfo): string | undefined {
  const product = pnpId.includes('\\') ? friendlyName.replace(/ *\(COM\d+\)$/, '') : pnpId.replace(/-if\d\d.*$/, '');
  return product === '' ? undefined : product;
}

function interfaceOf(info: LineInfo): number | undefined {
  const number = /-if(\d\d)/.exec(info.pnpId ?? '')?.[1] ?? /[&_]MI_(\d\d)/i.exec(info.pnpId ?? '')?.[1];
  return number === undefined ? undefined : Number(number);
}

/** Whether two lists have the same under an address, as far as its USB identity tells. */
export function isSamePort(a: PortEntry, b: PortEntry): boolean {
  return (
    a.address === b.address &&
    a.usb?.vendorId === b.usb?.vendorId &&
    a.usb?.productId === b.usb?.productId &&
    a.usb?.serialNumber === b.usb?.serialNumber
  );
}
