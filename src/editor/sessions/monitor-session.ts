import { ThemeIcon, l10n, window, workspace, type LogOutputChannel, type Terminal } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import { OtaError } from '../../base/ota-error.ts';
import { consoleBaud } from '../../idf/console-baud.ts';
import type { BoardView } from '../../monitor/board-view.ts';
import type { ConsoleSession, ConsoleState } from '../../monitor/console-session.ts';
import type { CrashReport } from '../../monitor/crash-report.ts';
import type { LineTail } from '../../monitor/line-tail.ts';
import type { PrintFilter } from '../../monitor/print-filter.ts';
import type { StageEvent } from '../../monitor/stages.ts';
import type { PortLeases } from '../../serial/port-lease.ts';
import type { ResetSequence } from '../../serial/reset.ts';
import type { LineBinding } from '../../serial/serial-transport.ts';
import { reportError } from '../report-error.ts';
import { isSetInWorkspace, readSettings } from '../settings.ts';
import type { MonitorSubject } from '../terminal/monitor-actions.ts';
import type { MonitorTerminal } from '../terminal/monitor-terminal.ts';
import { virtualLabel } from '../../texts/board-names.ts';
import type { PortSession } from './port-session.ts';
import type { ProjectSession } from './project-session.ts';

/** What the views show of a monitor. */
export interface MonitorFacts {
  readonly address: string;
  readonly state: ConsoleState;
  readonly isPaused: boolean;
  readonly logPath: string | undefined;
  readonly view: BoardView;
}

/** Consoles whose last lines are kept after their monitors are closed. */
const MOST_TAILS = 8;

interface Monitor {
  readonly session: ConsoleSession;
  readonly pty: MonitorTerminal;
  readonly terminal: Terminal;
  readonly store: DisposableStore;
}

export interface MonitorSessionOptions {
  readonly ports: PortSession;
  readonly projects: ProjectSession;
  readonly leases: () => Promise<PortLeases>;
  readonly binding: (name: string) => LineBinding | undefined;
  readonly decode: (crash: CrashReport, view: BoardView, what: 'frames' | 'file') => Promise<readonly string[]>;
  /** Where logs go while no folder is open. */
  readonly logFolder: string;
  readonly log: LogOutputChannel;
}

