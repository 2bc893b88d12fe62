import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createAgent } from './harness/agent.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { addExample } from './outside.ts';

// Two folders in one window, each with a board of its own in the settings of the ESP-IDF extension, and both boards monitored; beside them one
// that can't be read.
const agent = createAgent();
const [first, second] = [await boardInNetwork(), await boardInNetwork()];
const WORKSPACE = 'boards.code-workspace';

const workbench = useWorkbench({
  companions: ['agent-extension', 'idf-extension'],
  settings: { ...agent.settings, 'terminal.integrated.shellIntegration.enabled': true },
  workspaceFile: WORKSPACE,
  prepare: (folder) => {
    addExample('hello_world', secondFolder(folder));
    setPort(folder, first.address);
    setPort(secondFolder(folder), second.address);
    makeTool(secondFolder(folder));
    const loop = path.join(path.dirname(folder), 'loop');
    symlinkSync(loop, loop); // which nobody can read
    const folders = [{ path: 'loop' }, { path: path.basename(folder) }, { path: 'second' }];
    writeFileSync(path.join(path.dirname(folder), WORKSPACE), JSON.stringify({ folders }));
  },
});

interface NetworkBoard {
  readonly address: string;
  readonly server: Server;
}

/** A board that says nothing. */
async function boardInNetwork(): Promise<NetworkBoard> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `socket://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

afterAll(() => {
  for (const { server } of [first, second]) server.close();
});

function secondFolder(folder = workbench.folder()): string {
  return path.join(path.dirname(folder), 'second');
}

function setPort(folder: string, port: string): void {
  mkdirSync(path.join(folder, '.vscode'), { recursive: true });
  writeFileSync(path.join(folder, '.vscode/settings.json'), JSON.stringify({ 'idf.port': port }));
}

/** What stands in for ESP-IDF's tool, and a task that runs it: it goes on until it is ended. */
function makeTool(folder: string): void {
  writeFileSync(path.join(folder, 'idf.py'), '#!/bin/sh\nexec cat\n');
  chmodSync(path.join(folder, 'idf.py'), 0o755);
  const tasks = [{ label: 'Flash it', type: 'shell', command: './idf.py flash', problemMatcher: [] }];
  writeFileSync(path.join(folder, '.vscode/tasks.json'), JSON.stringify({ version: '2.0.0', tasks }));
}

const holders = async (): Promise<unknown[]> => [
  await agent.value({ do: 'holder', port: first.address }),
  await agent.value({ do: 'holder', port: second.address }),
];
const SECOND_IS_LENT = ['monitor', 'ESP-IDF'];
const NONE_IS_LENT = ['monitor', 'monitor'];

it('tells of a folder that can’t be read, and works with the others', async () => {
  await workbench.notifications.shown(/loop could not be read/);
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota');
});

it('monitors both boards', async () => {
  for (const { address } of [first, second])
    await agent.value({ do: 'command', command: 'esp32Ota.openMonitor', arguments: [{ payload: address }] });
  await expect.poll(holders).toEqual(NONE_IS_LENT);
});

it('lends a task the port of its own folder', async () => {
  await agent.value({ do: 'runTask', name: 'Flash it' });
  await expect.poll(holders).toEqual(SECOND_IS_LENT);
  await workbench.screenshot('two-boards-1-task');
  await agent.value({ do: 'endTask', name: 'Flash it' });
  await expect.poll(holders).toEqual(NONE_IS_LENT);
});

it('lends a monitor of ESP-IDF the port of the folder that its terminal was opened in', async () => {
  await agent.value({ do: 'openTerminal', name: 'ESP-IDF Monitor', cwd: secondFolder() });
  await expect.poll(holders).toEqual(SECOND_IS_LENT);
  await agent.value({ do: 'closeTerminal', name: 'ESP-IDF Monitor' });
  await expect.poll(holders).toEqual(NONE_IS_LENT);
});

it('lends a command in a terminal the port of the folder that it runs in', async () => {
  await agent.value({ do: 'openTerminal', name: 'mine', cwd: workbench.folder() });
  const commandLines = [`cd '${path.join(secondFolder(), 'main')}'`, '../idf.py monitor'];
  await agent.value({ do: 'runInTerminal', name: 'mine', commandLines });
  await expect.poll(holders).toEqual(SECOND_IS_LENT);
  await workbench.screenshot('two-boards-2-command');
  // its end, as a user ends it: the terminal stays
  await workbench.terminal.focus();
  await workbench.press('Control+D');
  await expect.poll(holders).toEqual(NONE_IS_LENT);
});
