import { realpath } from 'node:fs/promises';
import type { PortEntry } from './ports.ts';
import { findAgain, isOnlyOfItsKind } from './same-board.ts';
import { formatUsbIds, knownUsb } from './usb-identities.ts';
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

/** Remembers those too that came since. With the board away they are others, unless more speaks for them than that they are of its kind. */
export function rememberOthers(remembered: RememberedPort, ports: readonly PortEntry[]): RememberedPort {
  const { board, all } = remembered;
  const others =
    board === undefined
      ? []
      : ports.filter((port) => findAgain(board, [port], all) === undefined || isOnlyOfItsKind(board, port));
  return { ...remembered, all: [...all, ...others] };
}

/** Where the board is that was behind the address. One without a serial number can't be told from another of its kind that has come to its
 * place or address.
 * @param ports of this computer, as they are now */
export async function findRemembered(remembered: RememberedPort, ports: readonly PortEntry[]): Promise<Found> {
  const { address, board, all } = remembered;
  if (board === undefined) return { kind: 'here', address };
  const now = await entryAt(address, ports);
  const found = findAgain(board, ports, all);
  if (found !== undefined) return { kind: 'here', address: found === now ? address : found.address };
  return now === undefined ? { kind: 'gone' } : { kind: 'other', before: board, now };
}

/** For people, without the address: `CP2102 0001`, `CH340`, `2e8a:000a E6614103E7`. */
export function boardOfPort({ usb, name }: PortEntry): string {
  if (usb === undefined) return name;
  const part = knownUsb(usb)?.name ?? usb.product ?? formatUsbIds(usb);
  return usb.serialNumber === undefined ? part : `${part} ${usb.serialNumber}`;
}

/** The entry of a device, which may have been named by a link to it or in other letters. */
async function entryAt(address: string, ports: readonly PortEntry[]): Promise<PortEntry | undefined> {
  // on Windows to ask for the path of a port would open it
  const node = calloutPath(address.startsWith('/') ? await realpath(address).catch(() => address) : address);
  return [address, node]
    .map((one) => ports.find((port) => port.address.toLowerCase() === one.toLowerCase()))
    .find((port) => port !== undefined);
}
