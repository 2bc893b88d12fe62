import { isSamePort, type PortEntry } from './ports.ts';
import type { UsbIdentity } from './serial-transport.ts';
import { VENDOR_ESPRESSIF, VENDOR_SILICON_LABS } from './usb-identities.ts';

/** What speaks for a port being that of a board; what comes first outweighs all that follows. */
const BY_NUMBER = 4;
const BY_PLACE = 2;
const BY_ADDRESS = 1;

/** The port that a board has now: the one that is its own, or where it is after it was away. By its serial number, then by where it is plugged in,
 * then by its address, then as the only one of its kind of which nothing else is known. Undefined when there is none or when it would be a guess.
 *
 * A different serial number is a different board, and without one so is a different place, unless the address is the same too. Espressif's
 * own chips are another USB product, with a number of its own, while their loader runs: the place tells then.
 * @param now the ports among which it is looked for
 * @param others that there were besides it: one of them that is still there is not the board, and a number that one of them has too tells nothing */
export function findAgain(
  before: PortEntry,
  now: readonly PortEntry[],
  others: readonly PortEntry[] = [],
): PortEntry | undefined {
  const isOther = (port: PortEntry): boolean =>
    !isUnmoved(before, port) && others.some((other) => isUnmoved(other, port));
  const isNumbered = hasOwnNumber(before, others);
  const candidates = now
    .filter((port) => !isOther(port))
    .map((port) => ({ port, signs: signsFor(before, port, isNumbered) }));
  const most = Math.max(...candidates.map(({ signs }) => signs ?? -1));
  const best = candidates.filter(({ signs }) => signs === most && most >= 0).map(({ port }) => port);
  const [first, ...rest] = best;
  if (first === undefined || rest.length === 0) return first;
  // the ports of one device
  const sameInterface = best.find((port) => port.interfaceNumber === before.interfaceNumber);
  return rest.every((port) => isSamePlace(first.usb, port.usb)) ? (sameInterface ?? first) : undefined;
}

/** Whether there is nothing about a port but its kind that speaks for its being the board's. */
export function isOnlyOfItsKind(before: PortEntry, port: PortEntry): boolean {
  return signsFor(before, port, hasOwnNumber(before, [])) === 0;
}

/** What speaks for it; undefined when it can't be. */
function signsFor(before: PortEntry, now: PortEntry, isNumbered: boolean): number | undefined {
  const [a, b] = [before.usb, now.usb];
  const byAddress = before.address === now.address ? BY_ADDRESS : 0;
  if (a === undefined || b === undefined) return a === b && byAddress > 0 ? byAddress : undefined;
  if (a.vendorId !== b.vendorId) return undefined;
  const isSameProduct = a.productId === b.productId;
  if (!isSameProduct && a.vendorId !== VENDOR_ESPRESSIF) return undefined;
  const areNumbersKnown = a.serialNumber !== undefined && b.serialNumber !== undefined;
  const isSameNumber = areNumbersKnown && a.serialNumber === b.serialNumber;
  if (isSameProduct && ((areNumbersKnown && !isSameNumber) || isOtherInterface(before, now))) return undefined;
  const byNumber = isSameNumber && isNumbered ? BY_NUMBER : 0;
  const byPlace = isSamePlace(a, b) ? BY_PLACE : 0;
  if (isElsewhere(a, b) && byNumber === 0 && !(isSameProduct && byAddress > 0)) return undefined;
  return byNumber + byPlace + byAddress;
}

/** CP2102 bridges leave their factory with one number for all, and so do others.
 * @see Silicon Labs CP2102 data sheet, "Default USB Configuration Data" */
function hasOwnNumber(board: PortEntry, others: readonly PortEntry[]): boolean {
  const { usb } = board;
  if (usb?.serialNumber === undefined) return false;
  if (usb.vendorId === VENDOR_SILICON_LABS && usb.serialNumber === '0001') return false;
  return !others.some(
    (other) =>
      other.usb?.vendorId === usb.vendorId &&
      other.usb.serialNumber === usb.serialNumber &&
      isElsewhere(other.usb, usb),
  );
}

function isUnmoved(a: PortEntry, b: PortEntry): boolean {
  return isSamePort(a, b) && a.usb?.locationId === b.usb?.locationId;
}

function isSamePlace(a: UsbIdentity | undefined, b: UsbIdentity | undefined): boolean {
  return a?.locationId !== undefined && a.locationId === b?.locationId;
}

function isElsewhere(a: UsbIdentity, b: UsbIdentity): boolean {
  return a.locationId !== undefined && b.locationId !== undefined && a.locationId !== b.locationId;
}

function isOtherInterface(a: PortEntry, b: PortEntry): boolean {
  return a.interfaceNumber !== undefined && b.interfaceNumber !== undefined && a.interfaceNumber !== b.interfaceNumber;
}
