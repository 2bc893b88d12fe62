import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { buildOutside } from './outside.ts';

// What a board has in its slots, and what it boots: the virtual board, in process and over RFC 2217.
const workbench = useWorkbench({
  prepare: (workspace) => {
    buildOutside(workspace);
  },
});

const devices = () => workbench.view('Devices');
const REMOTE = /^rfc2217:/;

/** Builds a version in a terminal outside VS Code, and waits until the window has seen it. */
async function build(version: string): Promise<void> {
  writeFileSync(workbench.inFolder('version.txt'), `${version}\n`);
  buildOutside(workbench.inFolder('.'));
  // what lies on the board is not this build any more
  const isOld = async (): Promise<boolean> =>
    (await devices().rows()).every(({ description }) => !description.includes('this build'));
  await expect.poll(isOld, { timeout: 45_000 }).toBe(true);
}

it('shows what lies in the slots of the virtual board', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices().reveal(/Virtual board.*runs 1\.0\.0/);
  await devices().reveal(/ota_0.*1\.0\.0.*this build.*running/);
  await devices().reveal(/ota_1.*empty/);
  await workbench.runCommand('ESP32 OTA: Select Port…');
  await workbench.quickInput.pick('Virtual board');
  expect(await devices().menu(/Virtual board/)).toContain('Slots');
});

it('flashes into the spare slot and boots it, with one command', async () => {
  await build('1.1.0');
  await workbench.runCommand('ESP32 OTA: Flash Into Spare Slot');
  const text = await workbench.notifications.shown('It boots now in place of');
  expect(text).toMatch(/Flashed ota_1 \(1\.1\.0\).*ota_0 \(1\.0\.0\)/);
  await devices().reveal(/Virtual board.*runs 1\.1\.0 from ota_1/);
  await devices().reveal(/ota_1.*1\.1\.0.*this build.*running/);
  await workbench.screenshot('slots-1-spare');
});

it('says that an application flashed alone does not boot, and boots it', async () => {
  await build('1.2.0');
  await workbench.runCommand('ESP32 OTA: Flash App Only');
  const text = await workbench.notifications.shown('does not boot');
  expect(text).toMatch(/into ota_0 \(1\.2\.0\) does not boot.*boots ota_1 \(1\.1\.0\).*otadata names it/);
  await devices().reveal(/Virtual board.*runs 1\.1\.0 from ota_1/);
  await workbench.screenshot('slots-2-asleep');
  await workbench.notifications.click('does not boot', 'Boot What I Just Flashed');
  await workbench.notifications.shown('boots ota_0 (1.2.0) now');
  await devices().reveal(/Virtual board.*runs 1\.2\.0 from ota_0/);
});

it('goes back to the previous version after showing the bytes that change', async () => {
  await workbench.runCommand('ESP32 OTA: Go Back To Previous Version');
  const { message, detail } = await workbench.dialogs.shown();
  expect(message).toContain('Go back to ota_1 (1.1.0) on the virtual board?');
  expect(detail).toMatch(/Boots now: ota_0 \(1\.2\.0\)[\s\S]*Boots then: ota_1 \(1\.1\.0\)[\s\S]*sequence 4/);
  await workbench.screenshot('slots-3-question');
  await workbench.dialogs.click('Show Bytes');
  await workbench.quickInput.shown(/Go back to ota_1/);
  await workbench.screenshot('slots-4-bytes');
  await workbench.quickInput.pick('Go Back');
  await workbench.notifications.shown('boots ota_1 (1.1.0) now');
  await devices().reveal(/Virtual board.*runs 1\.1\.0 from ota_1/);
});

it('asks before it boots another slot from its row, and writes nothing when told not to', async () => {
  await devices().clickInline(/ota_0.*1\.2\.0/, 'Boot Slot…');
  const { message, buttons } = await workbench.dialogs.shown();
  expect(message).toContain('Boot ota_0 (1.2.0) on the virtual board?');
  expect(buttons).toContain('Boot ota_0');
  await workbench.dialogs.cancel();
  await devices().reveal(/Virtual board.*runs 1\.1\.0 from ota_1/);
});

it('reads the slots of a board on a remote port', async () => {
  await workbench.runCommand('ESP32 OTA: Open Virtual Board’s Serial Line on TCP…');
  await workbench.quickInput.pick('RFC 2217');
  await devices().reveal(REMOTE);
  await devices().clickInline(REMOTE, 'Read Slots');
  await devices().reveal(/Boots ota_1.*otadata names it.*read just now/);
  await workbench.screenshot('slots-5-remote');
});

it('saves a slot as the file it was built as, and restores it into another', async () => {
  const target = workbench.inFolder('saved.bin');
  await workbench.runCommand('ESP32 OTA: Save Slot…');
  await workbench.quickInput.pick('ota_0');
  await workbench.quickInput.chooseFile(/Save the image of ota_0/, target);
  await workbench.notifications.shown('Saved ota_0 (1.2.0) to saved.bin');
  expect(readFileSync(target).equals(readFileSync(workbench.inFolder('build/simple_ota.bin')))).toBe(true);
  await workbench.runCommand('ESP32 OTA: Restore Slot…');
  await workbench.quickInput.chooseFile('Select the image to restore', target);
  await workbench.quickInput.pick('ota_1');
  const { message, detail } = await workbench.dialogs.shown();
  expect(message).toContain('Write saved.bin into ota_1 (1.1.0)?');
  expect(detail).toContain('another slot boots');
  await workbench.dialogs.click('Restore');
  await workbench.notifications.shown('Restored ota_1 (1.2.0) and read back');
  // what was read through the other port is the same board, and no longer true
  await devices()
    .row(/Boots ota_1.*read just now/)
    .waitFor({ state: 'hidden' });
  await devices().reveal(/Virtual board.*runs 1\.2\.0 from ota_1/);
});

it('erases otadata after asking, and the first slot boots', async () => {
  await workbench.runCommand('ESP32 OTA: Erase Otadata');
  const { message } = await workbench.dialogs.shown();
  expect(message).toContain('It boots ota_0 (1.2.0) then.');
  await workbench.dialogs.click('Erase');
  await workbench.notifications.shown('boots ota_0 (1.2.0) now');
  await devices().reveal(/Virtual board.*runs 1\.2\.0 from ota_0/);
});
