import { commands, window, workspace, type Memento } from 'vscode';
import type { Disposable } from '../base/disposable.ts';
import { WALKTHROUGH } from '../texts/contributions.ts';
import { setContext } from './context.ts';
import { walkthroughTabs } from './walkthrough-tabs.ts';

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

/** Watches the walkthrough's steps from the first time on that it may be open.
 * @param watchSteps called once */
export function watchWalkthrough(watchSteps: () => Promise<unknown>): Disposable {
  const look = walkthroughTabs(watchSteps, completeWhatIsSo);
  look(window.tabGroups.all.flatMap(({ tabs }) => tabs));
  return window.tabGroups.onDidChangeTabs(({ opened, changed }) => {
    look([...opened, ...changed]);
  });
}
