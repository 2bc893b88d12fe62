import { commands, l10n, type Uri } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { chipByTarget, CHIPS } from '../../image/chips.ts';
import { DEFAULT_TABLE_OFFSET } from '../../image/partition-table.ts';
import { mapOfChip, mapOfDevice, mapOfProject } from '../../ota/flash-map-sources.ts';
import { flashMapOf, type FlashMap } from '../../ota/flash-map.ts';
import { virtualName } from '../../texts/board-names.ts';
import { commandId } from '../../texts/contributions.ts';
import { agoText } from '../../texts/text.ts';
import { virtualNumberOf } from '../../ota/virtual-port.ts';
import { flashMapMessage, type FlashMapAction, type FlashMapView } from '../webview/flash-map/view.ts';
import type { WindowSession } from '../window-session.ts';
import { flashMapViewOf, type FlashMapSubject } from './flash-map-view.ts';
import { WebviewPage } from './webview-page.ts';

/** The whole of a page that has nothing to draw yet. */
const NOTHING: FlashMap = flashMapOf({ tableOffset: DEFAULT_TABLE_OFFSET, partitions: [] });

interface Shown {
  readonly map: FlashMap;
  readonly subject: FlashMapSubject;
}

function current(session: WindowSession, address: string): Shown {
  const { projects, board, ports, slots } = session;
  const { project } = projects;
  const number = virtualNumberOf(address);
  const device = board.boards.find((one) => one.number === number)?.device;
  if (number !== undefined && device !== undefined) {
    return {
      map: mapOfDevice(device, project),
      subject: {
        title: l10n.t('{0}: flash', virtualName(number)),
        chip: chipByTarget(device.state.chip)?.name,
        isProject: false,
      },
    };
  }
  const port = ports.ports.find((one) => one.address === address);
  const name = number === undefined ? (port?.name ?? address) : virtualName(number);
  const read = number === undefined ? slots.slotsOf(address) : undefined;
  if (read !== undefined) {
    const facts = ports.factsOf(address);
    return {
      map: mapOfChip(
        read,
        {
          flashSizeBytes: facts?.flashSizeBytes,
          chipId: CHIPS.find((chip) => chip.name === facts?.chip)?.id,
          runningLabel: runningLabel(session, address),
        },
        project,
      ),
      subject: {
        title: l10n.t('{0}: flash', name),
        chip: facts?.chip,
        readAt: l10n.t('read {0}', agoText(read.readAtMs)),
        isProject: false,
      },
    };
  }
  const notice =
    address === ''
      ? undefined
      : number === undefined
        ? {
            text: l10n.t('The slots of {0} are not known: this is the layout of the project.', name),
            ...(port === undefined ? {} : { button: l10n.t('Read Slots') }),
          }
        : { text: l10n.t('{0} is not attached: this is the layout of the project.', name) };
  return {
    map: project === undefined ? NOTHING : mapOfProject(project),
    subject: {
      title:
        project === undefined ? l10n.t('No project') : l10n.t('Flash layout of {0}', projects.nameOf(project.folder)),
      chip: project?.target === undefined ? undefined : chipByTarget(project.target)?.name,
      notice,
      isProject: true,
    },
  };
}

/** More than one may be open, so each says whose it is. */
function tabTitle({ ports }: WindowSession, address: string): string {
  if (address === '') return l10n.t('Flash Map');
  const number = virtualNumberOf(address);
  const name = number === undefined ? ports.ports.find((one) => one.address === address)?.name : virtualName(number);
  return l10n.t('Flash Map: {0}', name ?? address);
}

/** What runs on a board, where its console tells. */
function runningLabel({ monitors }: WindowSession, address: string): string | undefined {
  const monitor = monitors.monitors.find((one) => one.address === address && one.state === 'open');
  return monitor?.view.phase === 'app' ? monitor.view.runningLabel : undefined;
}

/** The flash map of one board, or of the project (address empty), kept up to date until its tab is closed. */
export function openFlashMap(
  session: WindowSession,
  extensionUri: Uri,
  address: string,
  onClosed: () => void,
): Disposable & { reveal(): void } {
  const store = new DisposableStore();
  const page = new WebviewPage<FlashMapView, FlashMapAction>({
    name: 'flash-map',
    extensionUri,
    title: tabTitle(session, address),
    view: () => {
      const { map, subject } = current(session, address);
      return flashMapViewOf(map, subject);
    },
    isMessage: flashMapMessage,
    onAction: () => {
      void commands.executeCommand(commandId('readSlots'), { payload: address });
    },
    onClosed: () => {
      store.dispose();
      onClosed();
    },
  });
  const update = (): void => {
    page.update();
  };
  for (const event of [
    session.projects.onChange,
    session.board.onChange,
    session.ports.onChange,
    session.flash.onChange,
    // what was read is forgotten when an update or a rollback has changed it
    session.slots.onChange,
    session.monitors.onChange,
  ])
    store.add(event(update));
  return page;
}
