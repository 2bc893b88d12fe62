import { l10n, type Uri } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { chipByTarget } from '../../image/chips.ts';
import { mapOfDevice, mapOfProject } from '../../ota/flash-map-sources.ts';
import { flashMapOf, type FlashMap } from '../../ota/flash-map.ts';
import { VIRTUAL_PORT } from '../sessions/port-session.ts';
import { flashMapMessage, type FlashMapAction, type FlashMapView } from '../webview/flash-map/view.ts';
import type { WindowSession } from '../window-session.ts';
import { flashMapViewOf, type FlashMapSubject } from './flash-map-view.ts';
import { WebviewPage } from './webview-page.ts';

/** The whole of a page that has nothing to draw yet. */
const NOTHING: FlashMap = flashMapOf({ tableOffset: 0x8000, partitions: [] });

function current(
  session: WindowSession,
  address: string,
): { readonly map: FlashMap; readonly subject: FlashMapSubject } {
  const { projects, board, ports } = session;
  const { project } = projects;
  if (address === VIRTUAL_PORT && board.board !== undefined) {
    return {
      map: mapOfDevice(board.board, project),
      subject: {
        title: l10n.t('Flash of the virtual board'),
        chip: chipByTarget(board.board.state.chip)?.name,
        isProject: false,
      },
    };
  }
  const port = ports.ports.find((one) => one.address === address);
  const name = address === VIRTUAL_PORT ? l10n.t('the virtual board') : (port?.name ?? address);
  const notice =
    address === ''
      ? undefined
      : address === VIRTUAL_PORT
        ? { text: l10n.t('The virtual board is not attached: this is the layout of the project.') }
        : { text: l10n.t('The slots of {0} have not been read: this is the layout of the project.', name) };
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
    title: l10n.t('Flash Map'),
    view: () => {
      const { map, subject } = current(session, address);
      return flashMapViewOf(map, subject);
    },
    isMessage: flashMapMessage,
    onAction: () => undefined,
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
  ])
    store.add(event(update));
  return page;
}
