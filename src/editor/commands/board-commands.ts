import { commands, l10n } from 'vscode';
import { VIEWS } from '../../texts/contributions.ts';
import { requireTrust, type Handler } from './run.ts';
import { virtualBoardOf } from './virtual-board-row.ts';

export const attachVirtualBoard: Handler = async (session) => {
  requireTrust();
  await session.board.attach();
  await commands.executeCommand(`${VIEWS.devices}.focus`);
};

export const attachAnotherVirtualBoard: Handler = async (session) => {
  requireTrust();
  await session.board.attachAnother();
  await commands.executeCommand(`${VIEWS.devices}.focus`);
};

export const detachVirtualBoard: Handler = async (session, row) => {
  const number = await virtualBoardOf(session, row, l10n.t('Select the virtual board to detach'));
  if (number !== undefined) session.board.detach(number);
};

export const showBoardConsole: Handler = (session) => {
  session.showConsole();
};
