import { l10n, workspace } from 'vscode';
import { requireProject } from '../commands/run.ts';
import { findingsAnswer, SEVERITIES } from './answers/findings-answer.ts';
import { toolInput } from './input.ts';
import { says, type Tool } from './tool.ts';

const LIMIT = { least: 1, most: 100, usual: 30 };

/** What stands in the way of an update over the air. */
export const tool: Tool = {
  prepare: () => says(l10n.t('Checking the setup for updates over the air')),
  run: async (session, given) => {
    const input = toolInput(given, ['severity', 'limit']);
    const severity = input.oneOf('severity', SEVERITIES) ?? 'information';
    const limit = input.integer('limit', LIMIT);
    requireProject(session);
    await session.projects.reload();
    const { isTrusted } = workspace;
    const findings = await session.doctor.check({ probe: isTrusted });
    return findingsAnswer(requireProject(session), findings, { severity, limit, isTrusted });
  },
};
