import { RelativePattern, Uri, workspace } from 'vscode';
import { basename, dirname } from 'node:path';
import { DisposableStore, type Disposable } from '../base/disposable.ts';

/** Characters that mean something in a glob, and may stand in the name of a file. */
const GLOB_CHARACTERS = /[*?[\]{}!,]/g;

/** Watches the files of a folder that a glob names: those that come, are written, or go. */
export function watchGlob(folder: string, glob: string, onChange: () => void): Disposable {
  const watcher = workspace.createFileSystemWatcher(new RelativePattern(Uri.file(folder), glob));
  const store = new DisposableStore();
  store.add(watcher);
  store.add(watcher.onDidChange(onChange));
  store.add(watcher.onDidCreate(onChange));
  store.add(watcher.onDidDelete(onChange));
  return store;
}

/** Watches one file, wherever it lies: outside the workspace too, where VS Code watches what is relative to a folder only. */
export function watchFile(path: string, onChange: () => void): Disposable {
  // any character in place of those: at worst a neighbour's change is taken for one of this file
  return watchGlob(dirname(path), basename(path).replaceAll(GLOB_CHARACTERS, '?'), onChange);
}
