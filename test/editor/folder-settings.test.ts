import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { addExample, serverPort } from './outside.ts';

// Two folders in one window. The second one has settings of its own, which count while its project is selected.
const port = await serverPort();
const WORKSPACE = 'folders.code-workspace';

const workbench = useWorkbench({
  settings: { 'esp32Ota.server.port': port, 'esp32Ota.server.protocol': 'http' },
  workspaceFile: WORKSPACE,
  prepare: (folder) => {
    const second = path.join(path.dirname(folder), 'second');
    addExample('hello_world', second);
    writeSettings(second, { 'esp32Ota.server.advertisedHost': 'second.local' });
    const folders = [{ path: path.basename(folder) }, { path: 'second' }];
    writeFileSync(path.join(path.dirname(folder), WORKSPACE), JSON.stringify({ folders }));
  },
});
const firmware = workbench.view('Firmware');

function writeSettings(folder: string, settings: object): void {
  mkdirSync(path.join(folder, '.vscode'), { recursive: true });
  writeFileSync(path.join(folder, '.vscode/settings.json'), JSON.stringify(settings));
}

async function select(folder: string): Promise<void> {
  await workbench.runCommand('ESP32 OTA: Select Project…');
  await workbench.quickInput.pick(folder);
}

async function shownRows(): Promise<string> {
  return JSON.stringify(await firmware.rows());
}

it('tells boards the address that is set in the folder of the project', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware.reveal('simple_ota');
  await workbench.runCommand('ESP32 OTA: Start Server');
  await firmware.reveal(/Server on/);
  await select('second');
  await expect.poll(shownRows).toContain(`http://second.local:${port}`);
  await select(path.basename(workbench.folder()));
  await expect.poll(shownRows).not.toContain('second.local');
});

it('says which value in a folder can’t be used', async () => {
  writeSettings(path.join(workbench.folder(), '../second'), { 'esp32Ota.server.keepReleases': 0 });
  await workbench.notifications.shown(/esp32Ota\.server\.keepReleases can’t be 0/);
});
