import { window } from 'vscode';
import { virtualName } from '../../texts/board-names.ts';
import { virtualNumber } from '../sessions/board-session.ts';
import type { WindowSession } from '../window-session.ts';

/** The number of the virtual board whose row a command was called on, or of one that is picked; undefined when there is none. */
export async function virtualBoardOf(session: WindowSession, row: unknown, title: string): Promise<number | undefined> {
  const named = typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string' ? row.id : '';
  const number = virtualNumber(named.replace(/^virtualBoard/, 'virtual'));
  const { boards } = session.board;
  if (boards.some((one) => one.number === number)) return number;
  const [first] = boards;
  if (boards.length < 2) return first?.number;
  const items = boards.map((one) => ({
    label: virtualName(one.number),
    description: one.device.state.running?.version ?? '',
    number: one.number,
  }));
  return (await window.showQuickPick(items, { title }))?.number;
}
