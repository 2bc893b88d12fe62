import { arrangePorts, type PortEntry } from '../../src/serial/ports.ts';

/** What a board's USB device says of itself; `place` is the socket it is plugged into. */
export interface Usb {
  readonly ids?: string;
  readonly serialNumber?: string;
  readonly place?: string;
}

/** Entries as a Linux system has them. */
export function usbPort(address: string, { ids = '10c4:ea60', serialNumber, place }: Usb = {}): PortEntry {
  const [vendorId, productId] = ids === '' ? [] : ids.split(':');
  const none = { manufacturer: undefined, pnpId: undefined };
  const [entry] = arrangePorts(
    [{ path: address, vendorId, productId, serialNumber, locationId: place, ...none }],
    'linux',
  );
  if (entry === undefined) throw new Error(address);
  return entry;
}
