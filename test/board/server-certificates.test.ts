import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CertificateStore } from '../../src/server/certificate-store.ts';
import { run } from '../support/server-clients.ts';
import { publish, startTestServer, temporaryFolder } from '../support/test-server.ts';

const NAMES = { dns: ['localhost'], ip: ['127.0.0.1', 'fd00::7'] };

async function files(mode: 'authority' | 'selfSigned', keyType: 'rsa' | 'ec') {
  const folder = await temporaryFolder();
  const certificate = await new CertificateStore(join(folder, 'store')).serverCertificate({
    mode,
    keyType,
    names: NAMES,
  });
  const [leaf, trust] = [join(folder, 'leaf.pem'), join(folder, 'trust.pem')];
  await writeFile(leaf, certificate.certificatePem);
  await writeFile(trust, certificate.trustPem ?? '');
  return { folder, certificate, leaf, trust };
}

async function text(path: string): Promise<string> {
  return (await run('openssl', ['x509', '-in', path, '-noout', '-text'])).stdout.toString();
}

describe('openssl', () => {
  it.each([
    ['authority', 'rsa'],
    ['authority', 'ec'],
    ['selfSigned', 'rsa'],
    ['selfSigned', 'ec'],
  ] as const)('verifies a server certificate of mode %s and type %s, for its names only', async (mode, keyType) => {
    const { leaf, trust } = await files(mode, keyType);
    for (const [option, value, isGood] of [
      ['-verify_ip', '127.0.0.1', true],
      ['-verify_ip', 'fd00::7', true],
      ['-verify_hostname', 'localhost', true],
      ['-verify_hostname', '127.0.0.1', true],
      ['-verify_ip', '127.0.0.2', false],
      ['-verify_hostname', 'example.org', false],
    ] as const) {
      const { code, stderr } = await run('openssl', [
        'verify',
        '-purpose',
        'sslserver',
        '-CAfile',
        trust,
        option,
        value,
        leaf,
      ]);
      expect([value, code === 0, stderr], stderr).toEqual([value, isGood, isGood ? '' : stderr]);
    }
  });

  it('finds in an RSA pair what firmware looks at', async () => {
    const { leaf, trust } = await files('authority', 'rsa');
    const ca = await text(trust);
    expect(ca).toMatch(/Signature Algorithm: sha256WithRSAEncryption/);
    expect(ca).toMatch(/Public-Key: \(2048 bit\)/);
    expect(ca).toMatch(/Basic Constraints: critical\s+CA:TRUE/);
    expect(ca).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    const server = await text(leaf);
    expect(server).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(server).toMatch(/Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
    expect(server).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
    expect(server).toContain(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:FD00:0:0:0:0:0:0:7, DNS:127.0.0.1, DNS:fd00::7',
    );
  });

  it('finds in a P-256 pair what firmware looks at', async () => {
    const { leaf, trust } = await files('authority', 'ec');
    const [ca, server] = [await text(trust), await text(leaf)];
    for (const one of [ca, server]) {
      expect(one).toMatch(/Signature Algorithm: ecdsa-with-SHA256/);
      expect(one).toMatch(/NIST CURVE: P-256/);
    }
    expect(server).toMatch(/Key Usage: critical\s+Digital Signature\n/);
  });
});

describe('curl', () => {
  it.each([
    ['authority', 'rsa'],
    ['authority', 'ec'],
    ['selfSigned', 'rsa'],
    ['selfSigned', 'ec'],
  ] as const)('downloads with a certificate of mode %s and type %s, by name and by address', async (mode, keyType) => {
    const { certificate, trust } = await files(mode, keyType);
    const { releases, port } = await startTestServer({ credentials: certificate });
    const release = publish(releases, 1);
    for (const host of ['127.0.0.1', 'localhost']) {
      const { code, stdout, stderr } = await run('curl', ['-sS', '--cacert', trust, `https://${host}:${port}/app.bin`]);
      expect([code, stderr, stdout.equals(release.bytes)]).toEqual([0, '', true]);
    }
  });

  it('refuses another authority', async () => {
    const { port, releases } = await startTestServer();
    publish(releases, 1);
    const { trust } = await files('authority', 'ec');
    expect((await run('curl', ['-sS', '--cacert', trust, `https://127.0.0.1:${port}/app.bin`])).code).toBe(60);
  });
});
