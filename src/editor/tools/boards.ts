import { OtaError } from '../../base/ota-error.ts';
import { virtualAddress } from '../../ota/virtual-port.ts';
import type { WindowSession } from '../window-session.ts';

/** Addresses that a board is likely behind, as far as they are known: a computer has serial ports of its own, too. */
function likelyBoards({ board, ports, monitors }: WindowSession): readonly string[] {
  return [
    ...new Set([
      ...board.boards.map(({ number }) => virtualAddress(number)),
      ...ports.ports.filter(({ isLikelyBoard }) => isLikelyBoard).map(({ address }) => address),
      ...monitors.monitors.map(({ address }) => address),
    ]),
  ];
}

/** Which board is behind a port at the moment, as far as that is known without asking it. */
export function boardKey({ ports }: WindowSession, address: string): string {
  const port = ports.ports.find((one) => one.address === address);
  return [address, port?.name, port?.usbId, port?.facts?.mac].join(' ');
}

/** The port that was named, else the selected one, else the only likely board.
 * @throws {OtaError} `tool.noPort` */
export function boardOf(session: WindowSession, named: string | undefined): string {
  if (named !== undefined) return named;
  const { selected } = session.ports;
  if (selected !== '') return selected;
  const known = likelyBoards(session);
  const [only] = known;
  if (only === undefined || known.length > 1) throw new OtaError('tool.noPort', { known: known.join(', ') });
  return only;
}
