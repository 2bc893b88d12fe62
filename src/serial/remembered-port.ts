import { realpath } from 'node:fs/promises';
import { findAgain, isSamePort, type PortEntry } from './ports.ts';
import type { UsbIdentity } from './serial-transport.ts';
import { formatUsbIds, knownUsb, VENDOR_ESPRESSIF } from './usb-identities.ts';
import { calloutPath } from './usb-transport.ts';

/** What was behind an address at a moment, to tell later whether it still is. */
export interface RememberedPort {
  readonly address: string;
  /** Undefined where no list has it, such as a port of another computer: nothing can be told of it later. */
  readonly board: PortEntry | undefined;
  /** All ports that there were. */
  readonly all: readonly PortEntry[];
}

/** `here`: under this address, the one that was remembered if it can be. `other`: there is another board, and the one that was meant is nowhere.
 * `gone`: there is nothing, and it is nowhere. */
export type Found =
  | { readonly kind: 'here'; readonly address: string }
  | { readonly kind: 'other'; readonly before: PortEntry; readonly now: PortEntry }
  | { readonly kind: 'gone' };

/** @param ports of this computer, as they are known to be */
export async function rememberPort(address: string, ports: readonly PortEntry[]): Promise<RememberedPort> {
  return { address, board: await entryAt(address, ports), all: ports };
}

/** Where the board is that was behind the address. One without a serial number can't be told from another of its kind that has come to its
 * address; under a new address it is known when it is the only one that came.
 * @param ports of this computer, as they are now */
export async function findRemembered(remembered: RememberedPort, ports: readonly PortEntry[]): Promise<Found> {
  const { address, board, all } = remembered;
  if (board === undefined) return { kind: 'here', address };
  const now = await entryAt(address, ports);
  if (now !== undefined && isSameBoard(board, now)) return { kind: 'here', address };
  // one that was there all along is not the one that was meant
  const came = ports.filter((port) => !all.some((before) => isSamePort(before, port)) && isSameBoard(board, port));
  const found = board.usb === undefined ? undefined : findAgain(board, came);
  if (found !== undefined) return { kind: 'here', address: found.address };
  return now === undefined ? { kind: 'gone' } : { kind: 'other', before: board, now };
}

/** For people, without the address: `CP2102 0001`, `CH340`, `2e8a:000a E6614103E7`. */
export function boardOfPort({ usb, name }: PortEntry): string {
  if (usb === undefined) return name;
  const part = knownUsb(usb)?.name ?? usb.product ?? formatUsbIds(usb);
  return usb.serialNumber === undefined ? part : `${part} ${usb.serialNumber}`;
}

/** Whether both can be the same board. Espressif's own chips are other USB products while their loader runs: the place tells then. */
function isSameBoard({ usb: before }: PortEntry, { usb: now }: PortEntry): boolean {
  if (before === undefined || now === undefined) return before === now;
  if (before.vendorId !== now.vendorId) return false;
  const isEspressif = before.vendorId === VENDOR_ESPRESSIF;
  if (before.productId !== now.productId && !isEspressif) return false;
  const isSerialKnown = before.serialNumber !== undefined && now.serialNumber !== undefined;
  if (isSerialKnown && before.serialNumber === now.serialNumber) return true;
  if (before.productId === now.productId) return !isSerialKnown;
  return isSamePlace(before, now);
}

function isSamePlace(before: UsbIdentity, now: UsbIdentity): boolean {
  return before.locationId !== undefined && before.locationId === now.locationId;
}

/** The entry of a device, which may have been named by a link to it or in other letters. */
async function entryAt(address: string, ports: readonly PortEntry[]): Promise<PortEntry | undefined> {
  // on Windows to ask for the path of a port would open it
  const node = calloutPath(address.startsWith('/') ? await realpath(address).catch(() => address) : address);
  return [address, node]
    .map((one) => ports.find((port) => port.address.toLowerCase() === one.toLowerCase()))
    .find((port) => port !== undefined);
}
