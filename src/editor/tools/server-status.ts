import { l10n } from 'vscode';
import { readSettings } from '../settings.ts';
import type { WindowSession } from '../window-session.ts';
import { serverAnswer } from './answers/server-answer.ts';
import { INPUTS } from './inputs.ts';
import type { ToolValue } from './output.ts';
import { says, type Tool } from './tool.ts';

/** Whether the server runs, what it serves, and who came. */
export const tool: Tool = {
  prepare: () => says(l10n.t('Looking at the OTA server')),
  run: (session, input) => Promise.resolve(statusOf(session, INPUTS.server_status(input).limit)),
};

export function statusOf(
  { server, certificates, projects }: WindowSession,
  limit = INPUTS.server_status({}).limit,
): ToolValue {
  const { state } = server;
  const { values } = readSettings(projects.workspaceFolder());
  return serverAnswer(
    {
      state: state.kind,
      url: state.kind === 'on' ? state.url : undefined,
      protocol: state.kind === 'on' ? state.protocol : values['server.protocol'],
      port: state.kind === 'on' ? state.port : values['server.port'],
      releases: state.kind === 'on' ? server.releases.newest() : [],
      clients: [...server.clients.values()],
      fault: server.fault,
      certificate: certificates.current?.description,
      isAddressChosen: certificates.isAddressChosen(),
    },
    limit,
  );
}
