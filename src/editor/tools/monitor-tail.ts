import { l10n } from 'vscode';
import { OtaError } from '../../base/ota-error.ts';
import type { LineTail } from '../../monitor/line-tail.ts';
import { virtualAddress } from '../../ota/virtual-port.ts';
import type { WindowSession } from '../window-session.ts';
import { tailAnswer } from './answers/tail-answer.ts';
import { boardOf } from './boards.ts';
import { INPUTS } from './inputs.ts';
import { secretsOf } from './secrets.ts';
import { says, type Tool } from './tool.ts';

/** The last lines that a board printed in this window. */
export const tool: Tool = {
  prepare: () => says(l10n.t('Reading the end of the console')),
  run: (session, given) => {
    const { port: named, ...question } = INPUTS.monitor_tail(given);
    const tails = tailsOf(session);
    const port = portIn(session, named, tails);
    const tail = tails.get(port);
    if (tail === undefined) throw new OtaError('tool.noConsole', { port, known: [...tails.keys()].join(', ') });
    const monitor = session.monitors.monitors.find(({ address }) => address === port);
    const facts = {
      port,
      state: monitor?.state ?? (session.monitors.tails.has(port) ? 'closed' : 'attached'),
      view: monitor?.view,
      tail,
      logFile: monitor?.logPath,
    };
    return Promise.resolve(tailAnswer(facts, question, secretsOf(session.projects.project)));
  },
};

/** Of monitors, and of virtual boards whose console nobody has opened a monitor of. */
function tailsOf({ board, monitors }: WindowSession): ReadonlyMap<string, LineTail> {
  return new Map([
    ...board.boards.map(({ number, tail }): [string, LineTail] => [virtualAddress(number), tail]),
    ...monitors.tails,
  ]);
}

/** The one named, else the only one that has printed something, else the selected one. */
function portIn(session: WindowSession, named: string | undefined, tails: ReadonlyMap<string, LineTail>): string {
  const [only] = tails.keys();
  return named === undefined && only !== undefined && tails.size === 1 ? only : boardOf(session, named);
}
