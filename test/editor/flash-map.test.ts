import { existsSync, writeFileSync } from 'node:fs';
import type { Frame } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { accessibilityProblems, faintTexts, policyViolations, tableRows } from './harness/webview.ts';
import { buildOutside, serverPort, usePort } from './outside.ts';

// The two pictures: the flash of a board, and an update as it went on.
const port = await serverPort();
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
    buildOutside(folder);
  },
});
const devices = workbench.view('Devices');
const flashMap = (): Promise<Frame> => workbench.webview('.picture .row');
const timeline = (): Promise<Frame> => workbench.webview('.verdict');

let violations: () => readonly string[] = () => [];
beforeAll(() => {
  violations = policyViolations(workbench.page());
});

/** What the table of the flash map says of a region. */
async function rowOf(frame: Frame, name: string): Promise<string> {
  return (await tableRows(frame)).find((row) => row.startsWith(`${name} |`)) ?? '';
}

/** Looks at a page in every theme, and where the system takes the colours over. */
async function looksRight(page: Frame, name: string): Promise<void> {
  for (const theme of ['dark', 'light', 'high contrast'] as const) {
    await workbench.setTheme(theme);
    const kind = { dark: 'vscode-dark', light: 'vscode-light', 'high contrast': 'vscode-high-contrast' }[theme];
    await page.locator(`body.${kind}`).waitFor();
    expect(await faintTexts(page), theme).toEqual([]);
    await workbench.screenshot(`${name}-${theme}`);
  }
  await workbench.page().emulateMedia({ forcedColors: 'active' });
  await workbench.screenshot(`${name}-forced-colors`);
  await workbench.page().emulateMedia({ forcedColors: null });
  await workbench.setTheme('dark');
  expect(await accessibilityProblems(page)).toEqual([]);
}

it('shows what flashing the project would leave, without a board', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await workbench.runCommand('ESP32 OTA: Show Flash Map');
  const frame = await flashMap();
  await frame.locator('h1', { hasText: 'Flash layout of simple_ota' }).waitFor();
  expect(await rowOf(frame, 'ota_0')).toMatch(
    /^ota_0 \| app, ota_0 \| 0x20000 – 0x[\da-f]+ \| .*\| 1\.0\.0 simple_ota · \d+ KB of .* \(\d+%\)/,
  );
  await workbench.screenshot('flash-map-1-project');
});

it('shows the flash of the virtual board, from the button of its row', async () => {
  await workbench.editors.closeAll();
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await expect.poll(() => existsSync(workbench.inFolder('server_certs/ca_cert.pem'))).toBe(true);
  buildOutside(workbench.folder()); // the board takes the files as they are
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.0 from ota_0/);
  await devices.clickInline('Virtual board', 'Show Flash Map');
  const frame = await flashMap();
  await frame.locator('.summary', { hasText: '1.0.0 runs from ota_0. The next reset boots ota_0.' }).waitFor();
  expect(await rowOf(frame, 'ota_0')).toMatch(
    /1\.0\.0 simple_ota · \d+ KB.*what the project’s last build made.*running, boots next/,
  );
  expect(await rowOf(frame, 'ota_1')).toMatch(/\| empty \|/);
  expect(await rowOf(frame, 'Bootloader')).toMatch(/\| 0x1000 – 0x7fff \|/);
});

it('goes from region to region with the keyboard, and tells about each', async () => {
  const frame = await flashMap();
  const focused = () => frame.locator('.row:focus').getAttribute('aria-label');
  const detailed = () => frame.locator('.details-name').textContent();
  await frame.locator('[role="option"][tabindex="0"]').focus();
  await expect.poll(focused).toMatch(/^ota_0, app, ota_0, 0x20000.*running, boots next\.$/);
  await workbench.press('ArrowDown');
  await workbench.press('ArrowDown');
  await expect.poll(focused).toMatch(/^ota_1, app, ota_1.*empty/);
  await expect.poll(detailed).toBe('ota_1');
  await workbench.press('Home');
  await workbench.press('ArrowDown');
  await expect.poll(focused).toMatch(/^Bootloader,.*\d+ KB of 28 KB.*Drawn larger than to scale\.$/);
  await expect.poll(detailed).toBe('Bootloader');
  await workbench.press('End');
  await expect.poll(focused).toMatch(/^Free,/);
  await frame.locator('.row', { hasText: 'otadata' }).click();
  await expect.poll(detailed).toBe('otadata');
});

