import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withSerialPort } from '../../src/virtual-board/loader/board-firmware.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { waitUntil } from './harness/wait-until.ts';

// A board on a cable: the virtual board's own serial line, in process and over TCP.
const workbench = useWorkbench({ settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' } });

const devices = () => workbench.view('Devices');

/** Waits until the build has made an image of this version. */
async function built(version: string): Promise<void> {
  const image = workbench.inFolder('build/simple_ota.bin');
  await expect
    .poll(() => existsSync(image) && readFileSync(image).includes(`${version}\0`), { timeout: 45_000 })
    .toBe(true);
}

it('attaches the virtual board as a port and asks its chip', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await workbench.notifications.click('server_certs/ca_cert.pem', 'Build Firmware');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await built('1.0.0');
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices().reveal(/Virtual board.*runs 1\.0\.0/);
  await workbench.runCommand('ESP32 OTA: Select Port…');
  await workbench.quickInput.pick('Virtual board');
  await workbench.statusBar.item('virtual board').waitFor();
  await workbench.runCommand('ESP32 OTA: Chip Information');
  await workbench.editors.shown('chip.txt');
  expect((await workbench.editors.lines()).join('\n')).toMatch(/ESP32-D0WD-V3[\s\S]*24:0a:c4:[\s\S]*4 MB/);
  await workbench.screenshot('flash-1-chip');
});

it('erases the whole flash after asking, and flashes from nothing', async () => {
  await workbench.runCommand('ESP32 OTA: Erase…');
  await workbench.quickInput.pick('Whole flash');
  const { message } = await workbench.dialogs.shown();
  expect(message).toContain('Erase');
  await workbench.dialogs.click('Erase');
  await workbench.notifications.shown('Erased');
  await devices().reveal(/Virtual board.*nothing bootable/);
  await workbench.screenshot('flash-2-erased');
  await workbench.runCommand('ESP32 OTA: Flash Project');
  await workbench.notifications.shown('read back');
  await devices().reveal(/Virtual board.*runs 1\.0\.0/);
  await workbench.screenshot('flash-3-flashed');
});

it('writes only what changed the second time', async () => {
  writeFileSync(workbench.inFolder('version.txt'), '1.0.1\n');
  await workbench.runCommand('ESP32 OTA: Build Firmware');
  await built('1.0.1');
  await devices().clickInline(/Virtual board/, 'Flash Project');
  await devices().reveal(/Virtual board.*runs 1\.0\.1/);
  // version and digests of the image, and the sectors they stand in
  const [, written, total] =
    /: (\d+) KB of (\d+) KB had changed/.exec(await workbench.notifications.shown(/: \d{1,2} KB of/)) ?? [];
  expect(Number(written)).toBeLessThan(Number(total) / 10);
});

it('reads a partition into a file with the bytes that were flashed', async () => {
  const target = workbench.inFolder('read.bin');
  await workbench.runCommand('ESP32 OTA: Read Flash To File…');
  await workbench.quickInput.pick('ota_0');
  await workbench.quickInput.chooseFile('Save as', target);
  await workbench.notifications.shown('Read');
  await expect.poll(() => existsSync(target), { timeout: 45_000 }).toBe(true);
  const image = readFileSync(workbench.inFolder('build/simple_ota.bin'));
  expect(readFileSync(target).subarray(0, image.length).equals(image)).toBe(true);
});

it('reaches the same board over RFC 2217 and raw TCP', async () => {
  await workbench.runCommand('ESP32 OTA: Open Virtual Board’s Serial Line on TCP…');
  await workbench.quickInput.pick('RFC 2217');
  await workbench.notifications.shown('rfc2217://');
  await devices().reveal(/^rfc2217:/);
  await devices().clickMenu(/^rfc2217:/, 'Flash App Only');
  await workbench.notifications.shown('read back');
  await workbench.screenshot('flash-4-remote');
  await workbench.runCommand('ESP32 OTA: Open Virtual Board’s Serial Line on TCP…');
  await workbench.quickInput.pick('Raw TCP');
  await devices().reveal(/^socket:/);
  await devices().clickMenu(/^socket:/, 'Chip Information');
  await workbench.notifications.shown('can’t reset the board');
});

it('writes any image to a partition that is picked', async () => {
  const image = workbench.inFolder('build/simple_ota.bin');
  await workbench.runCommand('ESP32 OTA: Flash Image To Partition…');
  await workbench.quickInput.pick('ota_1');
  await workbench.quickInput.chooseFile(/Select the file for ota_1/, image);
  await devices().reveal(/ota_1.*1\.0\.1/);
});

it('adds a port on another computer by its address, and removes it', async () => {
  await workbench.runCommand('ESP32 OTA: Add Remote Port…');
  await workbench.quickInput.type('rfc2217://127.0.0.1');
  // refused while it is typed
  await expect.poll(() => workbench.quickInput.message()).toMatch(/not a port/);
  await workbench.quickInput.type('rfc2217://127.0.0.1:9?ign_set_control');
  await workbench.quickInput.accept();
  await devices().reveal(/^rfc2217:\/\/127\.0\.0\.1:9/);
  expect(readFileSync(workbench.inFolder('.vscode/settings.json'), 'utf8')).toContain(
    'rfc2217://127.0.0.1:9?ign_set_control',
  );
  await devices().clickMenu(/^rfc2217:\/\/127\.0\.0\.1:9/, 'Chip Information');
  await workbench.notifications.shown('can’t be reached');
  await devices().clickMenu(/^rfc2217:\/\/127\.0\.0\.1:9/, 'Remove Remote Port');
  await expect
    .poll(() => readFileSync(workbench.inFolder('.vscode/settings.json'), 'utf8'))
    .not.toContain('127.0.0.1:9?');
});

it('cancels half-way, says what is in flash, and recovers', async () => {
  await workbench.writeSettings({ 'esp32Ota.flash.onlyChangedBlocks': false });
  // the line of the virtual board has no speed limit: the click may come too late
  const text = await waitUntil(
    async () => {
      await workbench.runCommand('ESP32 OTA: Flash Project, Every Block');
      await workbench.notifications.click(/Flashing the virtual board/, 'Cancel');
      return workbench.notifications.shown('Flashing was cancelled.', 10_000);
    },
    'a cancel that comes in time',
    180_000,
  );
  expect(text).toMatch(/partly written|as it was/);
  await workbench.screenshot('flash-5-cancelled');
  await workbench.runCommand('ESP32 OTA: Flash Project');
  await workbench.notifications.shown('Flashed the virtual board and read back');
  await devices().reveal(/Virtual board.*runs 1\.0\.1/);
  await waitUntil(() => workbench.offersCommand('ESP32 OTA: Reset Board'), 'the port to be free');
  await workbench.runCommand('ESP32 OTA: Reset Board');
  await workbench.statusBar.item('the virtual board was reset').waitFor();
});

it('lets go of a board that is being flashed when the window goes', async () => {
  const board = new VirtualBoard({ chip: 'esp32', parts: [] });
  const line = withSerialPort(board, { isLineTimed: true });
  const server = await serveRfc2217(line, { port: 0 });
  try {
    line.plugIn();
    await expect.poll(() => board.state.phase).toBe('bootFailed');
    await workbench.runCommand('ESP32 OTA: Add Remote Port…');
    await workbench.quickInput.enter(server.address);
    await devices().clickInline(server.address, 'Flash Project');
    await devices().reveal(new RegExp(`^${server.address}.*%`));
    expect(board.state.phase).toBe('off'); // in its loader
    await workbench.reload();
    // it was reset: what is in its flash is tried
    await expect.poll(() => board.state.phase).not.toBe('off');
  } finally {
    server.dispose();
    board.dispose();
  }
});
