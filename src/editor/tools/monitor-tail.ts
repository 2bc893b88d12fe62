import { l10n } from 'vscode';
import { OtaError } from '../../base/ota-error.ts';
import type { WindowSession } from '../window-session.ts';
import { tailAnswer } from './answers/tail-answer.ts';
import { boardOf } from './boards.ts';
import { consolesOf, type Console } from './consoles.ts';
import { INPUTS } from './inputs.ts';
import { secretsOf } from './secrets.ts';
import { says, type Tool } from './tool.ts';

/** The last lines that a board printed in this window. */
export const tool: Tool = {
  prepare: () => says(l10n.t('Reading the end of the console')),
  run: (session, given) => {
    const { port: named, ...question } = INPUTS.monitor_tail(given);
    const consoles = consolesOf(session);
    const port = portIn(session, named, consoles);
    const console = consoles.get(port);
    if (console === undefined) throw new OtaError('tool.noConsole', { port, known: [...consoles.keys()].join(', ') });
    const monitor = session.monitors.monitors.find(({ address }) => address === port);
    const facts = {
      port,
      ...console,
      view: monitor?.view,
      logFile: monitor?.logPath,
    };
    return Promise.resolve(tailAnswer(facts, question, secretsOf(session.projects.project)));
  },
};

/** The one named, else the only one that has printed something, else the selected one. */
function portIn(session: WindowSession, named: string | undefined, consoles: ReadonlyMap<string, Console>): string {
  const [only] = consoles.keys();
  return named === undefined && only !== undefined && consoles.size === 1 ? only : boardOf(session, named);
}
