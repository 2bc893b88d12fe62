import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { isPortFree } from '../../scripts/lib/editor-server.mjs';
import { createAgent } from './harness/agent.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { buildOutside, serverPort } from './outside.ts';

// Nothing of the workspace is run, and no server is started, before its folder is trusted.
const port = await serverPort();
const agent = createAgent();
const workbench = useWorkbench({
  isTrusted: false,
  companions: ['agent-extension'],
  settings: { ...agent.settings, 'esp32Ota.server.port': port },
  prepare: (folder) => {
    buildOutside(folder);
    // where a board is, by the settings of the workspace: ours are restricted by VS Code, those of the ESP-IDF extension by us
    const settings = path.join(folder, '.vscode/settings.json');
    const present = JSON.parse(readFileSync(settings, 'utf8')) as object;
    const ports = { 'idf.port': 'socket://192.0.2.9:23', 'esp32Ota.serial.port': 'socket://192.0.2.10:23' };
    writeFileSync(settings, JSON.stringify({ ...present, ...ports }));
  },
});
const firmware = workbench.view('Firmware');

it('reads the project of a folder that is not trusted', async () => {
  await workbench.statusBar.item('Restricted Mode').waitFor();
  await workbench.openContainer('ESP32 OTA');
  await firmware.reveal(/Version 1\.0\.0.*version\.txt/);
  await firmware.reveal('simple_ota.bin');
  await workbench.view('Devices').welcome(/need a trusted workspace/);
  await workbench.view('Updates').welcome(/in a trusted workspace only/);
  await workbench.screenshot('untrusted');
});

it('neither builds nor serves nor boots anything', async () => {
  for (const name of ['Build Firmware', 'Start Server', 'Toggle Server', 'Serve Image…', 'Attach Virtual Board'])
    await expect.poll(() => workbench.offersCommand(`ESP32 OTA: ${name}`), { message: name }).toBe(false);
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Rehearse Update on Virtual Board')).toBe(false);

  await workbench.statusBar.click('OTA: off'); // cannot be hidden from the mouse
  await workbench.notifications.shown('trusted workspace');
  await firmware.click('Server off');
  expect(await isPortFree(port)).toBe(true);
  await workbench.statusBar.item('OTA: off').waitFor();
});

it('lets an agent look, and do nothing else', async () => {
  expect(await agent.invoke('check_setup')).toMatchObject({ note: expect.stringContaining('not trusted') as string });
  expect(await agent.invoke('server_status')).toMatchObject({ state: 'off' });
  expect(await agent.invoke('list_boards')).toMatchObject({ boards: [] });
  const slot = { port: 'virtual://board', slot: 'previous' };
  for (const tool of ['start_server', 'stop_server', 'rehearse_update', 'deliver_update'] as const)
    expect(await agent.refusal(tool), tool).toContain('[command.untrusted]');
  expect(await agent.refusal('boot_slot', slot)).toContain('[command.untrusted]');
  expect(await agent.refusal('read_slots', { port: slot.port, refresh: true })).toContain('[command.untrusted]');
  const { error } = await agent.ask({ do: 'lease', port: slot.port, name: 'Agent' });
  expect(error?.code).toBe('command.untrusted');
  expect(await isPortFree(port)).toBe(true);
});

it('does what only writes text', async () => {
  await workbench.runCommand('ESP32 OTA: Bump Version…');
  await workbench.quickInput.pick('1.0.1');
  await expect.poll(() => readFileSync(workbench.inFolder('version.txt'), 'utf8')).toBe('1.0.1\n');
  await firmware.reveal(/Version 1\.0\.1/);
  expect(existsSync(path.join(workbench.globalStorageFolder(), 'ca'))).toBe(false);
});
