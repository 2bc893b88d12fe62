import { VIRTUAL_PORT } from '../sessions/port-session.ts';
import { addressOfRow } from './port-commands.ts';
import type { Handler } from './run.ts';

/** The board of the row, else the one that is selected or the only one there is, else the project alone. */
export const showFlashMap: Handler = async (session, row) => {
  const { ports, board } = session;
  const selected = ports.selected;
  const isThere = selected === VIRTUAL_PORT ? board.board !== undefined : selected !== '';
  const usual = isThere ? selected : board.board === undefined ? '' : VIRTUAL_PORT;
  await session.showFlashMap(addressOfRow(row) ?? usual);
};
