import { workspace } from 'vscode';

/** Saves what editors hold unsaved of some files: we read and write what is on the disk, and an editor would undo our change when it is saved
 * later. Gives whether anything was saved. */
export async function saveOpen(isMeant: (path: string) => boolean): Promise<boolean> {
  const open = workspace.textDocuments.filter(
    ({ uri, isDirty }) => isDirty && uri.scheme === 'file' && isMeant(uri.fsPath),
  );
  let isAnySaved = false;
  for (const document of open) isAnySaved = (await document.save()) || isAnySaved;
  return isAnySaved;
}