/** The monitors of this window, one a port, each in a terminal of its own. */
export class MonitorSession implements Disposable {
  readonly #options: MonitorSessionOptions;
  readonly #monitors: Monitor[] = [];
  readonly #opening = new Map<string, Promise<ConsoleSession>>();
  readonly #tails = new Map<string, LineTail>();
  readonly #lines = new Emitter<{ readonly address: string; readonly line: string }>();
  readonly #events = new Emitter<{ readonly address: string; readonly events: readonly StageEvent[] }>();
  readonly #crashes = new Emitter<{
    readonly address: string;
    readonly crash: CrashReport;
    readonly show: () => void;
  }>();
  readonly #changed = new Emitter<undefined>();
  readonly #store = new DisposableStore();

  /** Every line of every board that has a monitor. */
  readonly onLine = this.#lines.event;
  readonly onEvents = this.#events.event;
  readonly onCrash = this.#crashes.event;
  readonly onChange = this.#changed.event;

  constructor(options: MonitorSessionOptions) {
    this.#options = options;
    this.#store.add(
      options.ports.onChange(() => {
        this.lookAgain();
      }),
    );
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        const isChanged = (key: string): boolean => event.affectsConfiguration(`esp32Ota.monitor.${key}`);
        const changed = { timestamps: isChanged('timestamps'), filter: isChanged('filter') };
        if (changed.timestamps || changed.filter) void this.#configure(changed);
      }),
    );
  }

  get monitors(): readonly MonitorFacts[] {
    return this.#monitors.map(({ session }) => ({
      address: session.address,
      state: session.state,
      isPaused: session.isPaused,
      logPath: session.logPath,
      view: session.view,
    }));
  }

  /** The last lines of the consoles that were read in this window, by port; also of monitors that are closed. */
  get tails(): ReadonlyMap<string, LineTail> {
    return this.#tails;
  }

  /** The monitor of a port, while it is open, yielded or waiting for its board. */
  sessionOf(address: string): ConsoleSession | undefined {
    return this.#monitors.find(({ session }) => session.address === address)?.session;
  }

  /** Opens the monitor of a port in a terminal, or shows the one there is. The board is not reset.
   * @throws {OtaError} `command.untrusted`, `serial.*` */
  async open(address: string, options: { readonly isShown?: boolean } = {}): Promise<ConsoleSession> {
    if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
    let opening = this.#opening.get(address);
    if (opening === undefined) {
      const present = this.sessionOf(address);
      opening = present === undefined ? this.#start(address) : Promise.resolve(present);
      this.#opening.set(address, opening);
    }
    try {
      const session = await opening;
      if (options.isShown !== false) this.show(address);
      return session;
    } finally {
      this.#opening.delete(address);
    }
  }

  show(address: string): void {
    this.#monitors.find(({ session }) => session.address === address)?.terminal.show();
  }

  /** Closes the monitor and its terminal; the port is free when it resolves. */
  async close(address: string): Promise<void> {
    const monitor = this.#monitors.find(({ session }) => session.address === address);
    if (monitor !== undefined) await this.#end(monitor);
  }

  /** Sends the URL of a firmware to a board that waits for one on its console.
   * @throws {OtaError} `monitor.notConnected`, `serial.*` */
  async sendUrl(address: string, url: string): Promise<void> {
    const session = await this.open(address);
    await session.sendLine(url);
  }

  /** Boards that are away may be back. */
  lookAgain(): void {
    for (const { session } of this.#monitors) session.lookAgain();
  }

  /** Closes all; the ports are free when it resolves. */
  async end(): Promise<void> {
    await Promise.all([...this.#monitors].map((monitor) => this.#end(monitor)));
  }

  dispose(): void {
    for (const monitor of [...this.#monitors]) void this.#end(monitor);
    this.#store.dispose();
    this.#changed.dispose();
  }

  async #start(address: string): Promise<ConsoleSession> {
    const { leases, binding, ports, projects, decode } = this.#options;
    const [
      rooms,
      { openPort },
      { listPorts },
      { MonitorTerminal: Pty },
      { noticeWords },
      actions,
      { LineTail: Tail },
      { plainLine },
      filter,
      loaderReset,
    ] = await Promise.all([
      import('../../monitor/console-session.ts'),
      import('../../serial/open-port.ts'),
      import('../../serial/ports.ts'),
      import('../terminal/monitor-terminal.ts'),
      import('../../texts/notice-words.ts'),
      import('../terminal/monitor-actions.ts'),
      import('../../monitor/line-tail.ts'),
      import('../../monitor/plain-line.ts'),
      this.#filter(),
      this.#loaderReset(),
    ]);
    const values = this.#settings();
    const reset = values['serial.reset'];
    const session: ConsoleSession = new rooms.ConsoleSession({
      address,
      leases: await leases(),
      open: (at, signal) => openPort(at, { virtual: binding, signal, baud: this.#baud() }),
      list: () => listPorts(),
      words: noticeWords,
      render: { hasTimestamps: values['monitor.timestamps'], filter },
      lineEnd: ({ cr: '\r', lf: '\n', crlf: '\r\n' } as const)[values['monitor.lineEnd']],
      ...(reset === 'custom' ? {} : { reset }),
      ...(loaderReset === undefined ? {} : { loaderReset }),
      decode: (crash, what) => decode(crash, session.view, what),
    });
    const store = new DisposableStore();
    const pty = new Pty(
      session,
      (action) => {
        void actions.actOn(subject, action);
      },
      () => {
        void this.#end(monitor);
      },
    );
    store.add(session);
    const tail = this.#tails.get(address) ?? new Tail();
    // the one read last is the last to be forgotten
    this.#tails.delete(address);
    this.#tails.set(address, tail);
    for (const oldest of [...this.#tails.keys()].slice(0, -MOST_TAILS)) this.#tails.delete(oldest);
    store.add(
      session.onLine((line) => {
        tail.push(plainLine(line));
        this.#lines.fire({ address: session.address, line });
      }),
    );
    store.add(
      session.onEvents((events) => {
        this.#events.fire({ address: session.address, events });
      }),
    );
    store.add(
      session.onCrash((crash) => {
        const show = (): void => {
          this.show(session.address);
        };
        this.#crashes.fire({ address: session.address, crash, show });
      }),
    );
    store.add(
      session.onChange(() => {
        this.#changed.fire(undefined);
      }),
    );
    const subject: MonitorSubject = {
      session,
      log: this.#options.log,
      show: () => {
        terminal.show();
      },
      clear: () => {
        pty.clear();
      },
      end: () => this.close(session.address),
      logOptions: () => ({
        ...this.#settings(),
        folder: projects.project?.folder ?? workspace.workspaceFolders?.[0]?.uri.fsPath ?? this.#options.logFolder,
        isPathOfUser: !isSetInWorkspace('monitor.logFile', projects.workspaceFolder()),
      }),
    };
    try {
      // before the port is open, so that the first line is in it
      if (values['monitor.logToFile']) await actions.actOn(subject, { kind: 'toggleLog' });
      await session.open();
      if (this.#store.isDisposed) throw new OtaError('cancelled', { what: 'monitor' });
    } catch (error) {
      await session.close();
      store.dispose();
      throw error;
    }
    const name = virtualLabel(address) ?? portNameOf(ports, address) ?? address;
    const terminal = window.createTerminal({
      name: l10n.t('Monitor: {0}', name),
      pty,
      iconPath: new ThemeIcon('circuit-board'),
      isTransient: true,
    });
    const monitor: Monitor = { session, pty, terminal, store };
    this.#monitors.push(monitor);
    this.#options.log.info(`monitor of ${address} opened`);
    this.#changed.fire(undefined);
    return session;
  }

  async #end(monitor: Monitor): Promise<void> {
    const index = this.#monitors.indexOf(monitor);
    if (index < 0) return;
    this.#monitors.splice(index, 1);
    await monitor.session.close();
    monitor.store.dispose();
    monitor.terminal.dispose();
    this.#options.log.info(`monitor of ${monitor.session.address} closed`);
    this.#changed.fire(undefined);
  }

  /** Settings count for the monitors that are open; what a key has changed stays when others are changed. */
  async #configure(changed: { readonly timestamps: boolean; readonly filter: boolean }): Promise<void> {
    const filter = await this.#filter();
    for (const { session } of this.#monitors) {
      if (changed.timestamps) session.configure({ hasTimestamps: this.#settings()['monitor.timestamps'] });
      if (changed.filter) session.configure({ filter });
    }
  }

  /** Of the settings; everything is shown when it is wrong, and the user is told. */
  async #filter(): Promise<PrintFilter> {
    const { parsePrintFilter } = await import('../../monitor/print-filter.ts');
    try {
      return parsePrintFilter(this.#settings()['monitor.filter']);
    } catch (error) {
      reportError(error, this.#options.log);
      return parsePrintFilter('');
    }
  }

  async #loaderReset(): Promise<ResetSequence | undefined> {
    const values = this.#settings();
    if (values['serial.reset'] !== 'custom') return undefined;
    return (await import('../../serial/reset-string.ts')).parseResetSequence(values['serial.resetSequence']);
  }

  /** Of the setting, else what the build says, else what ESP-IDF begins with. */
  #baud(): number {
    const set = this.#settings()['monitor.baud'];
    return set > 0 ? set : consoleBaud(this.#options.projects.project?.description);
  }

  #settings(): ReturnType<typeof readSettings>['values'] {
    return readSettings(this.#options.projects.workspaceFolder()).values;
  }
}

function portNameOf(ports: PortSession, address: string): string | undefined {
  return ports.ports.find((port) => port.address === address)?.name;
}
