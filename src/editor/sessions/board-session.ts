import { workspace, type LogOutputChannel, type OutputChannel } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { FileStore } from '../../base/files.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { LineTail } from '../../monitor/line-tail.ts';
import type { BoardRate } from '../../ota/board-plan.ts';
import { isOnce, troubleOf, type TroubleName } from '../../ota/board-trouble.ts';
import type { Timeline } from '../../ota/update-state.ts';
import type { CreateVirtualDevice, VirtualDevice } from '../../ota/virtual-device.ts';
import { virtualNumberOf } from '../../ota/virtual-port.ts';
import type { LineBinding } from '../../serial/serial-transport.ts';
import { readSettings } from '../settings.ts';
import type { ProjectSession } from './project-session.ts';

/** One virtual board of this window. */
export interface AttachedBoard {
  /** 1 for the first; the lowest that is free. */
  readonly number: number;
  readonly device: VirtualDevice;
  readonly trouble: TroubleName;
  /** The last lines of its console. */
  readonly tail: LineTail;
  /** Of the update that goes on, or of the last one. */
  readonly timeline: Timeline | undefined;
}

/** What an update calls a virtual board: `virtual`, `virtual-2` … */
export function virtualId(number: number): string {
  return number === 1 ? 'virtual' : `virtual-${number}`;
}

/** The number of the virtual board that an update is about; undefined for any other board. */
export function virtualNumber(id: string): number | undefined {
  const found = /^virtual(?:-([1-9]\d*))?$/.exec(id);
  return found === null ? undefined : Number(found[1] ?? 1);
}

/** The row of a virtual board in the Devices view. */
export function virtualRow(number: number): string {
  return number === 1 ? 'virtualBoard' : `virtualBoard-${number}`;
}

interface Entry {
  readonly number: number;
  readonly device: VirtualDevice;
  readonly store: DisposableStore;
  readonly tail: LineTail;
  trouble: TroubleName;
  timeline: Timeline | undefined;
}

/** The virtual boards of this window. */
export class BoardSession implements Disposable {
  readonly #create: CreateVirtualDevice;
  readonly #projects: ProjectSession;
  readonly #files: FileStore;
  readonly #log: LogOutputChannel;
  readonly #console: (number: number) => OutputChannel;
  readonly #changed = new Emitter<undefined>();
  readonly #detached = new Emitter<number>();
  readonly #boards = new Map<number, Entry>();
  #attaching: Promise<VirtualDevice> | undefined;

  readonly onChange = this.#changed.event;
  /** The number of a board that is gone. */
  readonly onDetach = this.#detached.event;

  constructor(options: {
    readonly create: CreateVirtualDevice;
    readonly projects: ProjectSession;
    readonly files: FileStore;
    readonly log: LogOutputChannel;
    readonly console: (number: number) => OutputChannel;
  }) {
    this.#create = options.create;
    this.#projects = options.projects;
    this.#files = options.files;
    this.#log = options.log;
    this.#console = options.console;
  }

