import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { ensureEditorHost } from '../../../scripts/lib/editor-host.mjs';
import { installExtension, uninstallExtension } from '../../../scripts/lib/editor-server.mjs';
import { runOrThrow } from '../../../scripts/lib/processes.mjs';
import { inRoot, readJson } from '../../../scripts/lib/repository.mjs';
import type { EditorSession } from './session.ts';

/** Extensions that only some test files need beside ours: `test/editor/<name>/extension.ts` with its package.json. */
export type Companion = 'agent-extension' | 'idf-extension';

const foldersOf = (session: EditorSession) => ({ data: session.dataFolder, extensions: session.extensionsFolder });

/** Builds and packages them, and installs the packages as a user would. They are there in the window that is opened next. */
export async function installCompanions(session: EditorSession, names: readonly Companion[]): Promise<void> {
  if (names.length === 0) return;
  const host = await ensureEditorHost();
  const files = await Promise.all(names.map((name) => packaged(session, name)));
  // one after the other: each writes the list of what is installed
  for (const file of files) await installExtension(host, foldersOf(session), file);
}

async function packaged(session: EditorSession, name: Companion): Promise<string> {
  // beside what this worker's editor has: files run side by side
  const folder = path.join(path.dirname(session.dataFolder), 'companions', name);
  const file = path.join(folder, `${name}.vsix`);
  // they stay as they are from one test file to the next
  if (existsSync(file)) return file;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(inRoot('test/editor', name, 'package.json'), path.join(folder, 'package.json'));
  cpSync(inRoot('LICENSE'), path.join(folder, 'LICENSE'));
  await esbuild.build({
    entryPoints: [inRoot('test/editor', name, 'extension.ts')],
    outfile: path.join(folder, 'extension.js'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    external: ['vscode'],
    logLevel: 'error',
  });
  const vsce = inRoot('node_modules/@vscode/vsce/vsce');
  const options = ['--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', file];
  await runOrThrow(process.execPath, [vsce, 'package', ...options], { cwd: folder });
  return file;
}

export async function uninstallCompanions(session: EditorSession, names: readonly Companion[]): Promise<void> {
  if (names.length === 0) return;
  const host = await ensureEditorHost();
  for (const name of names) {
    const { publisher, name: own } = readJson(inRoot('test/editor', name, 'package.json')) as Record<string, string>;
    await uninstallExtension(host, foldersOf(session), `${publisher}.${own}`);
  }
}
