import { commands, l10n, Uri, window, workspace } from 'vscode';
import { showInformationMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createExample } from '../../idf/create-example.ts';
import { showWalkthrough, WALKTHROUGH_IN } from '../walkthrough.ts';
import type { Handler } from './run.ts';

export const getStarted: Handler = () => showWalkthrough();

/** Copies the example into a folder of the user's and opens it, where the walkthrough goes on. */
export const openExample: Handler = async (session) => {
  const near = workspace.workspaceFolders?.[0]?.uri;
  const [parent] =
    (await window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      title: l10n.t('Choose where the folder of the example is created'),
      openLabel: l10n.t('Create Here'),
      defaultUri: near?.scheme === 'file' ? Uri.joinPath(near, '..') : Uri.file(homedir()),
    })) ?? [];
  if (parent === undefined) return;
  const examples = join(session.extensionFolder, 'examples');
  const sources = { project: join(examples, 'simple_ota'), tools: join(examples, 'tools') };
  const folder = await createExample(parent.fsPath, sources, session.files);
  session.log.info(`example created: ${folder}`);
  const open = async (forceNewWindow: boolean): Promise<void> => {
    await session.memento.update(WALKTHROUGH_IN, folder);
    await commands.executeCommand('vscode.openFolder', Uri.file(folder), {
      forceNewWindow,
      forceReuseWindow: !forceNewWindow,
    });
  };
  if (workspace.workspaceFolders === undefined) {
    await open(false);
    return;
  }
  const [here, elsewhere] = [l10n.t('Open'), l10n.t('Open in New Window')];
  onAnswer(
    showInformationMessage(l10n.t('The example was created in {0}.', folder), here, elsewhere),
    (answer) => open(answer === elsewhere),
    session.log,
  );
};
