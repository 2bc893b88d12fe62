import { l10n } from 'vscode';
import { requireTrust } from '../commands/run.ts';
import { readSettings } from '../settings.ts';
import { INPUTS } from './inputs.ts';
import { statusOf } from './server-status.ts';
import { asks, type Tool } from './tool.ts';

/** Starts the OTA server. */
export const tool: Tool = {
  prepare: ({ projects, certificates }) => {
    const { values } = readSettings(projects.workspaceFolder());
    return asks(
      l10n.t('Starting the OTA server'),
      l10n.t('Start the OTA server?'),
      l10n.t(
        'It serves the built firmware on {0}://{1}:{2} to this computer’s network.',
        values['server.protocol'],
        certificates.advertisedHost(),
        values['server.port'],
      ),
    );
  },
  run: async (session, input, signal) => {
    INPUTS.start_server(input);
    requireTrust();
    // the likeliest address is taken where the user has picked none: the answer says so
    await session.server.start(signal);
    await session.server.published();
    return statusOf(session);
  },
};
