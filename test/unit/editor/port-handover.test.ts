import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../../../src/base/logger.ts';
import type { Disposable } from '../../../src/base/disposable.ts';
import { watchPortUse } from '../../../src/editor/interop/port-handover.ts';
import { PortLeases } from '../../../src/serial/port-lease.ts';
import {
  configureFolder,
  openTerminal,
  reset,
  runInTerminal,
  ShellExecution,
  startTask,
  Uri,
  workspace,
} from '../../support/fake-vscode.ts';

vi.mock('vscode', () => import('../../support/fake-vscode.ts'));

// Two folders of one window, each with a board of its own, and both boards monitored.
const [FIRST, SECOND] = ['rfc2217://first:1', 'rfc2217://second:1'];
const folders = ['/projects/first', '/projects/second'].map((path) => ({ uri: Uri.file(path) }));
let leases: PortLeases;
let watch: Disposable;

beforeEach(async () => {
  reset();
  workspace.workspaceFolders = folders;
  configureFolder('/projects/first', 'idf.port', FIRST);
  configureFolder('/projects/second', 'idf.port', SECOND);
  leases = new PortLeases();
  for (const port of [FIRST, SECOND])
    await leases.acquire(port, { holder: 'monitor', onYield: () => Promise.resolve() });
  watch = watchPortUse({
    leases: () => Promise.resolve(leases),
    monitored: () => [FIRST, SECOND],
    log: silentLogger,
  });
});

afterEach(() => {
  watch.dispose();
});

/** The second board is lent, and the first one stays with its monitor. */
async function onlySecondIsLent(): Promise<void> {
  await expect.poll(() => leases.holderOf(SECOND)).toBe('ESP-IDF');
  expect(await leases.holderOf(FIRST)).toBe('monitor');
}

it('a task gets the port of its own folder', async () => {
  const execution = new ShellExecution('idf.py flash');
  startTask({ definition: { type: 'shell' }, source: 'Workspace', name: 'Flash', execution, scope: folders[1] });
  await onlySecondIsLent();
});

it('a terminal gets the port of the folder that it was opened in', async () => {
  openTerminal({ name: 'ESP-IDF Monitor', creationOptions: { cwd: '/projects/second' } });
  await onlySecondIsLent();
});

it('a command in a terminal gets the port of the folder that it runs in', async () => {
  const terminal = { name: 'bash', creationOptions: { cwd: '/projects/first' } };
  runInTerminal({
    terminal,
    execution: { commandLine: { value: 'idf.py monitor' }, cwd: Uri.file('/projects/second/main') },
  });
  await onlySecondIsLent();
});
