import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { SELECTORS } from '../harness/selectors.ts';
import { openStudio, PICTURE_LANGUAGES } from './studio.ts';

// The pictures of the documents: the example as a newcomer meets it, from what stands in the way to the crash of a new version.
describe.each(PICTURE_LANGUAGES)('%s', (language) => {
  const { workbench, text, words, run, take, widenSideBar, hidePanel } = openStudio(language, {
    settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1', 'esp32Ota.deliver.bumpVersion': 'always' },
    prepare: (folder) => {
      setOption(`${folder}/sdkconfig`, 'FIRMWARE_UPGRADE_URL', 'https://192.168.0.3:8070/hello_world.bin');
    },
  });
  const firmware = workbench.view(text('view.firmware'));
  const devices = workbench.view(text('view.devices'));
  const updates = workbench.view(text('view.updates'));
  const deliver = async (version: RegExp): Promise<void> => {
    await run('deliverUpdate');
    await workbench.notifications.shown(version, 90_000);
  };

  it('what stands in the way', async () => {
    await workbench.openContainer('ESP32 OTA');
    await firmware.reveal('simple_ota');
    await widenSideBar(440);
    await workbench.runCommand('Problems: Focus on Problems View');
    await workbench.page().locator(SELECTORS.problemRow, { hasText: 'url-placeholder' }).first().dblclick();
    await workbench.editors.shown('sdkconfig');
    await workbench.runCommand('Quick Fix...');
    await workbench.page().locator('.action-widget .monaco-list-row').first().waitFor();
    await take('problems');
    await workbench.press('Escape');
  });

  it('an update', async () => {
    await hidePanel();
    await workbench.editors.closeAll();
    setOption(workbench.inFolder('sdkconfig'), 'FIRMWARE_UPGRADE_URL', 'https://127.0.0.1:8070/simple_ota.bin');
    setOption(workbench.inFolder('sdkconfig'), 'WIFI_SSID', 'workshop');
    await run('installCertificate');
    await workbench.notifications.click('server_certs/ca_cert.pem', words('Build Firmware'));
    await firmware.reveal('simple_ota.bin');
    await run('attachVirtualBoard');
    await devices.reveal(new RegExp(`${words('Virtual board')}.*1\\.0\\.0`));
    await workbench.writeSettings({ 'esp32Ota.virtualBoard.kilobytesPerSecond': 400 });
    changeSource(workbench.inFolder('main/simple_ota.c'), 'changed');
    await deliver(/1\.0\.1/);
    await workbench.runCommand('Notifications: Clear All Notifications');
    await run('showTimeline');
    const frame = await workbench.webview('.verdict');
    await frame.locator('.verdict.tone-good').waitFor();
    await hidePanel();
    await take('update');
  });

  it('the flash of the board', async () => {
    await workbench.editors.closeAll();
    await run('showFlashMap');
    const frame = await workbench.webview('.picture .row');
    await frame.locator('.summary', { hasText: '1.0.1' }).waitFor();
    await take('flash-map');
    await workbench.editors.closeAll();
  });

  // the parts are described in English only
  it.runIf(language === 'en')('the way back, byte by byte', async () => {
    await run('selectPort');
    await workbench.quickInput.pick('Virtual board');
    await workbench.statusBar.item('virtual board').waitFor();
    await run('bootPreviousVersion');
    await workbench.dialogs.shown();
    await take('slots');
    await workbench.dialogs.cancel();
  });

  it.runIf(language === 'en')('a crash in the monitor', async () => {
    await workbench.writeSettings({ 'esp32Ota.monitor.filter': '*:N' }); // nothing but the crash, which stays in sight then
    await devices.clickInline('Virtual board', 'Open Monitor');
    await workbench.page().locator(SELECTORS.terminalLine, { hasText: 'Monitor of' }).first().waitFor();
    await run('crashVirtualBoard');
    await workbench.notifications.shown(/The board crashed/);
    await workbench.notifications.click(/The board crashed/, 'Go to Source');
    await workbench.editors.shown('simple_ota.c');
    await workbench.page().locator(SELECTORS.terminalLine, { hasText: 'Rebooting' }).first().waitFor();
    await take('monitor');
    await run('closeMonitor');
    await hidePanel();
    await workbench.editors.closeAll();
  });

  it.runIf(language === 'en')('three boards, stopped by the first', async () => {
    for (const number of [2, 3]) {
      await run('attachAnotherVirtualBoard');
      await devices.reveal(new RegExp(`Virtual board ${number}.*runs 1\\.0\\.1`));
    }
    await run('misbehaveVirtualBoard');
    await workbench.quickInput.pick('Virtual board');
    await workbench.quickInput.pick('crashes on the first boot of a new version');
    changeSource(workbench.inFolder('main/simple_ota.c'), 'changed again');
    await deliver(/Stopped, Virtual board rolled back/);
    await updates.row(/Virtual board 3.*not told/).waitFor();
    await run('showTimeline');
    const frame = await workbench.webview('.verdict');
    await frame.locator('.verdict.tone-bad').waitFor();
    await workbench.runCommand('Notifications: Clear All Notifications');
    await hidePanel();
    await take('deliver');
  });
});

function setOption(file: string, name: string, value: string): void {
  const line = new RegExp(`^(CONFIG_EXAMPLE_${name}=).*$`, 'm');
  writeFileSync(file, readFileSync(file, 'utf8').replace(line, `$1"${value}"`));
}

function changeSource(file: string, comment: string): void {
  writeFileSync(file, `${readFileSync(file, 'utf8')}\n/* ${comment} */\n`);
}
