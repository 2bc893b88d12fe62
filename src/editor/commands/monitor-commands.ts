import { env, l10n, window } from 'vscode';
import { OtaError } from '../../base/ota-error.ts';
import { startServer } from './server-commands.ts';
import { addressOfRow, portFor } from './port-commands.ts';
import { requireTrust, type Handler } from './run.ts';
import type { WindowSession } from '../window-session.ts';

export const openMonitor: Handler = async (session, row) => {
  requireTrust();
  const address = await portFor(session, row);
  if (address !== undefined) await session.monitors.open(address);
};

export const closeMonitor: Handler = async (session, row) => {
  const address = addressOfRow(row) ?? (await pickMonitor(session));
  if (address !== undefined) await session.monitors.close(address);
};

/** For firmware that asks for the URL on its console (`FROM_STDIN`). */
export const sendFirmwareUrl: Handler = async (session, row) => {
  requireTrust();
  const address = addressOfRow(row) ?? (await pickMonitor(session)) ?? (await portFor(session, undefined));
  if (address === undefined) return;
  if (session.server.state.kind === 'off') await startServer(session);
  const release = await session.server.published();
  const url = release === undefined ? undefined : session.server.urlOf(release);
  if (url === undefined) {
    throw new OtaError('command.noImage', { path: session.projects.project?.folder ?? env.appName });
  }
  await session.monitors.sendUrl(address, url);
};

export const crashVirtualBoard: Handler = ({ board }) => {
  requireTrust();
  board.board?.crash();
};

/** The one monitor, or one of several. */
async function pickMonitor({ monitors }: WindowSession): Promise<string | undefined> {
  const [first, ...others] = monitors.monitors;
  if (first === undefined || others.length === 0) return first?.address;
  const chosen = await window.showQuickPick(
    monitors.monitors.map(({ address, view }) => ({ label: address, description: view.app?.version ?? '' })),
    { title: l10n.t('Select the monitor') },
  );
  return chosen?.label;
}
