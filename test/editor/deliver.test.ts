import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { isPortFree } from '../../scripts/lib/editor-server.mjs';
import { useWorkbench } from './harness/use-workbench.ts';
import { serverPort, usePort } from './outside.ts';

// From a changed line to the confirmed boot with one command; a failure with its way out; several boards; what is remembered.
const port = await serverPort();
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
  },
});
const devices = workbench.view('Devices');
const updates = workbench.view('Updates');
const log = (): string => workbench.output.log('ESP32 OTA');
const versionTxt = (): string => readFileSync(workbench.inFolder('version.txt'), 'utf8').trim();
const settings = (): Record<string, unknown> =>
  JSON.parse(readFileSync(workbench.inFolder('.vscode/settings.json'), 'utf8')) as Record<string, unknown>;

/** Waits for a row of the Updates view that is in sight when it comes: looking for it further down would hide it. */
const inSight = (text: RegExp): Promise<void> => updates.row(text).waitFor({ timeout: 45_000 });

/** What the extension keeps of this project's updates: what a reader outside of it finds. */
function kept(): { readonly t: string; readonly end?: { readonly kind: string } }[] {
  const folder = path.join(workbench.globalStorageFolder(), 'updates');
  const [file] = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('simple_ota-')) : [];
  if (file === undefined) return [];
  const lines = readFileSync(path.join(folder, file), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as { readonly t: string });
}

/** As somebody who writes the version by hand. Waits until the editor has noticed. */
async function writeVersion(version: string): Promise<void> {
  writeFileSync(workbench.inFolder('version.txt'), `${version}\n`);
  await workbench.view('Firmware').reveal(new RegExp(`Version ${version.replaceAll('.', '\\.')}`));
}

