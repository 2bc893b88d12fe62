import { l10n } from 'vscode';
import { OtaError } from '../base/ota-error.ts';
import type { DeliveryBoard } from '../ota/deliver.ts';
import { chooseBoards, type BoardAccess, type ChosenBoards } from '../ota/delivery-boards.ts';
import { virtualBoard } from '../ota/virtual-delivery.ts';
import type { VirtualDevice } from '../ota/virtual-device.ts';
import { virtualName } from '../texts/board-names.ts';
import { virtualId } from './sessions/board-session.ts';
import { readSettings } from './settings.ts';
import type { WindowSession } from './window-session.ts';

/** Which boards a delivery that begins now goes to. */
export function chosenBoards({ projects, ports, board }: WindowSession): ChosenBoards {
  const { values } = readSettings(projects.workspaceFolder());
  return chooseBoards({
    trigger: values['deliver.trigger'],
    templates: values['deliver.httpRequest'],
    allowsPublic: values['deliver.allowPublicBoards'],
    selectedPort: ports.selected,
    attached: board.boards.map(({ device }) => device),
  });
}

/** How the boards of this window are reached. */
export function boardAccess({ ports, monitors, server }: WindowSession): BoardAccess {
  return {
    knownPorts: async () => {
      await ports.watch();
      return ports.devices;
    },
    lookForPorts: async () => {
      await ports.refresh();
      return ports.devices;
    },
    hasConsole: (address) => monitors.sessionOf(address) !== undefined,
    openConsole: (address) => monitors.open(address, { isShown: false }),
    macOf: (address) => ports.factsOf(address)?.mac,
    nameOf: (address) => ports.ports.find((port) => port.address === address)?.name ?? address,
    announcedVersion: (host) => server.clients.get(host)?.announced?.runningVersion,
    anyName: l10n.t('The board that asks'),
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

/** Those that were chosen and are still attached.
 * @throws {OtaError} `trigger.noBoard` */
export async function virtualBoards(
  { board }: WindowSession,
  isChosen: (device: VirtualDevice) => boolean,
): Promise<readonly DeliveryBoard[]> {
  const chosen = board.boards.filter(({ device }) => isChosen(device));
  if (chosen.length === 0) throw new OtaError('trigger.noBoard', { trigger: 'virtual' });
  await board.configure();
  return chosen.map(({ number, device }) => virtualBoard(virtualId(number), virtualName(number), device));
}
