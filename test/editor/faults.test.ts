import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { FAULT_IDS } from '../../src/server/faults/profiles.ts';
import { isPortFree } from '../../scripts/lib/editor-server.mjs';
import { useWorkbench } from './harness/use-workbench.ts';
import { waitUntil } from './harness/wait-until.ts';
import { buildOutside, curl, serverPort, sha256, usePort } from './outside.ts';

// Deliberate faults of the server, and the firmware against all of them.
const port = await serverPort();
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
    buildOutside(folder); // without a certificate
  },
});
const { quickInput, statusBar, notifications } = workbench;
const log = (): string => workbench.output.log('ESP32 OTA');
const authority = (): string => path.join(workbench.globalStorageFolder(), 'ca/rsa.pem');
const fetch = (...args: string[]): ReturnType<typeof curl> =>
  curl(`https://127.0.0.1:${port}/simple_ota.bin`, '--cacert', authority(), '-o', '/dev/null', ...args);
const item = (): ReturnType<typeof statusBar.byId> => statusBar.byId('fault');

/** Chooses a fault, up to its first question. The list closes when the workbench takes the focus elsewhere; then it begins again. */
async function choose(fault: string): Promise<void> {
  await waitUntil(
    async () => {
      await workbench.runCommand('ESP32 OTA: Serve With A Fault…');
      await quickInput.type(fault, 5000);
      await quickInput.pick(fault, 5000);
      return true;
    },
    `“${fault}” in the list of faults`,
    90_000,
  );
  await quickInput.shown(fault);
}

/** Answers what Serve With A Fault… asks. */
async function serveWith(fault: string, answer: string): Promise<void> {
  await choose(fault);
  await quickInput.enter(answer);
}

it('serves with a fault as often as told, and says so while it does', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Stop Serving With A Fault')).toBe(false);
  await workbench.runCommand('ESP32 OTA: Serve With A Fault…');
  await quickInput.shown('Serve with a fault');
  await workbench.screenshot('faults-1-list');
  await quickInput.cancel();
  await choose('404 Not Found');
  await quickInput.type('none');
  await expect.poll(() => quickInput.message()).toContain('A number from 1 on');
  await quickInput.enter('2');
  await expect.poll(() => statusBar.text(item())).toContain('404 Not Found, 2 left');
  await workbench.screenshot('faults-2-status-bar');
  const hover = await statusBar.hover(item());
  await expect.poll(() => hover.innerText()).toMatch(/says what is wrong and keeps the version/);
  await workbench.screenshot('faults-2-hover');

  expect((await fetch()).status).toBe(404);
  await expect.poll(() => statusBar.text(item())).toContain('404 Not Found, 1 left');
  expect((await fetch()).status).toBe(404);
  await item().waitFor({ state: 'hidden' });
  expect((await fetch()).status).toBe(200);
  await expect.poll(log).toContain('fault status404 off (spent), happened 2 times');
});

it('asks for the parameter, and a click turns the fault off', async () => {
  await choose('Connection cut');
  await quickInput.type('100');
  await expect.poll(() => quickInput.message()).toContain('1 – 99');
  await workbench.screenshot('faults-3-parameter');
  await quickInput.enter('30');
  await expect.poll(() => quickInput.placeholder()).toContain('until it is turned off');
  await quickInput.accept();
  await expect.poll(() => statusBar.text(item())).toContain('Connection cut 30 %');
  const cut = await fetch();
  expect([cut.exitCode, cut.status]).toEqual([18, 200]);
  await statusBar.click('Connection cut');
  await item().waitFor({ state: 'hidden' });
  expect((await fetch()).exitCode).toBe(0);
});

it('serves a certificate for another host, and is healthy again after the server was stopped', async () => {
  await serveWith('TLS: wrong name', '');
  await item().waitFor();
  const refused = await fetch();
  expect([refused.exitCode, refused.errors]).toEqual([60, expect.stringMatching(/127\.0\.0\.1/)]);
  await workbench.runCommand('ESP32 OTA: Stop Server');
  await item().waitFor({ state: 'hidden' });
  expect(await isPortFree(port)).toBe(true);
  await workbench.runCommand('ESP32 OTA: Start Server');
  await expect.poll(async () => (await fetch()).status).toBe(200);
});

it('tests nothing when the update does not work without a fault either', async () => {
  await workbench.runCommand('ESP32 OTA: Test Firmware Against Faults');
  await notifications.shown('does not work without any fault either');
  await workbench.editors.shown('fault-report.md');
  await expect.poll(async () => (await workbench.editors.lines()).join('\n')).toContain('so no fault was tried');
  await workbench.screenshot('faults-4-no-baseline');
  await notifications.close('does not work without any fault either');
});

it('tests the firmware against every fault, and opens a report', async () => {
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await expect.poll(() => existsSync(workbench.inFolder('server_certs/ca_cert.pem'))).toBe(true);
  buildOutside(workbench.folder());
  // the server is on, so what was built is published as soon as it was read
  const built = sha256(readFileSync(workbench.inFolder('build/simple_ota.bin')));
  await expect.poll(log).toContain(`sha256 ${built}`);
  await workbench.runCommand('ESP32 OTA: Test Firmware Against Faults');
  await notifications.shown(/Testing the firmware against faults.* of 28: /);
  await workbench.screenshot('faults-5-progress');
  // ESP-IDF before 5.5.5, which the example says it is built with, follows out of TLS
  await expect.poll(log, { timeout: 180_000 }).toContain('fault test: {"passed":27,"failed":1,"unknown":0}');
  await notifications.shown(/Firmware against faults: 27 passed, 1 failed, 0 unknown/);
  await workbench.editors.shown('fault-report.md');
  await expect
    .poll(async () => (await workbench.editors.lines()).join('\n'))
    .toMatch(/\| passed +\| Connection cut +\|/);
  await workbench.screenshot('faults-6-report');
  expect(log()).toContain('fault test: redirectToHttp failed (tookFaulty)');
  for (const id of FAULT_IDS)
    expect(log()).toContain(`fault test: ${id} ${id === 'redirectToHttp' ? 'failed' : 'passed'}`);
  await notifications.click(/Firmware against faults/, 'Show JSON');
  await workbench.editors.shown('fault-report.json');
  // it had a server of its own: nobody else saw any of it
  expect((await fetch()).status).toBe(200);
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Test Firmware Against Faults')).toBe(true);
});

it('tells in the timeline of an update which fault it met', async () => {
  await serveWith('404 Not Found', '1');
  await item().waitFor();
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await workbench.view('Devices').reveal('Deliberate fault: 404 Not Found');
  await workbench.screenshot('faults-7-timeline');
  await item().waitFor({ state: 'hidden' });
});

it('can be cancelled, and reports what it has done so far', async () => {
  await workbench.editors.closeAll();
  await workbench.runCommand('ESP32 OTA: Test Firmware Against Faults');
  await notifications.shown(/Testing the firmware against faults.* [2-9] of 28: /);
  await notifications.click('Testing the firmware against faults', 'Cancel');
  await notifications.shown(/Cancelled after \d+ faults/);
  await workbench.editors.shown('fault-report.md');
  await expect.poll(async () => (await workbench.editors.lines()).join('\n')).toContain('the list is not complete');
});

it('leaves no fault and no server behind', async () => {
  await serveWith('Connection refused', '600');
  await expect.poll(async () => (await fetch()).exitCode).toBe(7);
  await workbench.page().goto('about:blank');
  await expect.poll(() => isPortFree(port), { timeout: 45_000 }).toBe(true);
});
