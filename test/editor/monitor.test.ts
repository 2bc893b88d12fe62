import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { buildOutside, serverPort, usePort } from './outside.ts';

// The monitor of a board, in a terminal, with its keys.
const port = await serverPort();
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
    buildOutside(folder);
  },
});
const devices = workbench.view('Devices');

const terminalText = async (): Promise<string> => (await workbench.terminal.lines()).join('\n');
const shows = (text: string | RegExp) => expect.poll(terminalText, { timeout: 45_000 }).toMatch(text);
const logFile = (): string => workbench.inFolder('build/monitor/virtual-board.log');
const logged = (): string => (existsSync(logFile()) ? readFileSync(logFile(), 'utf8') : '');

/** Presses Ctrl+T and a key in the terminal. */
async function menu(key: string): Promise<void> {
  await workbench.terminal.focus();
  await workbench.press('Control+t');
  await workbench.press(key);
}

async function filter(text: string): Promise<void> {
  await menu('/');
  await workbench.quickInput.type(text);
  await workbench.quickInput.accept();
}

it('opens in a terminal with the button of the board, and shows its keys', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.0/);
  await devices.clickInline('Virtual board', 'Open Monitor');
  await shows(/--- Monitor of the virtual board, 115200 baud/);
  await devices.reveal(/^Monitor.*open/);
  await menu('h');
  await shows(/R {2}reset the board[^]*X {2}quit/);
  await workbench.screenshot('monitor-1-help');
});

it('resets the board with a key and shows it boot, with the level’s colours', async () => {
  await menu('r');
  await shows(/Returned from app_main/);
  await workbench.screenshot('monitor-2-boot');
});

it('logs to a file, filtered lines too', async () => {
  await menu('l');
  await shows(/--- Log: .*build\/monitor\/virtual-board\.log/);
  await menu('/');
  await workbench.quickInput.type('wifi:loud');
  await expect.poll(() => workbench.quickInput.message()).toMatch(/no level/);
  await workbench.press('Escape');
  await filter('app_init *:N');
  await shows(/--- Filter: app_init \*:N/);
  await menu('c');
  await menu('r');
  await expect.poll(logged).toMatch(/Loaded app from partition[^]*Returned from app_main/);
  await shows(/App version: +1\.0\.0/);
  expect(await terminalText()).not.toMatch(/boot: /);
  expect(logged()).not.toContain('\u001b');
  await workbench.screenshot('monitor-3-filtered');
});

it('gives the port to flashing, and goes on afterwards', async () => {
  await devices.clickInline('Virtual board', 'Flash Project');
  await workbench.notifications.shown('read back');
  await shows(/--- The port is used for something else: Flashing[^]*--- The monitor has the virtual board again/);
  await filter('');
  await shows(/--- Every line is shown/);
  await menu('r');
  await shows(/Returned from app_main/);
});

it('sends the firmware URL', async () => {
  await devices.clickMenu('Virtual board', 'Send Firmware URL');
  await shows(new RegExp(`--- Sent: https://127\\.0\\.0\\.1:${port}/simple_ota\\.bin`));
});

it('goes on when the board is unplugged and plugged in again', async () => {
  await workbench.runCommand('ESP32 OTA: Detach Virtual Board');
  await shows(/--- Lost the virtual board/);
  await devices.reveal(/^Monitor: virtual board.*waiting for the board/);
  await workbench.screenshot('monitor-4-unplugged');
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/^Monitor.*logging/);
  await menu('c');
  await menu('r');
  await shows(/Returned from app_main/);
  await workbench.screenshot('monitor-5-again');
});

it('lands on the line of the source when the board crashes', async () => {
  // nothing but a crash is shown, which stays in sight then
  await filter('*:N');
  await workbench.runCommand('ESP32 OTA: Crash Virtual Board');
  await expect.poll(logged).toMatch(/Guru Meditation Error[^]*Backtrace: 0x[^]*Rebooting/);
  const message = await workbench.notifications.shown(/The board crashed: LoadProhibited in/);
  const [, file = '', line = ''] = /\((.*\.c):(\d+)\)/.exec(message) ?? [];
  expect(existsSync(workbench.inFolder(file))).toBe(true);
  await workbench.screenshot('monitor-6-crashed');
  await workbench.notifications.click(/The board crashed/, 'Go to Source');
  await workbench.editors.shown(path.basename(file));
  await workbench.statusBar.item(new RegExp(`Ln ${line}, Col 1`)).waitFor();
  await workbench.screenshot('monitor-7-source');
});

it('keeps up with a second board that prints at 2 Mbaud', async () => {
  const lines = Array.from({ length: 10_000 }, (_, at) => `I (${at}) flood: line ${at} of a board that never stops`);
  const flood = createServer((socket) => {
    socket.on('error', () => undefined);
    let at = 0;
    socket.write('I (0) app_init: App version:      9.9.9\r\n');
    // 200 KB a second, in steps of 20 ms
    const timer = setInterval(() => {
      socket.write(lines.slice(at, at + 80).join('\r\n') + '\r\n');
      at += 80;
      if (at >= lines.length) clearInterval(timer);
    }, 20);
  });
  await new Promise<void>((resolve) => flood.listen(0, '127.0.0.1', resolve));
  try {
    const address = `socket://127.0.0.1:${(flood.address() as AddressInfo).port}`;
    await workbench.writeSettings({
      'esp32Ota.serial.remotePorts': [address],
      'esp32Ota.monitor.logToFile': true,
      'esp32Ota.monitor.logFile': 'build/flood.log',
    });
    await devices.clickInline(/^socket:/, 'Open Monitor');
    // the editor answers meanwhile
    await workbench.runCommand('ESP32 OTA: Refresh');
    await devices.reveal(/^socket:.*runs 9\.9\.9/);
    await shows(/line 9999 of/);
    const text = readFileSync(workbench.inFolder('build/flood.log'), 'utf8');
    expect(text.split('\n').filter((line) => line.includes('flood'))).toEqual(lines);
    await workbench.runCommand('ESP32 OTA: Close Monitor');
    await workbench.quickInput.pick(address);
    await expect.poll(async () => (await devices.rows()).filter((row) => row.label === 'Monitor').length).toBe(1);
  } finally {
    flood.close();
  }
});

it('closes with Ctrl+]', async () => {
  await workbench.terminal.focus();
  await workbench.press('Control+]');
  await devices.row(/^Monitor/).waitFor({ state: 'hidden' });
  await expect.poll(() => workbench.offersCommand('ESP32 OTA: Close Monitor')).toBe(false);
});
