import { l10n } from 'vscode';
import { servedToText } from '../../texts/tool-questions.ts';
import { requireTrust } from '../commands/run.ts';
import { readSettings } from '../settings.ts';
import type { WindowSession } from '../window-session.ts';
import { INPUTS } from './inputs.ts';
import { statusOf } from './server-status.ts';
import { asks, type Tool } from './tool.ts';

/** Starts the OTA server. */
export const tool: Tool = {
  prepare: (session, input) => {
    INPUTS.start_server(input);
    return asks(l10n.t('Starting the OTA server'), l10n.t('Start the OTA server?'), servedTo(session));
  },
  run: async (session, input, signal) => {
    INPUTS.start_server(input);
    requireTrust();
    // the likeliest address is taken where the user has picked none: the answer says so
    await session.server.start(signal);
    // the user is told of a build that can't be served, and the answer names what is served
    await session.server.published().catch(() => undefined);
    return statusOf(session);
  },
};

/** Whom a server that is started now gives what it serves. */
export function servedTo({ projects, certificates }: WindowSession): string {
  const { values } = readSettings(projects.workspaceFolder());
  return servedToText({
    protocol: values['server.protocol'],
    host: certificates.advertisedHost(),
    port: values['server.port'],
    bindAddress: values['server.bindAddress'],
    allowsPublic: values['server.allowPublicClients'],
  });
}
