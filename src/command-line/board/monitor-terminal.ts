import * as l10n from '@vscode/l10n';
import { DisposableStore } from '../../base/disposable.ts';
import { isOtaError } from '../../base/ota-error.ts';
import { actOnKey, type KeyHost } from '../../monitor/act-on-key.ts';
import { MonitorKeys, type KeyAction } from '../../monitor/monitor-keys.ts';
import { OutputGate } from '../../monitor/output-gate.ts';
import { flashRequest } from '../../ota/flash-project.ts';
import { noticeWords } from '../../texts/notice-words.ts';
import { noticeText } from '../../monitor/console-renderer.ts';
import type { CommandContext } from '../command.ts';
import { openProject } from '../open-project.ts';
import { UsageError } from '../usage-error.ts';
import { askLine } from './ask.ts';
import { flashAt } from './flash.ts';
import { tellFlashed } from './flash-outcome.ts';
import type { Monitoring } from './monitoring.ts';
import type { MonitorOutput } from './monitor-output.ts';

const INTERRUPT = '\u0003';
/** Both kinds of memory: what is seen, and what was scrolled out. */
const CLEAR = '\u001b[2J\u001b[3J\u001b[H';

/** A monitor in a terminal: what is typed goes to the board, but for the keys of the menu. */
export function showInTerminal(monitoring: Monitoring): MonitorOutput {
  const { context, session } = monitoring;
  const { stdin, stdout } = context;
  const store = new DisposableStore();
  const keys = new MonitorKeys();
  /** Flashing, which a key has begun. */
  let job: AbortController | undefined;
  // kept back while a question is asked
  const gate = store.add(
    new OutputGate({
      tellDropped: (dropped) => noticeText(noticeWords({ kind: 'dropped', ...dropped })),
      togetherMs: 0,
    }),
  );
  store.add(
    gate.onOutput((text) => {
      // a bar is drawn again by itself
      stdout.write(job === undefined ? text : `\r\u001b[K${text}`);
    }),
  );
  store.add(
    session.onOutput((text) => {
      gate.write(text);
      if (!gate.isClosed) gate.flush();
    }),
  );
  let question: Promise<unknown> | undefined;
  let isInterruptTold = false;

  const ask: KeyHost['ask'] = async (what, value) => {
    const prompt = what === 'line' ? l10n.t('Send a line') : l10n.t('Filter by tag and level');
    return asked(prompt, value);
  };
  const asked = async (prompt: string, value: string): Promise<string | undefined> => {
    gate.close();
    try {
      const answer = askLine({ stdin, output: stdout, signal: context.signal }, `${prompt}: `, value, true);
      question = answer;
      return await answer;
    } catch (error) {
      // Ctrl+C is about the question
      if (isOtaError(error, 'cancelled') && !context.signal.aborted) return undefined;
      throw error;
    } finally {
      question = undefined;
      gate.open('');
      gate.flush();
    }
  };
  const host: KeyHost = {
    clear: () => {
      stdout.write(CLEAR);
    },
    end: () => {
      monitoring.end('quit');
      return Promise.resolve();
    },
    ask,
    openLog: () => monitoring.openLog(),
    run: async (what) => {
      if (what === 'sendUrl') {
        const url = await asked(l10n.t('Firmware URL'), monitoring.options.url ?? '');
        if (url !== undefined && url !== '') await session.sendLine(url);
        return;
      }
      job = new AbortController();
      const signal = AbortSignal.any([context.signal, job.signal]);
      try {
        await flashFrom({ ...context, signal }, monitoring, what === 'flashApp' ? 'app' : 'project');
      } finally {
        job = undefined;
      }
    },
  };
  const act = async (action: KeyAction): Promise<void> => {
    try {
      await actOnKey(session, action, host);
    } catch (error) {
      if (error instanceof UsageError) {
        gate.write(noticeText(error.message));
        if (!gate.isClosed) gate.flush();
      } else if (!isOtaError(error)) monitoring.fail(error);
      else if (!isOtaError(error, 'cancelled')) session.notify({ kind: 'failed', error });
    }
  };
  const decoder = new TextDecoder();
  const onData = (bytes: Uint8Array): void => {
    const typed = decoder.decode(bytes, { stream: true });
    if (question !== undefined) return;
    if (job !== undefined) {
      // the port is the flasher's
      if (typed.includes(INTERRUPT)) job.abort();
      return;
    }
    if (session.state === 'opening' && typed.includes(INTERRUPT)) {
      monitoring.end('quit');
      return;
    }
    for (const action of keys.read(typed)) void act(action);
    if (!typed.includes(INTERRUPT) || isInterruptTold) return;
    isInterruptTold = true;
    session.notify({ kind: 'interruptSent' });
  };
  stdin.setRawMode?.(true);
  stdin.on('data', onData);
  stdin.resume();
  return {
    end: () => {
      stdin.off('data', onData);
      stdin.setRawMode?.(false);
      stdin.pause();
      job?.abort();
      if (gate.isClosed) gate.open('');
      gate.flush();
      store.dispose();
      return Promise.resolve();
    },
  };
}

/** Flashes the build as it is now. The monitor yields the port, and has it again when the board starts. */
async function flashFrom(
  context: CommandContext,
  { session, folder, options: { 'reset-by': resetBy } }: Monitoring,
  what: 'project' | 'app',
): Promise<void> {
  const { project } = await openProject(context, folder);
  const request = await flashRequest(project, what === 'app' ? 'app' : 'everything', context.files);
  const { address } = session;
  const options = {
    full: false,
    erase: false,
    baud: undefined,
    'no-restart': false,
    'reset-by': resetBy,
  };
  const { outcome, slots } = await flashAt(context, address, { what, request, project, options });
  tellFlashed(context, { address, what, request, outcome, slots, project, isErased: false });
}
