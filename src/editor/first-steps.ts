import { commands, window, workspace, type Memento } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { imageTrusts } from '../image/embedded-certificates.ts';
import { WALKTHROUGH } from '../texts/contributions.ts';
import { setContext } from './context.ts';
import { virtualNumber } from './sessions/board-session.ts';
import type { WindowSession } from './window-session.ts';

/** In the user's memento: the folder in whose window the walkthrough goes on. */
export const WALKTHROUGH_IN = 'walkthroughIn';

/** Opens the walkthrough at its first step that is not done yet. */
export async function showWalkthrough(): Promise<void> {
  await commands.executeCommand('workbench.action.openWalkthrough', `esp32-ota.esp32-ota#${WALKTHROUGH.id}`, false);
  completeWhatIsSo();
}

/** VS Code completes a step when its context key changes, and leaves one open whose key was true already when it looked at the walkthrough for
 * the first time, which is when that is opened. So each step has a second condition, with a key that becomes true after that.
 * @see VS Code 1.139 `gettingStartedService.ts`, `registerDoneListeners` */
function completeWhatIsSo(): void {
  setContext('isGuided', true);
  setContext('isGuided', false);
}

/** Goes on with the walkthrough where it led to another folder, which is another window or this one again. */
export async function resumeWalkthrough(memento: Memento): Promise<void> {
  const folder = memento.get<string>(WALKTHROUGH_IN);
  if (folder === undefined || workspace.workspaceFolders?.[0]?.uri.fsPath !== folder) return;
  await memento.update(WALKTHROUGH_IN, undefined);
  await showWalkthrough();
}

/** Keeps the context keys up to date that complete the walkthrough's steps: what really is so, however it came about. */
export function watchFirstSteps({
  projects,
  certificates,
  deliver,
}: Pick<WindowSession, 'projects' | 'certificates' | 'deliver'>): Disposable {
  const store = new DisposableStore();
  const lookAtCertificate = (): void => {
    const { project } = projects;
    const trustPem = certificates.current?.trustPem;
    const isInstalled = trustPem !== undefined && project?.certificate.pem?.trim() === trustPem.trim();
    const app = project?.app;
    setContext('hasCertificate', isInstalled);
    setContext(
      'isServerTrusted',
      trustPem !== undefined && app !== undefined && imageTrusts(app.bytes, trustPem).trusted,
    );
  };
  const lookAtDeliveries = (): void => {
    const confirmed = deliver.deliveries
      .flatMap(({ updates }) => updates)
      .filter(({ timeline }) => timeline.verdict?.outcome === 'confirmed');
    setContext('hasConfirmedUpdate', confirmed.length > 0);
    setContext(
      'hasUpdatedBoard',
      confirmed.some(({ id }) => virtualNumber(id) === undefined),
    );
  };
  store.add(
    window.tabGroups.onDidChangeTabs(({ opened, changed }) => {
      // the pages of VS Code itself, such as the walkthrough, have no input that extensions know
      if ([...opened, ...changed].some(({ input }) => input === undefined)) completeWhatIsSo();
    }),
  );
  store.add(projects.onChange(lookAtCertificate));
  store.add(certificates.onChange(lookAtCertificate));
  store.add(deliver.onChange(lookAtDeliveries));
  store.add(projects.onChange(lookAtDeliveries));
  lookAtCertificate();
  lookAtDeliveries();
  return store;
}
