import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { useWorkbench } from './harness/use-workbench.ts';
import { waitUntil } from './harness/wait-until.ts';
import { curl, filesBelow, filesWithKeys, openssl, opensslClient, serverPort } from './outside.ts';

const port = await serverPort();
const own = mkdtempSync(path.join(os.tmpdir(), 'esp32-ota-own-'));
const ownFile = (name: string): string => path.join(own, name);

/** A self-signed certificate for 127.0.0.1, and its key. */
function makeOwn(name: string): void {
  openssl(
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'],
    ...['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
    ...['-keyout', ownFile(`${name}.key`), '-out', ownFile(`${name}.pem`)],
  );
}

const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1', 'esp32Ota.server.port': port },
  prepare: (folder) => {
    // of somebody else: as the article makes it
    makeOwn('somebody');
    mkdirSync(path.join(folder, 'server_certs'), { recursive: true });
    openssl('x509', '-in', ownFile('somebody.pem'), '-out', path.join(folder, 'server_certs/ca_cert.pem'));
  },
});
const firmware = workbench.view('Firmware');
const installed = (): string => workbench.inFolder('server_certs/ca_cert.pem');
const stored = (...parts: string[]): string => path.join(workbench.globalStorageFolder(), ...parts);
const fingerprint = (file: string): string => openssl('x509', '-in', file, '-noout', '-fingerprint', '-sha256').trim();

beforeAll(() => {
  makeOwn('mine');
  makeOwn('other');
});

it('makes an authority and a certificate that only the user can read', async () => {
  await workbench.openContainer('ESP32 OTA');
  await firmware.reveal('Certificate');
  await workbench.runCommand('ESP32 OTA: Create or Renew Certificate');
  await workbench.notifications.shown('Certificate valid until');
  await workbench.screenshot('certificate-1-created');
  expect(openssl('verify', '-CAfile', stored('ca/rsa.pem'), stored('server/authority-rsa.pem'))).toContain('OK');
  const names = openssl('x509', '-in', stored('server/authority-rsa.pem'), '-noout', '-ext', 'subjectAltName');
  expect(names).toContain('IP Address:127.0.0.1');
  expect(names).toContain('DNS:127.0.0.1'); // for mbedTLS before 3.5
  const withKeys = filesWithKeys(workbench.globalStorageFolder());
  expect(withKeys).toHaveLength(2);
  for (const file of withKeys) expect(statSync(file).mode & 0o777, file).toBe(0o600);
});

it('renews the certificate of the server, and keeps the authority', async () => {
  const before = [fingerprint(stored('ca/rsa.pem')), fingerprint(stored('server/authority-rsa.pem'))];
  await firmware.clickInline('Certificate', 'Create or Renew Certificate');
  await expect.poll(() => fingerprint(stored('server/authority-rsa.pem'))).not.toBe(before[1]);
  expect(fingerprint(stored('ca/rsa.pem'))).toBe(before[0]);
});

it('keeps a foreign certificate when it installs its own', async () => {
  const foreign = readFileSync(installed(), 'utf8');
  await firmware.expand('Certificate');
  await firmware.reveal(/ca_cert\.pem.*another certificate/);
  await firmware.clickInline('Certificate', 'Install Certificate into Project');
  await workbench.notifications.shown(/ca_cert\.pem\..*\.bak/);
  await workbench.screenshot('certificate-2-installed');
  expect(fingerprint(installed())).toBe(fingerprint(stored('ca/rsa.pem')));
  const backups = (): string[] =>
    readdirSync(workbench.inFolder('server_certs')).filter((name) => name.endsWith('.bak'));
  expect(backups()).toEqual([expect.stringMatching(/^ca_cert\.pem\.\d{4}-?\d{2}-?\d{2}.*\.bak$/)]);
  expect(readFileSync(workbench.inFolder('server_certs', backups()[0] ?? ''), 'utf8')).toBe(foreign);
  await firmware.reveal(/ca_cert\.pem.*installed in the project/);

  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await workbench.notifications.shown('already');
  expect(backups()).toHaveLength(1);
});

