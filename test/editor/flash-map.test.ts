import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { accessibilityProblems, faintTexts, policyViolations, tableRows } from './harness/webview.ts';
import { buildOutside, serverPort } from './outside.ts';

// The two pictures: the flash of a board, and an update as it went on.
const port = await serverPort();
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    for (const name of ['sdkconfig', 'sdkconfig.defaults']) {
      const file = path.join(folder, name);
      writeFileSync(file, readFileSync(file, 'utf8').replace(':8070', `:${port}`));
    }
    writeFileSync(path.join(folder, '.vscode/settings.json'), JSON.stringify({ 'esp32Ota.server.port': port }));
    buildOutside(folder);
  },
});
const devices = workbench.view('Devices');
const flashMap = (): Promise<Frame> => workbench.webview('.picture .row');

let violations: () => readonly string[] = () => [];
beforeAll(() => {
  violations = policyViolations(workbench.page());
});

it('shows what flashing the project would leave, without a board', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await workbench.runCommand('ESP32 OTA: Show Flash Map');
  const frame = await flashMap();
  await frame.locator('h1', { hasText: 'Flash layout of simple_ota' }).waitFor();
  const rows = await tableRows(frame);
  expect(rows.find((row) => row.startsWith('ota_0'))).toMatch(
    /^ota_0 \| app, ota_0 \| 0x20000 – 0x[\da-f]+ \| .*\| 1\.0\.0 simple_ota · \d+ KB of .* \(\d+%\)/,
  );
  await workbench.screenshot('flash-map-1-project');
});

it('shows the flash of the virtual board, from the button of its row', async () => {
  await workbench.runCommand('View: Close All Editors');
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await expect.poll(() => existsSync(workbench.inFolder('server_certs/ca_cert.pem'))).toBe(true);
  buildOutside(workbench.folder());
  await workbench.view('Firmware').expand('Certificate');
  await workbench.view('Firmware').reveal(/simple_ota\.bin.*trusts this server/);
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.0 from ota_0/);
  await devices.clickInline('Virtual board', 'Show Flash Map');
  const frame = await flashMap();
  await frame.locator('.summary', { hasText: '1.0.0 runs from ota_0. The next reset boots ota_0.' }).waitFor();
  await workbench.screenshot('flash-map-2-board');
});
