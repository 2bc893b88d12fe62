import { l10n } from 'vscode';
import { networkInterfaces } from 'node:os';
import { OtaError } from '../base/ota-error.ts';
import type { DeliveryBoard } from '../ota/deliver.ts';
import { nameTargets, parseTemplate } from '../ota/http-trigger.ts';
import {
  ANY_BOARD,
  httpRequest,
  resetBoard,
  sendUrl,
  virtualTrigger,
  waitForBoard,
  type TriggerKind,
} from '../ota/triggers.ts';
import { rehearsalBoard } from '../ota/virtual-device.ts';
import { virtualName } from '../texts/board-names.ts';
import { virtualId, type AttachedBoard } from './sessions/board-session.ts';
import { VIRTUAL_PORT } from '../ota/virtual-port.ts';
import { readSettings } from './settings.ts';
import type { WindowSession } from './window-session.ts';

/** Which boards a delivery goes to: the virtual ones, or others that are made ready when it comes to that. */
export type ChosenBoards = {
  /** How they are told. */
  readonly trigger: TriggerKind;
  /** Address of the port behind which the board is; empty where none is needed or known. */
  readonly port: string;
} & (
  | { readonly kind: 'virtual'; readonly isOnlyFirst: boolean }
  | { readonly kind: 'real'; readonly boards: (version: string) => Promise<readonly DeliveryBoard[]> }
);

/** By the settings, the selected port, and what is attached now. Chosen once for a delivery: what is selected or attached later is for the next. */
export function chosenBoards(session: WindowSession): ChosenBoards {
  const { values } = readSettings(session.projects.workspaceFolder());
  const trigger = values['deliver.trigger'];
  const { selected } = session.ports;
  if (trigger === 'http') {
    const requests = { templates: values['deliver.httpRequest'], allowsPublic: values['deliver.allowPublicBoards'] };
    return {
      kind: 'real',
      trigger,
      port: selected,
      boards: (version) => httpBoards(session, selected, requests, version),
    };
  }
  const hasPort = selected !== '' && selected !== VIRTUAL_PORT;
  if (trigger === 'virtual' || (!hasPort && session.board.boards.length > 0))
    return { kind: 'virtual', trigger: 'virtual', port: '', isOnlyFirst: false };
  if (hasPort)
    return { kind: 'real', trigger, port: selected, boards: async () => [await portBoard(session, selected, trigger)] };
  return {
    kind: 'real',
    trigger,
    port: '',
    boards: () => {
      // without a port nothing can be told to a board, but it may ask
      if (trigger !== 'wait') return Promise.reject(new OtaError('trigger.noBoard', { trigger }));
      return Promise.resolve([anyBoard()]);
    },
  };
}

/** The versions that the chosen boards run, as far as they are known without asking them. */
export function runningVersions(session: WindowSession, { kind, port }: ChosenBoards): readonly string[] {
  if (kind === 'virtual') return session.board.boards.flatMap(({ device }) => device.state.running?.version ?? []);
  const printed = session.monitors.sessionOf(port)?.view.app?.version;
  return printed === undefined ? lastDelivered(session) : [printed];
}

/** What the last update of a board left running on it, by the history. */
function lastDelivered({ deliver }: WindowSession): readonly string[] {
  for (const { updates } of deliver.deliveries) {
    const real = updates.filter((one) => one.trigger !== 'virtual');
    const versions = real.flatMap(({ timeline }) =>
      timeline.verdict?.outcome === 'confirmed' || timeline.verdict?.outcome === 'delivered'
        ? [timeline.subject.version]
        : [],
    );
    if (real.length > 0) return versions;
  }
  return [];
}

/** The versions that boards of this project went back from, by the history. */
export function rolledBackVersions({ deliver }: WindowSession): readonly string[] {
  const updates = deliver.deliveries.flatMap((one) => one.updates);
  return updates.flatMap(({ timeline }) =>
    timeline.verdict?.outcome === 'rolledBack' ? [timeline.subject.version] : [],
  );
}