it('shows subject, names, validity and fingerprint, without the key', async () => {
  await firmware.clickInline('Certificate', 'Show Certificate');
  await workbench.editors.shown('certificate.txt');
  const text = (await workbench.editors.lines()).join('\n');
  await workbench.screenshot('certificate-3-shown');
  expect(text).toContain(fingerprint(stored('server/authority-rsa.pem')).replace(/^.*=/, ''));
  expect(text).toContain('ip:127.0.0.1');
  expect(text).toContain('BEGIN CERTIFICATE');
  expect(text).not.toContain('PRIVATE KEY');
  await workbench.editors.closeAll(); // asks for nothing
  await expect.poll(() => workbench.editors.tabs()).toEqual([]);
});

it('refuses a key that does not belong to the certificate', async () => {
  await firmware.clickMenu('Certificate', 'Use My Own Certificate and Key…');
  await workbench.quickInput.chooseFile(/certificate.*chain/, ownFile('mine.pem'));
  await workbench.screenshot('certificate-4-choose');
  await workbench.quickInput.chooseFile(/key/, ownFile('other.key'));
  await workbench.notifications.shown(/other\.key.*mine\.pem/);
  expect(readFileSync(workbench.inFolder('.vscode/settings.json'), 'utf8')).not.toContain(own);
});

it('serves with the user’s own certificate, at once', async () => {
  await workbench.runCommand('ESP32 OTA: Start Server');
  await workbench.statusBar.item(String(port)).waitFor();
  expect(await opensslClient(port, installed())).toContain('Verify return code: 0 (ok)');

  await workbench.runCommand('ESP32 OTA: Use My Own Certificate and Key…');
  await workbench.quickInput.chooseFile(/certificate.*chain/, ownFile('mine.pem'));
  await workbench.quickInput.chooseFile(/key/, ownFile('mine.key'));
  await workbench.notifications.shown('mine');
  await workbench.screenshot('certificate-5-own');
  await waitUntil(
    async () => (await opensslClient(port, ownFile('mine.pem'))).includes('CN = mine'),
    'the own certificate',
  );
  expect((await curl(`https://127.0.0.1:${port}/`, '--cacert', ownFile('mine.pem'))).status).toBe(404);
  expect((await curl(`https://127.0.0.1:${port}/`, '--cacert', stored('ca/rsa.pem'))).exitCode).toBe(60);

  await workbench.notifications.click('mine', 'Install into Project');
  await expect.poll(() => fingerprint(installed())).toBe(fingerprint(ownFile('mine.pem')));
});

it('has put no private key into the workspace or the log', () => {
  expect(filesBelow(workbench.folder()).length).toBeGreaterThan(10);
  expect(filesWithKeys(workbench.folder())).toEqual([]);
  expect(workbench.output.log('ESP32 OTA')).toContain('certificate');
  expect(workbench.output.log('ESP32 OTA')).not.toContain('PRIVATE KEY');
});

it('asks before it writes outside of the project', async () => {
  const outside = ownFile('shared-root.pem');
  copyFileSync(ownFile('somebody.pem'), outside);
  const component = workbench.inFolder('main/CMakeLists.txt');
  const text = readFileSync(component, 'utf8');
  writeFileSync(component, text.replace(/EMBED_TXTFILES\s+\S*ca_cert\.pem/, `EMBED_TXTFILES ${outside}`));
  await firmware.reveal(/shared-root\.pem/);
  const install = 'ESP32 OTA: Install Certificate into Project';
  await workbench.runCommand(install);
  expect((await workbench.dialogs.shown()).detail).toContain(outside);
  await workbench.screenshot('certificate-6-outside');
  await workbench.dialogs.cancel();
  expect(fingerprint(outside)).toBe(fingerprint(ownFile('somebody.pem')));
  await workbench.runCommand(install);
  await workbench.dialogs.shown();
  await workbench.dialogs.click('Install There');
  await workbench.notifications.shown(/Installed as .*shared-root\.pem.*kept as shared-root\.pem\./);
  expect(fingerprint(outside)).toBe(fingerprint(ownFile('mine.pem')));
});
