import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { SELECTORS } from './harness/selectors.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { buildOutside, serverPort, usePort } from './outside.ts';

// A board and a folder that mean harm. SECURITY.md says what else they could try, and which tests hold it without an editor.
const port = await serverPort();
const secret = path.join(os.tmpdir(), `esp32-ota-hostile-${process.pid}`);
writeFileSync(secret, 'a secret of the user\n');
afterAll(() => {
  board?.close();
});

const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
    buildOutside(folder);
    symlinkSync(secret, path.join(folder, 'RELEASE_NOTES.md'));
    symlinkSync(secret, path.join(folder, 'board.log'));
  },
});
const devices = workbench.view('Devices');
let board: Server | undefined;

const PAYLOAD = '[Go to Source](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22id%22%7D)';
const PANIC = [
  'I (1) boot: ESP-IDF v5.5 2nd stage bootloader',
  '\u001b]0;renamed by the board\u0007\u001b]52;c;ZXZpbA==\u0007',
  `Guru Meditation Error: Core  0 panic'ed (${PAYLOAD}). Exception was unhandled.`,
  'Rebooting...',
  'ets Jul 29 2019 12:21:46',
];

it('tells of a crash with nothing in the message that could be clicked', async () => {
  board = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${PANIC.join('\r\n')}\r\n`);
  });
  const listening = board;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  await workbench.writeSettings({
    'esp32Ota.serial.remotePorts': [`socket://127.0.0.1:${(listening.address() as AddressInfo).port}`],
    'esp32Ota.monitor.logToFile': true,
    'esp32Ota.monitor.logFile': 'board.log',
  });
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await devices.clickInline(/^socket:/, 'Open Monitor');
  expect(await workbench.notifications.shown('The board crashed')).toContain('(command:workbench.action');
  expect(
    await workbench.notifications.find('The board crashed').locator(`${SELECTORS.notificationMessage} a`).count(),
  ).toBe(0);
  await workbench.screenshot('hostile-1-crash');
});

it('does not append what the board prints to the file that a link in the folder leads to', async () => {
  const text = async (): Promise<string> => (await workbench.terminal.lines()).join('\n');
  // all of it was there to be written
  await expect.poll(text).toMatch(/ets Jul 29 2019/);
  expect(readFileSync(secret, 'utf8')).toBe('a secret of the user\n');
});

it('publishes no file of the user that a link in the folder leads to', async () => {
  await workbench.runCommand('ESP32 OTA: Start Server');
  await workbench.notifications.shown('lies outside of');
  await workbench.screenshot('hostile-2-notes');
});