/** @throws {OtaError} `trigger.noBoard` */
export async function virtualBoards(session: WindowSession, isOnlyFirst: boolean): Promise<readonly DeliveryBoard[]> {
  const { boards } = session.board;
  if (boards.length === 0) throw new OtaError('trigger.noBoard', { trigger: 'virtual' });
  await session.board.configure();
  return (isOnlyFirst ? boards.slice(0, 1) : boards).map(virtualBoard);
}

function virtualBoard({ number, device }: AttachedBoard): DeliveryBoard {
  const { onLine, onProgress } = rehearsalBoard(device);
  const runningVersion = device.state.running?.version;
  return {
    id: virtualId(number),
    name: virtualName(number),
    triggerKind: 'virtual',
    trigger: virtualTrigger(device),
    onLine,
    ...(onProgress === undefined ? {} : { onProgress }),
    // other boards may have the same port on their side
    ownsClient: (client) => device.ownsPort(client.port) && isOwnAddress(client.address),
    ...(runningVersion === undefined ? {} : { runningVersion }),
  };
}

/** Whether a client is on this computer, as the virtual boards are. */
function isOwnAddress(address: string): boolean {
  if (/^127\.|^::1$/.test(address)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address) === true);
}

/** Nobody is told; whoever asks first is taken for the board. */
function anyBoard(): DeliveryBoard {
  return { id: ANY_BOARD, name: l10n.t('The board that asks'), triggerKind: 'wait', trigger: waitForBoard };
}

/** The board on a serial port: its console is read in a monitor. */
async function portBoard(
  session: WindowSession,
  address: string,
  triggerKind: 'wait' | 'reset' | 'sendUrl',
): Promise<DeliveryBoard> {
  const console = await session.monitors.open(address, { isShown: false });
  const reset = (): Promise<void> => console.reset();
  const trigger = {
    wait: () => waitForBoard,
    reset: () => resetBoard(reset),
    sendUrl: () => sendUrl({ onLine: console.onLine, write: (text) => console.type(text), reset }),
  }[triggerKind]();
  const { view } = console;
  const mac = session.ports.factsOf(address)?.mac.toLowerCase();
  return {
    id: address,
    name: session.ports.ports.find((port) => port.address === address)?.name ?? address,
    triggerKind,
    trigger,
    onLine: console.onLine,
    ...(view.ip === undefined ? {} : { address: view.ip }),
    ...(mac === undefined ? {} : { mac }),
    ...(view.app?.version === undefined ? {} : { runningVersion: view.app.version }),
  };
}

/** One board for each request of the settings; the console of the selected port belongs to the board when there is only one.
 * @throws {OtaError} `trigger.badTemplate`, those of the monitor */
async function httpBoards(
  session: WindowSession,
  selected: string,
  { templates: all, allowsPublic }: { readonly templates: readonly string[]; readonly allowsPublic: boolean },
  version: string,
): Promise<readonly DeliveryBoard[]> {
  const { templates, targets } = targetsOf(all, version);
  const hasConsole = templates.length === 1 && selected !== '' && selected !== VIRTUAL_PORT;
  const withConsole = hasConsole ? await portBoard(session, selected, 'wait') : undefined;
  const names = nameTargets(targets);
  return targets.map((target, index): DeliveryBoard => {
    const template = templates[index] ?? '';
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const announced = session.server.clients.get(host)?.announced?.runningVersion;
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

/** @throws {OtaError} `trigger.badTemplate`, also when there is none */
function targetsOf(
  all: readonly string[],
  version: string,
): { readonly templates: readonly string[]; readonly targets: readonly URL[] } {
  const templates = all.filter((one) => one.trim() !== '');
  if (templates.length === 0) throw new OtaError('trigger.badTemplate', { template: '', problem: 'url' });
  const targets = templates.map((template) => parseTemplate({ template, url: 'https://example', version }).target);
  return { templates, targets };
}

/** The hosts that requests of the settings go to, as boards are named by them.
 * @throws {OtaError} `trigger.badTemplate` */
export function hostsOf(templates: readonly string[]): readonly string[] {
  return nameTargets(targetsOf(templates, '0').targets).map(({ name }) => name);
}
