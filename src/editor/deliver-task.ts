import {
  CustomExecution,
  EventEmitter,
  Task,
  TaskScope,
  l10n,
  type Pseudoterminal,
  type WorkspaceFolder,
} from 'vscode';
import { withoutControls } from '../base/plain-text.ts';
import { TASK_TYPE } from '../texts/contributions.ts';
import { errorMessage } from './error-message.ts';

/** Runs a delivery and tells its steps as lines. Gives whether all boards run the new version. */
export type DeliverAsTask = (say: (line: string) => void) => Promise<boolean>;

/** "Deliver" in the list of tasks and in tasks.json: its steps in a terminal, its outcome as an exit code. */
export function deliverTask(folder: WorkspaceFolder | undefined, run: DeliverAsTask, cancel: () => void): Task {
  return new Task(
    { type: TASK_TYPE, task: 'deliver' },
    folder ?? TaskScope.Workspace,
    l10n.t('deliver'),
    'ESP32 OTA',
    new CustomExecution(() => Promise.resolve(deliveryTerminal(run, cancel))),
    [], // without any, the editor asks what to look for in the lines
  );
}

function deliveryTerminal(run: DeliverAsTask, cancel: () => void): Pseudoterminal {
  const written = new EventEmitter<string>();
  const closed = new EventEmitter<number>();
  let isOver = false;
  const end = (exitCode: number): void => {
    isOver = true;
    closed.fire(exitCode);
  };
  return {
    onDidWrite: written.event,
    onDidClose: closed.event,
    open: () => {
      const say = (line: string): void => {
        // names and what boards have printed are in it
        written.fire(`${withoutControls(line).replaceAll('\n', '\r\n')}\r\n`);
      };
      run(say).then(
        (isGood) => {
          end(isGood ? 0 : 1);
        },
        (error: unknown) => {
          void errorMessage(error).then((message) => {
            say(message);
            end(1);
          });
        },
      );
    },
    // the terminal was closed, or Ctrl+C typed into it
    close: () => {
      if (!isOver) cancel();
    },
    handleInput: (text) => {
      if (text.includes('\u0003')) cancel();
    },
  };
}
