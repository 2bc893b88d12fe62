import { OtaError } from '../base/ota-error.ts';
import type { ConsoleSession } from '../monitor/console-session.ts';
import type { PortEntry } from '../serial/ports.ts';
import { boardOfPort, findRemembered, rememberPort, type RememberedPort } from '../serial/remembered-port.ts';
import type { DeliveryBoard } from './deliver.ts';
import type {} from './errors.ts';
import { nameTargets, parseTemplate } from './http-trigger.ts';
import { ANY_BOARD, httpRequest, resetBoard, sendUrl, waitForBoard, type TriggerKind } from './triggers.ts';
import type { VirtualDevice } from './virtual-device.ts';
import { virtualNumberOf } from './virtual-port.ts';

/** Which boards a delivery goes to. A value: what is selected or attached later changes nothing about it. */
export type ChosenBoards = {
  /** How they are told. */
  readonly trigger: TriggerKind;
  /** Address of the port behind which the board is; empty where none is needed or known. */
  readonly port: string;
} & (
  | { readonly kind: 'virtual'; readonly isChosen: (device: VirtualDevice) => boolean }
  | { readonly kind: 'port'; readonly trigger: 'wait' | 'reset' | 'sendUrl' }
  | { readonly kind: 'http'; readonly templates: readonly string[]; readonly allowsPublic: boolean }
  /** Whoever asks. */
  | { readonly kind: 'any' }
);

/** What the choice depends on, at one moment. */
export interface BoardsNow {
  readonly trigger: TriggerKind;
  readonly templates: readonly string[];
  readonly allowsPublic: boolean;
  /** Empty when none is. */
  readonly selectedPort: string;
  readonly attached: readonly VirtualDevice[];
}

/** By the settings, the selected port, and what is attached now. */
export function chooseBoards({ trigger, templates, allowsPublic, selectedPort, attached }: BoardsNow): ChosenBoards {
  if (trigger === 'http') return { kind: 'http', trigger, port: selectedPort, templates: [...templates], allowsPublic };
  const hasPort = selectedPort !== '' && virtualNumberOf(selectedPort) === undefined;
  if (trigger === 'virtual' || (!hasPort && attached.length > 0)) {
    const devices = new Set(attached);
    // where there is none, the delivery attaches one itself
    const isChosen = (device: VirtualDevice): boolean => devices.size === 0 || devices.has(device);
    return { kind: 'virtual', trigger: 'virtual', port: '', isChosen };
  }
  if (hasPort) return { kind: 'port', trigger, port: selectedPort };
  return { kind: 'any', trigger, port: '' };
}

/** What is needed to reach real boards. */
export interface BoardAccess {
  /** The ports of this computer as they are known; looked for when they never were. */
  knownPorts(): Promise<readonly PortEntry[]>;
  /** Looks for them now. */
  lookForPorts(): Promise<readonly PortEntry[]>;
  /** Whether a monitor is at the port. It finds its board again by itself. */
  hasConsole(address: string): boolean;
  /** Opens the monitor of a port, or gives the one there is.
   * @throws {OtaError} `command.untrusted`, `serial.*` */
  openConsole(address: string): Promise<ConsoleSession>;
  /** Of the chip behind a port, as far as it is known. */
  macOf(address: string): string | undefined;
  /** What a port is called where ports are listed; its address where it is not. */
  nameOf(address: string): string;
  /** What the client at an address said that it runs. */
  announcedVersion(host: string): string | undefined;
  /** What a board is called of which nothing is known. */
  readonly anyName: string;
}

/** The real boards that were chosen, to be made ready once the release is there.
 * @throws {OtaError} `trigger.noBoard`, `trigger.badTemplate`, `deliver.otherBoard`, `serial.*`, `command.untrusted` */
export type PrepareBoards = (version: string) => Promise<readonly DeliveryBoard[]>;

/** Remembers which board is at the port that was chosen: by the time it is opened, it may be another. */
export function realBoards(chosen: Exclude<ChosenBoards, { kind: 'virtual' }>, access: BoardAccess): PrepareBoards {
  const { kind, trigger, port } = chosen;
  switch (kind) {
    case 'any':
      return () =>
        // without a port nothing can be told to a board, but it may ask
        trigger === 'wait'
          ? Promise.resolve([
              { id: ANY_BOARD, name: access.anyName, triggerKind: trigger, trigger: waitForBoard } as const,
            ])
          : Promise.reject(new OtaError('trigger.noBoard', { trigger }));
    case 'port': {
      const open = consoleOf(port, access);
      return async () => [portBoard(await open(), chosen.trigger, access)];
    }
    case 'http': {
      const hasConsole =
        chosen.templates.filter(isRequest).length === 1 && port !== '' && virtualNumberOf(port) === undefined;
      const open = hasConsole ? consoleOf(port, access) : undefined;
      return async (version) => {
        const { templates, targets } = targetsOf(chosen.templates, version);
        const withConsole = open === undefined ? undefined : portBoard(await open(), 'wait', access);
        return httpBoards({ ...chosen, templates, targets, version }, withConsole, access);
      };
    }
  }
}