/** As somebody who changes a line of the sources. */
function changeSource(comment: string): void {
  const file = workbench.inFolder('main/simple_ota.c');
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n/* ${comment} */\n`);
}

/** The versions that the virtual boards run, as the list to choose one of them says; leaves the list open. */
async function versionsOfBoards(): Promise<(string | undefined)[]> {
  await workbench.runCommand('ESP32 OTA: Make Virtual Board Misbehave…');
  await workbench.quickInput.shown('Select the virtual board');
  return (await workbench.quickInput.rows()).map((row) => /1\.0\.\d$/.exec(row)?.[0]);
}

it('delivers with one command, and asks once whether to raise the version', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota');
  await updates.welcome(/Deliver Update/);
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await workbench.notifications.click('server_certs/ca_cert.pem', 'Build Firmware');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.0/);
  changeSource('first');
  await updates.clickTitleAction('Deliver Update');
  const { message, detail } = await workbench.dialogs.shown();
  expect(message).toContain('runs 1.0.0 already and would refuse it');
  expect(detail).toContain('esp32Ota.deliver.bumpVersion');
  await workbench.screenshot('deliver-1-question');
  await workbench.dialogs.click('Raise to 1.0.1');
  await workbench.notifications.shown('Delivered and confirmed: 1.0.1 runs');
  await inSight(/1\.0\.0 → 1\.0\.1.*Delivered and confirmed/);
  await inSight(/Version raised.*1\.0\.0 → 1\.0\.1/);
  await workbench.screenshot('deliver-2-confirmed');
  await devices.reveal(/Virtual board.*runs 1\.0\.1 from ota_1/);
  expect(versionTxt()).toBe('1.0.1');
  expect(settings()['esp32Ota.deliver.bumpVersion']).toBe('always');
  expect(kept().at(-1)).toMatchObject({ t: 'end', end: { kind: 'finished' } });
});

it('tells why a change was refused, and the button puts it right', async () => {
  await workbench.writeSettings({ 'esp32Ota.deliver.bumpVersion': 'never' });
  changeSource('second');
  // what was written before them is noticed before them
  await writeVersion('2.0.0');
  await writeVersion('1.0.1');
  await workbench.press('Alt+Shift+U');
  const refused = /Refused: .*already runs this version/;
  await workbench.notifications.shown(refused);
  await inSight(/1\.0\.1 → 1\.0\.1.*Refused/);
  await workbench.screenshot('deliver-3-refused');
  await workbench.notifications.click(refused, 'Bump Version');
  await workbench.quickInput.pick('1.0.2');
  await expect.poll(versionTxt).toBe('1.0.2');
  await workbench.runCommand('ESP32 OTA: Deliver Update');
  await workbench.notifications.shown('Delivered and confirmed: 1.0.2 runs');
  await devices.reveal(/Virtual board.*runs 1\.0\.2 from ota_0/);
});

it('stops for what is known to fail, with its fix', async () => {
  const certificate = workbench.inFolder('server_certs/ca_cert.pem');
  const good = readFileSync(certificate, 'utf8');
  writeFileSync(certificate, 'no certificate\n');
  await workbench.writeSettings({ 'esp32Ota.deliver.bumpVersion': 'always' });
  await workbench.runCommand('ESP32 OTA: Deliver Update');
  const stopped = /Not delivered, the update would fail/;
  await workbench.notifications.shown(stopped);
  await inSight(/simple_ota.*Not delivered/);
  await workbench.screenshot('deliver-4-stopped');
  const [fix] = await workbench.notifications.buttons(stopped);
  await workbench.notifications.click(stopped, fix ?? '');
  await expect.poll(() => readFileSync(certificate, 'utf8')).toBe(good);
  await workbench.runCommand('ESP32 OTA: Deliver Update');
  await workbench.notifications.shown('Delivered and confirmed: 1.0.3 runs');
});

it('updates three boards: the canary crashes, the others are not told, and it says why', async () => {
  for (const number of [2, 3]) {
    await workbench.runCommand('ESP32 OTA: Attach Another Virtual Board');
    await expect.poll(log).toContain(`virtual board ${number} attached`);
  }
  await expect
    .poll(async () => {
      const versions = await versionsOfBoards();
      if (versions.some((one) => one === undefined)) await workbench.quickInput.cancel();
      return versions;
    })
    .toEqual(['1.0.3', '1.0.3', '1.0.3']);
  await workbench.quickInput.pick('Virtual board');
  await workbench.quickInput.pick('crashes on the first boot of a new version');
  await expect.poll(log).toContain('virtual board 1: crash');
  await workbench.runCommand('ESP32 OTA: Deliver Update');
  await workbench.notifications.shown(
    /Stopped, Virtual board rolled back: .*crashed.*Not told: Virtual board 2, Virtual board 3/,
  );
  await inSight(/Stopped, Virtual board rolled back/);
  await inSight(/Virtual board 2.*not told/);
  await workbench.screenshot('deliver-5-canary');
  expect(log()).toMatch(/not told: virtual-2, virtual-3, because virtual ended as rolledBack/);

  expect(await versionsOfBoards()).toEqual(['1.0.3', '1.0.3', '1.0.3']);
  await workbench.quickInput.pick('Virtual board');
  await workbench.quickInput.pick('behaves');
  await workbench.runCommand('ESP32 OTA: Deliver Update');
  await workbench.notifications.shown('Delivered to 3 boards');
  await workbench.screenshot('deliver-6-three');
  expect(await versionsOfBoards()).toEqual(['1.0.4', '1.0.4', '1.0.4']);
  await workbench.quickInput.cancel();
});

it('is a task too', async () => {
  await workbench.runCommand('Tasks: Run Task');
  await workbench.quickInput.pick('esp32Ota');
  await workbench.quickInput.pick('ESP32 OTA: deliver');
  await expect.poll(() => kept().findLast((one) => one.t === 'version')).toMatchObject({ version: '1.0.5' });
  await expect.poll(() => kept().at(-1)).toMatchObject({ t: 'end', end: { kind: 'finished' } });
  await workbench.screenshot('deliver-7-task');
});

it('knows of what was delivered where nobody has looked at the Updates view', async () => {
  await workbench.openContainer('Explorer');
  await workbench.walkthrough.forget();
  await workbench.reload();
  await workbench.runCommand('ESP32 OTA: Get Started');
  await workbench.walkthrough.done('deliver');
  expect(await updates.pane().isVisible()).toBe(false);
  expect(await workbench.walkthrough.isDone('updateBoard')).toBe(false);
  await workbench.editors.closeAll();
});

it('remembers all of it after a reload, and exports it', async () => {
  await workbench.reload();
  await workbench.openContainer('ESP32 OTA');
  await inSight(/Delivered to 3 boards/);
  await updates.clickTitleAction('Collapse All');
  await inSight(/Stopped, Virtual board rolled back/);
  await inSight(/1\.0\.0 → 1\.0\.1.*Delivered and confirmed/);
  await workbench.screenshot('deliver-8-history');
  await updates.clickMenu(/1\.0\.0 → 1\.0\.1/, 'Export Update as Markdown…');
  const target = workbench.inFolder('update.md');
  await workbench.quickInput.chooseFile('Export the update', target);
  await expect.poll(() => existsSync(target)).toBe(true);
  expect(readFileSync(target, 'utf8')).toMatch(
    /# Update of simple\\_ota: 1\.0\.0 → 1\.0\.1[^]*Confirmed by the application/,
  );
  await workbench.screenshot('deliver-9-exported');
});

it('leaves no server behind when the window goes in the middle, and the update is called interrupted', async () => {
  await workbench.writeSettings({ 'esp32Ota.virtualBoard.kilobytesPerSecond': 10 });
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.\d/);
  await workbench.runCommand('ESP32 OTA: Deliver Update');
  await workbench.notifications.shown(/Delivering simple_ota.*Download/);
  await workbench.reload();
  await expect.poll(() => isPortFree(port), { timeout: 45_000 }).toBe(true);
  await workbench.openContainer('ESP32 OTA');
  await inSight(/Interrupted: the editor ended/);
  await workbench.screenshot('deliver-10-interrupted');
  await workbench.runCommand('ESP32 OTA: Clear Update History…');
  await workbench.dialogs.shown();
  await workbench.dialogs.click('Clear');
  await updates.welcome(/No update yet/);
  await expect.poll(() => kept()).toEqual([]);
});
