import { l10n } from 'vscode';
import { requireTrust } from '../commands/run.ts';
import { INPUTS } from './inputs.ts';
import { statusOf } from './server-status.ts';
import { asks, type Tool } from './tool.ts';

/** Stops the OTA server. */
export const tool: Tool = {
  prepare: ({ server }, input) => {
    INPUTS.stop_server(input);
    const downloads = [...server.clients.values()].filter(({ current }) => current !== undefined).length;
    return asks(
      l10n.t('Stopping the OTA server'),
      l10n.t('Stop the OTA server?'),
      downloads === 0
        ? l10n.t('Boards get no update from this computer until it is started again.')
        : l10n.t('{0} downloads that go on are cut off.', downloads),
    );
  },
  run: async (session, input) => {
    INPUTS.stop_server(input);
    requireTrust();
    await session.server.stop();
    return statusOf(session);
  },
};