interface BoardConsole {
  readonly console: ConsoleSession;
  readonly mac: string | undefined;
}

/** The console of the board that is at the port now, wherever it is by then. */
function consoleOf(port: string, access: BoardAccess): () => Promise<BoardConsole> {
  const remembering = rememberBoard(port, access);
  // told when it is needed
  remembering.catch(() => undefined);
  return async () => {
    const { remembered, mac } = await remembering;
    const isKnown = remembered.board !== undefined;
    const found = await findRemembered(remembered, isKnown ? await access.lookForPorts() : []);
    if (found.kind === 'other') {
      const [before, now] = [boardOfPort(found.before), boardOfPort(found.now)];
      throw new OtaError('deliver.otherBoard', { address: port, before, now });
    }
    const hasConsole = access.hasConsole(port);
    if (found.kind === 'gone' && !hasConsole) throw new OtaError('serial.gone', { address: port, reason: 'not back' });
    const console = await access.openConsole(found.kind === 'gone' || hasConsole ? port : found.address);
    return { console, mac: mac ?? access.macOf(console.address)?.toLowerCase() };
  };
}

async function rememberBoard(
  port: string,
  access: BoardAccess,
): Promise<{ readonly remembered: RememberedPort; readonly mac: string | undefined }> {
  // what is listed are ports of this computer
  const remembered = await rememberPort(port, port.includes('://') ? [] : await access.knownPorts());
  return { remembered, mac: access.macOf(port)?.toLowerCase() };
}

/** The board on a serial port: its console is read in a monitor. */
function portBoard(
  { console, mac }: BoardConsole,
  triggerKind: 'wait' | 'reset' | 'sendUrl',
  access: BoardAccess,
): DeliveryBoard {
  const reset = (): Promise<void> => console.reset();
  const trigger = {
    wait: () => waitForBoard,
    reset: () => resetBoard(reset),
    sendUrl: () => sendUrl({ onLine: console.onLine, write: (text) => console.type(text), reset }),
  }[triggerKind]();
  const { view } = console;
  return {
    id: console.address,
    name: access.nameOf(console.address),
    triggerKind,
    trigger,
    onLine: console.onLine,
    ...(view.ip === undefined ? {} : { address: view.ip }),
    ...(mac === undefined ? {} : { mac }),
    ...(view.app?.version === undefined ? {} : { runningVersion: view.app.version }),
  };
}

/** One board for each request; the console of the port belongs to the board when there is only one. */
function httpBoards(
  requests: {
    readonly templates: readonly string[];
    readonly targets: readonly URL[];
    readonly allowsPublic: boolean;
    readonly version: string;
  },
  withConsole: DeliveryBoard | undefined,
  access: BoardAccess,
): readonly DeliveryBoard[] {
  const { templates, targets, allowsPublic, version } = requests;
  const names = nameTargets(targets);
  return targets.map((target, index): DeliveryBoard => {
    const template = templates[index] ?? '';
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const announced = access.announcedVersion(host);
    return {
      ...(announced === undefined ? {} : { runningVersion: announced }),
      ...withConsole,
      id: names[index]?.id ?? target.host,
      name: names[index]?.name ?? target.host,
      triggerKind: 'http',
      trigger: httpRequest({ template, version, allowsPublic }),
      ...(/^[\d.]+$|:/.test(host) ? { address: host } : {}),
    };
  });
}

function isRequest(template: string): boolean {
  return template.trim() !== '';
}

/** @throws {OtaError} `trigger.badTemplate`, also when there is none */
function targetsOf(
  all: readonly string[],
  version: string,
): { readonly templates: readonly string[]; readonly targets: readonly URL[] } {
  const templates = all.filter(isRequest);
  if (templates.length === 0) throw new OtaError('trigger.badTemplate', { template: '', problem: 'url' });
  const targets = templates.map((template) => parseTemplate({ template, url: 'https://example', version }).target);
  return { templates, targets };
}

/** The hosts that requests of the settings go to, as boards are named by them.
 * @throws {OtaError} `trigger.badTemplate` */
export function hostsOf(templates: readonly string[]): readonly string[] {
  return nameTargets(targetsOf(templates, '0').targets).map(({ name }) => name);
}
