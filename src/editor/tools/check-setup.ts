import { l10n, workspace } from 'vscode';
import { requireProject } from '../commands/run.ts';
import { findingsAnswer } from './answers/findings-answer.ts';
import { INPUTS } from './inputs.ts';
import { says, type Tool } from './tool.ts';

/** What stands in the way of an update over the air. */
export const tool: Tool = {
  prepare: () => says(l10n.t('Checking the setup for updates over the air')),
  run: async (session, given) => {
    const { severity, limit } = INPUTS.check_setup(given);
    requireProject(session);
    await session.projects.reload();
    const { isTrusted } = workspace;
    const findings = await session.doctor.check({ probe: isTrusted });
    return findingsAnswer(requireProject(session), findings, { severity, limit, isTrusted });
  },
};
