import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { serverPort, usePort } from './outside.ts';

// The main way with the interface in Chinese: VS Code's own words stay English here, all of ours are Chinese.
const port = await serverPort();
const workbench = useWorkbench({
  language: 'zh-cn',
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
  },
});
const [firmware, devices, updates] = ['固件', '设备', '升级'].map((title) => workbench.view(title));
const { notifications, walkthrough } = workbench;

it('shows views, their welcome and the walkthrough in Chinese', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware?.reveal(/^版本 1\.0\.0.*version\.txt/);
  await devices?.welcome(/^项目尚未构建/);
  await updates?.welcome(/^还没有升级/);
  await walkthrough.forget();
  await workbench.runCommand('ESP32 OTA: 快速入门');
  await walkthrough.shown();
  expect(await walkthrough.titles()).toContain('安装证书');
  await walkthrough.done('openProject'); // it was open before the walkthrough was
  expect(await walkthrough.isDone('installCertificate')).toBe(false);
  await workbench.screenshot('chinese-1-walkthrough');
});

it('leads to a delivered update', async () => {
  await workbench.runCommand('ESP32 OTA: 将证书安装到项目');
  await notifications.shown('server_certs/ca_cert.pem');
  await workbench.screenshot('chinese-2-installed');
  await notifications.click('server_certs/ca_cert.pem', '构建固件');
  await firmware?.reveal('simple_ota.bin');
  await devices?.clickWelcome('连接虚拟开发板');
  await devices?.reveal(/虚拟开发板.*1\.0\.0/);
  await workbench.screenshot('chinese-3-attached');
  await workbench.runCommand('ESP32 OTA: 交付升级');
  const { message, buttons } = await workbench.dialogs.shown();
  await workbench.screenshot('chinese-4-question');
  expect(message).toMatch(/已在运行|已经运行/);
  await workbench.dialogs.click(buttons.find((button) => button.includes('1.0.1')) ?? '');
  await devices?.reveal(/虚拟开发板.*1\.0\.1/);
  await notifications.shown('1.0.1');
  await workbench.screenshot('chinese-5-delivered');
  expect(readFileSync(workbench.inFolder('version.txt'), 'utf8').trim()).toBe('1.0.1');
});