it('keeps what was selected while another tab is in front', async () => {
  await workbench.editors.open('version.txt');
  await workbench.press('Control+PageUp');
  const frame = await flashMap();
  await expect.poll(() => frame.locator('.details-name').textContent()).toBe('otadata');
});

it('can be read in every theme, and where it is narrow', async () => {
  await looksRight(await flashMap(), 'flash-map-2');
  await workbench.page().setViewportSize({ width: 720, height: 900 });
  const frame = await flashMap();
  const isCut = () => frame.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  await expect.poll(isCut).toBe(false);
  await workbench.screenshot('flash-map-3-narrow');
  await workbench.page().setViewportSize({ width: 1280, height: 900 });
});

it('shows an update, from its row, while the flash map follows it', async () => {
  await workbench.writeSettings({ 'esp32Ota.virtualBoard.kilobytesPerSecond': 1000 });
  await workbench.runCommand('ESP32 OTA: Start Server');
  writeFileSync(workbench.inFolder('version.txt'), '1.1.0\n');
  buildOutside(workbench.folder());
  await workbench.statusBar.item('1.1.0').waitFor();
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await workbench.notifications.shown(/Delivered and confirmed: 1\.1\.0/, 60_000);
  const map = await flashMap();
  await map.locator('.summary', { hasText: '1.1.0 runs from ota_1. The next reset boots ota_1.' }).waitFor();
  expect(await rowOf(map, 'ota_1')).toMatch(/1\.1\.0 simple_ota.*valid.*running, boots next/);
  await workbench.screenshot('flash-map-4-updated');

  await devices.clickInline(/Update 1\.0\.0 → 1\.1\.0/, 'Show Timeline');
  const frame = await timeline();
  await frame.locator('.verdict.tone-good', { hasText: 'Delivered and confirmed: 1.1.0 runs' }).waitFor();
  const rows = await tableRows(frame);
  expect(rows.find((row) => row.startsWith('Download'))).toMatch(/^Download \| done \| \+\d.*\d+ KB · \d+ KB\/s/);
  expect(rows.find((row) => row.startsWith('Firmware requested'))).toMatch(/GET \/simple_ota\.bin → 200/);
  expect(await frame.locator('.chart').getAttribute('aria-label')).toMatch(/^Curve of the bytes.*KB\/s/);
  await looksRight(frame, 'timeline-1');
});

it('shows why an update failed, and what can be done about it', async () => {
  await workbench.editors.closeAll();
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await workbench.notifications.shown(/Refused: .*already runs this version/, 60_000);
  await workbench.runCommand('ESP32 OTA: Show Timeline');
  const frame = await timeline();
  await frame.locator('.verdict.tone-bad', { hasText: /Refused: .*already runs this version/ }).waitFor();
  expect(await accessibilityProblems(frame)).toEqual([]);
  await workbench.screenshot('timeline-2-refused');
  await frame.locator('.verdict button', { hasText: 'Bump Version' }).click();
  await workbench.quickInput.shown();
  await workbench.press('Escape');
});

it('runs and styles nothing but its own files', async () => {
  expect(violations()).toEqual([]);
  // a refusal would have been seen
  const frame = await timeline();
  await frame.evaluate(() => {
    document.body.setAttribute('style', 'color: red');
  });
  await expect.poll(() => violations().join('\n')).toMatch(/inline style/i);
});
