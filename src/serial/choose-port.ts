import { OtaError } from '../base/ota-error.ts';
import { isUart, type PortEntry } from './ports.ts';

/** The port to use when nobody named one: the only one that looks like a board's console.
 * @param ports of this computer
 * @throws {OtaError} `serial.noBoard`, `serial.severalBoards` with what there is */
export function choosePort(ports: readonly PortEntry[]): PortEntry {
  const boards = ports.filter((port) => port.isLikelyBoard && isUart(port));
  const [board, ...others] = boards;
  if (board === undefined) throw new OtaError('serial.noBoard', { ports: names(ports), count: ports.length });
  if (others.length > 0) throw new OtaError('serial.severalBoards', { ports: names(boards), count: boards.length });
  return board;
}

/** `CP2102 (ttyUSB0): /dev/ttyUSB0`, separated by LF. */
function names(ports: readonly PortEntry[]): string {
  return ports.map(({ address, name }) => (address.endsWith(name) ? address : `${address}  ${name}`)).join('\n');
}
