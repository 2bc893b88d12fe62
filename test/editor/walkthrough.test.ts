import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { serverPort, usePort } from './outside.ts';

// A newcomer with nothing but the extension: what empty views say, and each step of the walkthrough done by doing it.
const port = await serverPort();
const workbench = useWorkbench({
  example: 'none',
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
});
const [firmware, devices, updates] = ['Firmware', 'Devices', 'Updates'].map((title) => workbench.view(title));
const { walkthrough } = workbench;
const example = (...parts: string[]): string => path.join(workbench.folder(), '../mine/simple_ota', ...parts);

it('says what to do in a folder without a project, and in no folder at all', async () => {
  await walkthrough.forget();
  await workbench.openContainer('ESP32 OTA');
  await firmware?.welcome(/^No ESP-IDF project was found/);
  await devices?.welcome(/^Plug in a board/);
  await updates?.welcome(/^What became of each update/);
  await workbench.screenshot('walkthrough-1-no-project');
  await workbench.openNothing();
  await workbench.openContainer('ESP32 OTA');
  await firmware?.welcome(/^Open the folder of an ESP-IDF project/);
  await devices?.welcome(/^Plug in a board/);
  await firmware?.pane().getByText('Get started').click();
  await walkthrough.shown();
  await workbench.screenshot('walkthrough-2-no-folder');
  // where there is room, a drawing stands beside the steps
  await workbench.page().setViewportSize({ width: 1800, height: 900 });
  await (await workbench.webview('svg')).locator('svg').first().waitFor();
  await workbench.screenshot('walkthrough-2-wide');
  await workbench.page().setViewportSize({ width: 1280, height: 900 });
});

it('creates an example where the user says, and goes on there', async () => {
  mkdirSync(path.dirname(example()));
  await walkthrough.click('openProject', 'Open an Example…');
  await workbench.quickInput.chooseFile('Choose where the folder', `${path.dirname(example())}/`);
  await walkthrough.done('openProject');
  expect(await walkthrough.isDone('installCertificate')).toBe(false);
  expect(existsSync(example('tools/build-outputs.mjs'))).toBe(true);
  usePort(example(), port);
  await workbench.openContainer('ESP32 OTA');
  await devices?.welcome(/^The project has not been built yet/);
  await updates?.welcome(/^No update yet/);
  await workbench.screenshot('walkthrough-3-example');
});

let board: WiredBoard | undefined;

afterAll(() => {
  board?.dispose();
});

/** A board on a cable, as far as the extension can tell: another program, which is reached through a port, and which looks for an update at
 * each reset. It was flashed with what is built. */
function boardWithBuild(): WiredBoard {
  const { flash_files: files } = JSON.parse(readFileSync(example('build/flasher_args.json'), 'utf8')) as {
    flash_files: Record<string, string>;
  };
  return new WiredBoard({
    chip: 'esp32',
    parts: Object.entries(files).map(([offset, name]) => ({
      offset: Number(offset),
      bytes: readFileSync(example('build', name)),
    })),
    bootloader: { hasRollback: true },
    app: {
      firmwareUrl: `https://127.0.0.1:${port}/simple_ota.bin`,
      updateOnBoot: 'once',
      hasRollback: true,
      confirmsAfterUpdate: true,
    },
  });
}

it('completes a step in a window that opens with the walkthrough in it', async () => {
  const loaded = workbench.page().waitForEvent('load');
  await workbench.runCommand('Developer: Reload Window');
  await loaded;
  await walkthrough.shown();
  await workbench.openContainer('ESP32 OTA');
  await firmware?.reveal('simple_ota');
  await walkthrough.click('installCertificate', 'Install Certificate into Project');
  await walkthrough.done('installCertificate');
});

it('completes the steps with build, board and update', async () => {
  const certificate = readFileSync(example('server_certs/ca_cert.pem'), 'utf8');
  expect(await walkthrough.isDone('build')).toBe(false);
  await walkthrough.click('build', 'Build Firmware');
  await walkthrough.done('build');
  expect(readFileSync(example('build/simple_ota.bin'), 'latin1')).toContain(certificate.trim());
  board = boardWithBuild();
  await devices?.welcome(/^No board yet/);
  await workbench.screenshot('walkthrough-4-built');
  await walkthrough.click('attachBoard', 'Attach Virtual Board');
  await walkthrough.done('attachBoard');
  await devices?.reveal(/Virtual board.*runs 1\.0\.0/);
  await walkthrough.click('deliver', 'Deliver Update');
  await workbench.screenshot('walkthrough-5-deliver');
  await workbench.dialogs.click('Raise to 1.0.1'); // and from now on without asking
  await walkthrough.done('deliver');
  expect(readFileSync(example('version.txt'), 'utf8').trim()).toBe('1.0.1');
  expect(await walkthrough.isDone('updateBoard')).toBe(false);
  await workbench.screenshot('walkthrough-6-delivered');
});

it('completes the last step with an update of a board on a port', async () => {
  board?.powerOn();
  await workbench.runCommand('ESP32 OTA: Detach Virtual Board');
  await workbench.runCommand('ESP32 OTA: Add Remote Port…');
  await workbench.quickInput.enter((await board?.listen('rfc2217')) ?? '');
  await devices?.reveal(/^rfc2217:/);
  await walkthrough.click('updateBoard', 'Select Port…');
  await workbench.quickInput.pick(/^rfc2217:/);
  // two who write a file at once would lose something
  await expect.poll(() => readFileSync(example('.vscode/settings.json'), 'utf8')).toContain('esp32Ota.serial.port');
  await workbench.writeSettings({ 'esp32Ota.deliver.trigger': 'reset' }, example());
  await walkthrough.click('updateBoard', 'Deliver Update');
  await walkthrough.done('updateBoard');
  await workbench.screenshot('walkthrough-7-board');
  expect(board?.state.running?.version).toBe('1.0.1');
});

it('leads nowhere with an example that is created and not opened', async () => {
  await workbench.editors.closeAll();
  await workbench.runCommand('ESP32 OTA: Open an Example…');
  await workbench.quickInput.chooseFile('Choose where the folder', `${path.dirname(example())}/`);
  expect(await workbench.notifications.buttons('The example was created in')).toEqual(['Open', 'Open in New Window']);
  await workbench.screenshot('walkthrough-8-created');
  await workbench.notifications.close('The example was created in');
  await workbench.notifications.hidden('The example was created in');
  const created = `${example()}_2`;
  expect(await workbench.page().title()).not.toContain(path.basename(created));
  // and when the user opens it later, it is a folder as any other
  await workbench.openFolder(created);
  await workbench.openContainer('ESP32 OTA');
  await firmware?.reveal('simple_ota');
  expect(await workbench.editors.tabs()).toEqual([]);
});
