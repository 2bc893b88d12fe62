import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { isMonitorTerminal, portUseOfCommand, portUseOfTask, type PortUse, type SeenTask } from './idf-names.ts';
import type { LoanSources, PortLoans } from './port-loans.ts';

/** What is seen of others who use a port, and which port that is. Each has its own settings: of several folders, each may have a board. */
export interface BorrowerSources<Folder> extends LoanSources {
  /** Port that is set for a folder; the first one's where it is not known which. */
  readonly port: (folder: Folder | undefined) => string | undefined;
  /** Of the monitor there, which may have one of its own. */
  readonly monitorPort: (folder: Folder | undefined) => string | undefined;
}

/** Tasks, terminals and commands of others, as they begin and end. Whoever of them needs the board's port borrows it meanwhile. Knows no VS
 * Code: `Folder` is whatever stands for a folder with its settings, and a key for what was begun and ends. */
export class PortBorrowers<Folder> implements Disposable {
  readonly #sources: BorrowerSources<Folder>;
  readonly #store = new DisposableStore();
  #loading: Promise<PortLoans> | undefined;

  constructor(sources: BorrowerSources<Folder>) {
    this.#sources = sources;
  }

  taskStarted(key: object, task: SeenTask, folder: Folder | undefined): void {
    this.#begin(key, portUseOfTask(task), () => this.#sources.port(folder));
  }

  taskEnded(key: object): void {
    this.#end(key);
  }

  /** @param folder in which the terminal was opened */
  terminalOpened(key: object, name: string, folder: Folder | undefined): void {
    if (isMonitorTerminal(name)) this.#begin(key, { port: undefined }, () => this.#sources.monitorPort(folder));
  }

  terminalClosed(key: object): void {
    this.#end(key);
  }

  /** @param key of the terminal in which it runs
   * @param folder in which it runs */
  commandStarted(key: object, commandLine: string, folder: Folder | undefined): void {
    this.#begin(key, portUseOfCommand(commandLine), () => this.#sources.monitorPort(folder));
  }

  /** A monitor that was left frees the port although its terminal stays. */
  commandEnded(key: object, commandLine: string): void {
    if (portUseOfCommand(commandLine) !== undefined) this.#end(key);
  }

  dispose(): void {
    this.#store.dispose();
  }

  #begin(key: object, use: PortUse | undefined, usual: () => string | undefined): void {
    // nothing is lent while nothing is held, and then nothing is loaded for it
    if (use === undefined || this.#sources.monitored().length === 0) return;
    void this.#loans().then((one) => one.begin(key, use.port ?? usual()));
  }

  #end(key: object): void {
    void this.#loading?.then((one) => one.end(key));
  }

  #loans(): Promise<PortLoans> {
    return (this.#loading ??= import('./port-loans.ts').then((room) =>
      this.#store.add(new room.PortLoans(this.#sources)),
    ));
  }
}
