import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CertificateInUse } from '../../../src/server/certificate-in-use.ts';
import { CertificateStore, type ServerCertificateRequest } from '../../../src/server/certificate-store.ts';

const NAMES = { dns: ['localhost'], ip: ['127.0.0.1'] };
const AUTHORITY = { mode: 'authority', keyType: 'ec', names: NAMES } as const;
const SELF_SIGNED = { mode: 'selfSigned', keyType: 'ec', names: NAMES } as const;

let folder: string;
let store: CertificateStore;
let wanted: ServerCertificateRequest;
let inUse: CertificateInUse;
let changes: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'certificate-in-use-'));
  store = new CertificateStore(folder);
  wanted = AUTHORITY;
  inUse = new CertificateInUse(
    () => Promise.resolve(store),
    () => wanted,
  );
  changes = 0;
  inUse.onChange(() => (changes += 1));
});

afterEach(async () => {
  inUse.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** As after a change of the settings. */
function want(request: ServerCertificateRequest): void {
  wanted = request;
  inUse.forget();
}

it('the certificate in use is what is wanted now', async () => {
  const selfSigned = await store.serverCertificate(SELF_SIGNED);
  expect((await inUse.ensure()).trustPem).toBe((await store.authority('ec')).certificatePem);
  want(SELF_SIGNED);
  expect((await inUse.peek())?.trustPem).toBe(selfSigned.trustPem);
  expect(inUse.current?.trustPem).toBe(selfSigned.trustPem);
  want({ mode: 'own', certificatePath: join(folder, 'none.pem'), keyPath: join(folder, 'none.key') });
  expect(await inUse.peek()).toBeUndefined();
  expect(inUse.current).toBeUndefined();
});

it('the certificate in use is not one that was asked for before something else was wanted', async () => {
  const asking = new Promise<void>((resolve) => {
    inUse = new CertificateInUse(
      () => Promise.resolve(store),
      () => {
        resolve();
        return wanted;
      },
    );
  });
  const asked = inUse.ensure();
  await asking;
  want(SELF_SIGNED);
  expect((await asked).trustPem).toBe((await store.authority('ec')).certificatePem);
  expect(inUse.current).toBeUndefined();
});

it('what is wanted by the time that the store is there is issued, and in use', async () => {
  let open: (opened: CertificateStore) => void = () => undefined;
  const opening = new Promise<CertificateStore>((resolve) => (open = resolve));
  inUse = new CertificateInUse(
    () => opening,
    () => wanted,
  );
  const asked = [inUse.ensure(), inUse.renew()];
  want(SELF_SIGNED);
  open(store);
  for (const { description } of await Promise.all(asked)) expect(description.isSelfSigned).toBe(true);
  expect(inUse.current?.description.isSelfSigned).toBe(true);
});

it('a certificate that was in use is followed by the one that is wanted, where that was made already', async () => {
  const selfSigned = await store.serverCertificate(SELF_SIGNED);
  await inUse.ensure();
  want(SELF_SIGNED);
  await expect.poll(() => inUse.current?.trustPem).toBe(selfSigned.trustPem);
  // the first one, that another is wanted, and that it is there
  expect(changes).toBe(3);
});

it('looking makes no certificate, and a look that finds one has it in use', async () => {
  expect(await inUse.peek()).toBeUndefined();
  expect(await store.hasServerCertificate(AUTHORITY)).toBe(false);
  const made = await inUse.ensure();
  const another = new CertificateInUse(
    () => Promise.resolve(store),
    () => wanted,
  );
  expect((await another.peek())?.certificatePem).toBe(made.certificatePem);
  expect(another.current?.reason).toBe('reused');
});

it('tells of another certificate, and not of the same one again', async () => {
  const first = await inUse.ensure();
  await inUse.ensure();
  expect(changes).toBe(1);
  const renewed = await inUse.renew();
  expect(renewed.certificatePem).not.toBe(first.certificatePem);
  expect(inUse.current).toBe(renewed);
  expect(changes).toBe(2);
});
