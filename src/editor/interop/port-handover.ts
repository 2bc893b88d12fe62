import {
  ProcessExecution,
  ShellExecution,
  tasks,
  Uri,
  window,
  type Task,
  type Terminal,
  type WorkspaceFolder,
} from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import type { SeenTask } from './idf-names.ts';
import { idfMonitorPort, idfPort } from './idf-settings.ts';
import { PortBorrowers } from './port-borrowers.ts';
import type { LoanSources } from './port-loans.ts';

/** Gives the board's port to the ESP-IDF extension, and to tasks that run ESP-IDF's tools, for as long as they run. */
export function watchPortUse(sources: LoanSources): Disposable {
  const store = new DisposableStore();
  const borrowers = store.add(
    new PortBorrowers<Uri | WorkspaceFolder>({ ...sources, port: idfPort, monitorPort: idfMonitorPort }),
  );
  store.add(
    tasks.onDidStartTask(({ execution }) => {
      borrowers.taskStarted(execution, seenTask(execution.task), folderOfTask(execution.task));
    }),
  );
  store.add(
    tasks.onDidEndTask(({ execution }) => {
      borrowers.taskEnded(execution);
    }),
  );
  store.add(
    window.onDidOpenTerminal((terminal) => {
      borrowers.terminalOpened(terminal, terminal.name, folderOfTerminal(terminal));
    }),
  );
  store.add(
    window.onDidCloseTerminal((terminal) => {
      borrowers.terminalClosed(terminal);
    }),
  );
  // where the shell tells what runs in it
  store.add(
    window.onDidStartTerminalShellExecution(({ terminal, execution }) => {
      const { commandLine, cwd } = execution;
      borrowers.commandStarted(terminal, commandLine.value, cwd ?? folderOfTerminal(terminal));
    }),
  );
  store.add(
    window.onDidEndTerminalShellExecution(({ terminal, execution }) => {
      borrowers.commandEnded(terminal, execution.commandLine.value);
    }),
  );
  return store;
}

function seenTask({ definition, source, name, execution }: Task): SeenTask {
  return { type: definition.type, source, name, commandLine: commandLineOf(execution) };
}

function folderOfTask({ scope }: Task): WorkspaceFolder | undefined {
  return typeof scope === 'object' ? scope : undefined;
}

function folderOfTerminal({ creationOptions }: Terminal): Uri | undefined {
  const cwd = 'cwd' in creationOptions ? creationOptions.cwd : undefined;
  return typeof cwd === 'string' ? Uri.file(cwd) : cwd;
}

function commandLineOf(execution: Task['execution']): string {
  if (execution instanceof ShellExecution) {
    const words = [execution.command, ...(execution.args ?? [])];
    const texts = words.map((word) => (typeof word === 'string' ? word : (word?.value ?? '')));
    return execution.commandLine ?? texts.join(' ');
  }
  return execution instanceof ProcessExecution ? [execution.process, ...execution.args].join(' ') : '';
}