  /** By number. */
  get boards(): readonly AttachedBoard[] {
    return [...this.#boards.values()].sort((a, b) => a.number - b.number);
  }

  /** The first one. */
  get board(): VirtualDevice | undefined {
    return this.boards[0]?.device;
  }

  /** The line of the board that `virtual://<name>` is the address of; undefined when it is not attached. */
  bindingOf(name: string): LineBinding | undefined {
    const number = virtualNumberOf(`virtual://${name}`);
    return number === undefined ? undefined : this.#boards.get(number)?.device.binding(name);
  }

  /** Of the first one's update that goes on, or of its last one. */
  get timeline(): Timeline | undefined {
    return this.boards[0]?.timeline;
  }

  /** Makes a virtual board with what the build would flash by cable, and switches it on. The one that is there stays.
   * @throws {OtaError} `command.noProject`, `command.untrusted`, those of `planBoard` */
  async attach(): Promise<VirtualDevice> {
    return this.board ?? (this.#attaching ??= this.#attachedOnce());
  }

  /** As {@link attach}, beside those that are there.
   * @throws {OtaError} `command.noProject`, `command.untrusted`, those of `planBoard` */
  async attachAnother(): Promise<VirtualDevice> {
    if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
    const project = this.#requireProject();
    const [{ planBoard }, { LineTail: Tail }] = await Promise.all([
      import('../../ota/board-plan.ts'),
      import('../../monitor/line-tail.ts'),
    ]);
    const plan = await planBoard(project, this.#files, this.#client());
    const device = await this.#create({ ...plan, knobs: this.#rate() });
    const number = this.#freeNumber();
    const store = new DisposableStore();
    store.add(device);
    const channel = this.#console(number);
    const tail = new Tail();
    store.add(
      device.onLine((line) => {
        tail.push(line);
      }),
    );
    const decoder = new TextDecoder();
    store.add(
      device.onConsole((bytes) => {
        channel.append(plainText(decoder.decode(bytes, { stream: true })));
      }),
    );
    store.add(
      device.onStateChange(() => {
        this.#changed.fire(undefined);
      }),
    );
    this.#boards.set(number, { number, device, store, tail, trouble: 'none', timeline: undefined });
    this.#changed.fire(undefined);
    device.powerOn();
    this.#log.info(`virtual board ${number} attached: ${plan.chip}`);
    return device;
  }

  /** Takes one board away; all of them when no number is given. */
  detach(number?: number): void {
    for (const entry of [...this.#boards.values()]) {
      if (number !== undefined && entry.number !== number) continue;
      this.#boards.delete(entry.number);
      this.#detached.fire(entry.number);
      entry.store.dispose();
    }
    this.#changed.fire(undefined);
  }

  /** Makes a board misbehave from now on. */
  misbehave(number: number, trouble: TroubleName): void {
    const entry = this.#boards.get(number);
    if (entry === undefined) return;
    entry.trouble = trouble;
    entry.device.configure({ knobs: troubleOf(trouble) });
    this.#log.info(`virtual board ${number}: ${trouble === 'none' ? 'behaves' : trouble}`);
    this.#changed.fire(undefined);
  }

  /** Gives the boards' firmware the project's present configuration, and the speed that the settings have. */
  async configure(): Promise<void> {
    const { planBoardApp } = await import('../../ota/board-plan.ts');
    const app = planBoardApp(this.#requireProject(), this.#client());
    for (const { device, trouble } of this.#boards.values()) {
      device.configure({ app, knobs: { ...this.#rate(), ...troubleOf(trouble) } });
    }
  }

  /** What an update of a board came to so far. */
  setTimeline(number: number, timeline: Timeline): void {
    const entry = this.#boards.get(number);
    if (entry === undefined) return;
    entry.timeline = timeline;
    // the board has done what it does once
    if (timeline.verdict !== undefined && isOnce(entry.trouble)) entry.trouble = 'none';
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.detach();
    this.#changed.dispose();
    this.#detached.dispose();
  }

  async #attachedOnce(): Promise<VirtualDevice> {
    try {
      return await this.attachAnother();
    } finally {
      this.#attaching = undefined;
    }
  }

  #freeNumber(): number {
    for (let number = 1; ; number++) if (!this.#boards.has(number)) return number;
  }

  #requireProject(): IdfProject {
    const { project } = this.#projects;
    if (project === undefined) throw new OtaError('command.noProject', {});
    return project;
  }

  #client(): 'auto' | 'simple' | 'advanced' | 'native' {
    return readSettings(this.#projects.workspaceFolder()).values['virtualBoard.client'];
  }

  #rate(): BoardRate {
    const rate = readSettings(this.#projects.workspaceFolder()).values['virtualBoard.kilobytesPerSecond'];
    return { drainBytesPerSecond: rate === 0 ? undefined : rate * 1024 };
  }
}

/** Console text for an output channel, which shows neither colours nor carriage returns. */
function plainText(text: string): string {
  return text.replace(/\u001b\[[\d;]*m|\r/g, '');
}
