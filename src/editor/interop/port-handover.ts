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
import type { Logger } from '../../base/logger.ts';
import type { PortLeases } from '../../serial/port-lease.ts';
import { isMonitorTerminal, portUseOfCommand, portUseOfTask, type PortUse } from './idf-names.ts';
import { idfMonitorPort, idfPort } from './idf-settings.ts';
import type { PortLoans } from './port-loans.ts';

export interface HandoverSources {
  readonly leases: () => Promise<PortLeases>;
  /** Ports whose monitors are open. */
  readonly monitored: () => readonly string[];
  readonly log: Logger;
}

/** Gives the board's port to the ESP-IDF extension, and to tasks that run ESP-IDF's tools, for as long as they run. */
export function watchPortUse(sources: HandoverSources): Disposable {
  const store = new DisposableStore();
  let loading: Promise<PortLoans> | undefined;
  const loans = (): Promise<PortLoans> =>
    (loading ??= import('./port-loans.ts').then((room) => store.add(new room.PortLoans(sources))));
  const begin = (key: object, use: PortUse | undefined, usual: () => string | undefined): void => {
    // nothing is lent while nothing is held, and then nothing is loaded for it
    if (use === undefined || sources.monitored().length === 0) return;
    void loans().then((one) => one.begin(key, use.port ?? usual()));
  };
  const end = (key: object): void => {
    void loading?.then((one) => one.end(key));
  };
  store.add(
    tasks.onDidStartTask(({ execution }) => {
      const { task } = execution;
      begin(execution, useOf(task), () => idfPort(folderOfTask(task)));
    }),
  );
  store.add(
    tasks.onDidEndTask(({ execution }) => {
      end(execution);
    }),
  );
  store.add(
    window.onDidOpenTerminal((terminal) => {
      if (isMonitorTerminal(terminal.name))
        begin(terminal, { port: undefined }, () => idfMonitorPort(folderOfTerminal(terminal)));
    }),
  );
  store.add(window.onDidCloseTerminal(end));
  // where the shell tells what runs in it: a monitor that was left frees the port although its terminal stays
  store.add(
    window.onDidStartTerminalShellExecution(({ terminal, execution }) => {
      const { commandLine, cwd } = execution;
      begin(terminal, portUseOfCommand(commandLine.value), () => idfMonitorPort(cwd ?? folderOfTerminal(terminal)));
    }),
  );
  store.add(
    window.onDidEndTerminalShellExecution(({ terminal, execution }) => {
      if (portUseOfCommand(execution.commandLine.value) !== undefined) end(terminal);
    }),
  );
  return store;
}

function useOf({ definition, source, name, execution }: Task): PortUse | undefined {
  return portUseOfTask({ type: definition.type, source, name, commandLine: commandLineOf(execution) });
}

/** Whose settings say which port a task means: of several folders, each may have its own board. */
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
