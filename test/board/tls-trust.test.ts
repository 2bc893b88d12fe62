import { X509Certificate } from 'node:crypto';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AppOptions, BoardSetup } from '../../src/virtual-board/board-setup.ts';
import type { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import { imageFor, makeBoard, type FixtureOptions } from '../support/board-fixture.ts';
import { OtaBench } from '../support/ota-bench.ts';
import { VerdictWatch } from '../support/verdicts.ts';
import { Openssl, type CertificateRequest, type OpensslCertificate } from '../support/openssl.ts';
import { response } from '../support/raw-server.ts';

/** What mbedTLS in the firmware says of a server. The matrix is the one measured with clients built from Mbed TLS 2.16, 2.28 and 3.6. */
let openssl: Openssl;
let authority: OpensslCertificate;
let plainIssuer: OpensslCertificate;
let bench: OtaBench;
const servers: Server[] = [];
const boards: VirtualBoard[] = [];
const watches = new Map<VirtualBoard, VerdictWatch>();

beforeAll(async () => {
  openssl = await Openssl.start();
  bench = await OtaBench.start();
  authority = await openssl.certificate({
    subject: '/CN=Test CA',
    extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign'],
  });
  plainIssuer = await openssl.certificate({ subject: '/CN=No CA', extensions: ['basicConstraints=CA:FALSE'] });
});

afterEach(async () => {
  for (const board of boards.splice(0)) board.dispose();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

afterAll(async () => {
  await openssl.dispose();
  await bench.dispose();
});

/** DER of the subject: the fifth element after the optional version, serial number, algorithm, issuer and validity. */
function subjectOf(der: Buffer): Buffer {
  const open = (at: number): { content: number; end: number } => {
    const first = der[at + 1] ?? 0;
    const bytes = first < 0x80 ? 0 : first & 0x7f;
    const length = bytes === 0 ? first : der.readUIntBE(at + 2, bytes);
    return { content: at + 2 + bytes, end: at + 2 + bytes + length };
  };
  let at = open(open(0).content).content;
  if (der[at] === 0xa0) at = open(at).end;
  for (let skipped = 0; skipped < 4; skipped++) at = open(at).end;
  return der.subarray(at, open(at).end);
}

interface Seen {
  readonly alerts: string[];
  readonly serverNames: string[];
  requests: number;
}

async function serveTls(certificate: OpensslCertificate, more: object = {}): Promise<{ port: number; seen: Seen }> {
  const seen: Seen = { alerts: [], serverNames: [], requests: 0 };
  const server = createServer(
    {
      cert: certificate.certificatePem,
      key: certificate.keyPem,
      SNICallback: (name, done) => {
        seen.serverNames.push(name);
        done(null);
      },
      ...more,
    },
    (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => {
        seen.requests++;
        socket.end(response('404 Not Found'));
      });
    },
  );
  server.on('tlsClientError', (error) => {
    seen.alerts.push(error.message);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { port: (server.address() as AddressInfo).port, seen };
}

function start(
  port: number,
  caPem: string | undefined,
  idfVersion: string,
  app: Partial<AppOptions> = {},
  setup: Partial<BoardSetup> = {},
  more: FixtureOptions = {},
): VirtualBoard {
  const board = makeBoard({
    ...(caPem === undefined ? {} : { caPem }),
    idfVersion,
    ...more,
    app: { firmwareUrl: `https://127.0.0.1:${port}/fw.bin`, ...app },
    setup: { delays: { bootLoopMs: 50 }, ...setup },
  });
  boards.push(board);
  watches.set(board, new VerdictWatch(board));
  board.powerOn();
  return board;
}

/** What the extension would say, with the console alone: these servers are not ours. */
async function verdictOf(board: VirtualBoard): Promise<string> {
  return (await watches.get(board)?.verdict()) ?? 'none';
}

/** The code of the handshake, or `ok` when a request got through. */
async function outcomeOf(board: VirtualBoard): Promise<string> {
  const line = await board.runUntil(/ssl_handshake returned|File not found|x509_crt_parse/);
  return line.includes('File not found') ? 'ok' : (/-0x[0-9A-F]{4}/.exec(line)?.[0] ?? line);
}

type Row = [name: string, request: CertificateRequest, old: string, modern: string];

const SAN_IP = ['subjectAltName=IP:127.0.0.1'];
const ROWS: Row[] = [
  ['self-signed, SAN IP only', { subject: '/CN=x', extensions: SAN_IP }, '-0x2700', 'ok'],
  ['SAN DNS of the address only', { subject: '/CN=x', extensions: ['subjectAltName=DNS:127.0.0.1'] }, 'ok', 'ok'],
  [
    'SAN IP and DNS of the address',
    { subject: '/CN=x', extensions: ['subjectAltName=IP:127.0.0.1,DNS:127.0.0.1'] },
    'ok',
    'ok',
  ],
  ['no SAN, CN is the address', {}, 'ok', 'ok'],
  ['X.509 v1, CN is the address', { isVersion1: true }, 'ok', 'ok'],
  ['SAN of another address, CN right', { extensions: ['subjectAltName=IP:10.0.0.1'] }, '-0x2700', '-0x2700'],
  [
    'CA:TRUE, keyCertSign only',
    { key: 'rsa:2048', extensions: ['basicConstraints=CA:TRUE', 'keyUsage=keyCertSign'] },
    '-0x7A00',
    '-0x7A00',
  ],
  [
    'CA:TRUE, keyCertSign and digitalSignature',
    { extensions: ['basicConstraints=CA:TRUE', 'keyUsage=keyCertSign,digitalSignature'] },
    'ok',
    'ok',
  ],
  [
    'CA:FALSE with the usages of a server',
    {
      extensions: [
        'basicConstraints=CA:FALSE',
        'keyUsage=digitalSignature,keyEncipherment',
        'extendedKeyUsage=serverAuth',
      ],
    },
    'ok',
    'ok',
  ],
  ['EKU clientAuth only', { extensions: ['extendedKeyUsage=clientAuth'] }, '-0x7A00', '-0x7A00'],
  [
    'keyUsage keyEncipherment only',
    { key: 'rsa:2048', extensions: ['keyUsage=keyEncipherment'] },
    '-0x7A00',
    '-0x7A00',
  ],
  ['RSA-1024', { key: 'rsa:1024' }, '-0x2700', '-0x2700'],
  ['RSA-2048', { key: 'rsa:2048' }, 'ok', 'ok'],
  ['P-384', { key: 'p384' }, 'ok', 'ok'],
  ['SHA-1 signature', { digest: 'sha1' }, '-0x2700', '-0x2700'],
  ['expired', { days: -1 }, 'ok', 'ok'],
];

describe('a pinned certificate', () => {
  it.each(ROWS)('%s', async (_name, request, old, modern) => {
    const certificate = await openssl.certificate(request);
    // Node's own OpenSSL would not serve with the weak ones
    const { port } = await serveTls(certificate, { ciphers: 'DEFAULT@SECLEVEL=0' });
    expect(await outcomeOf(start(port, certificate.certificatePem, '4.4.8'))).toBe(old);
    expect(await outcomeOf(start(port, certificate.certificatePem, '5.1.1'))).toBe(old);
    expect(await outcomeOf(start(port, certificate.certificatePem, '5.1.2'))).toBe(modern);
    const board = start(port, certificate.certificatePem, '5.5.5');
    expect(await outcomeOf(board)).toBe(modern);
    const causes: Readonly<Record<string, string>> = {
      ok: 'httpStatus',
      '-0x2700': 'certificateNotTrusted',
      '-0x7A00': 'certificateUsage',
    };
    expect(await verdictOf(board)).toBe(`failed: ${causes[modern] ?? modern}`);
  });

  it('an Ed25519 one cannot be parsed', async () => {
    const certificate = await openssl.certificate({ key: 'ed25519' });
    const { port } = await serveTls(await openssl.certificate());
    const board = start(port, certificate.certificatePem, '5.5.5');
    expect(await outcomeOf(board)).toBe('-0x262E');
    expect(await verdictOf(board)).toBe('failed: embeddedCertificateUnusable');
  });

  it('one that is damaged cannot be parsed', async () => {
    const { port } = await serveTls(await openssl.certificate());
    const broken = authority.certificatePem.replace(/MII/, 'MIJ');
    expect(await outcomeOf(start(port, broken, '5.5.5'))).toBe('-0x2180');
  });

  it('expired counts where the firmware has a clock', async () => {
    const certificate = await openssl.certificate({ days: -1 });
    const { port, seen } = await serveTls(certificate);
    const board = start(port, certificate.certificatePem, '5.5.5', { checksDates: true });
    expect(await outcomeOf(board)).toBe('-0x2700');
    expect(await verdictOf(board)).toBe('failed: certificateNotTrusted');
    expect(seen.requests).toBe(0);
  });

  it('another name is fine where the firmware skips the name check, and then no SNI is sent', async () => {
    const certificate = await openssl.certificate({ extensions: ['subjectAltName=IP:10.0.0.1'] });
    const { port, seen } = await serveTls(certificate);
    const board = start(port, certificate.certificatePem, '5.5.5', { skipsCommonNameCheck: true });
    expect(await outcomeOf(board)).toBe('ok');
    expect(seen.serverNames).toEqual([]);
  });

  it('SNI carries the host, even an address', async () => {
    const certificate = await openssl.certificate({ extensions: ['subjectAltName=DNS:127.0.0.1,DNS:*.test'] });
    const { port, seen } = await serveTls(certificate);
    expect(await outcomeOf(start(port, certificate.certificatePem, '5.5.5'))).toBe('ok');
    const named = { firmwareUrl: `https://ota.test:${port}/fw.bin` };
    const hosts = { 'ota.test': '127.0.0.1' };
    expect(await outcomeOf(start(port, certificate.certificatePem, '5.5.5', named, { hosts }))).toBe('ok');
    expect(seen.serverNames).toEqual(['127.0.0.1', 'ota.test']);
  });
});

describe('a pinned authority', () => {
  const leafRequest = (issuer: OpensslCertificate): CertificateRequest => ({
    issuer,
    subject: '/CN=leaf',
    extensions: ['subjectAltName=DNS:127.0.0.1'],
  });

  it('trusts what it issued', async () => {
    const { port } = await serveTls(await openssl.certificate(leafRequest(authority)));
    expect(await outcomeOf(start(port, authority.certificatePem, '5.5.5'))).toBe('ok');
  });

  it('trusts through an intermediate that the server sends', async () => {
    const between = await openssl.certificate({
      issuer: authority,
      subject: '/CN=Between',
      extensions: ['basicConstraints=CA:TRUE'],
    });
    const leaf = await openssl.certificate(leafRequest(between));
    const chain = { ...leaf, certificatePem: leaf.certificatePem + between.certificatePem };
    const { port } = await serveTls(chain);
    expect(await outcomeOf(start(port, authority.certificatePem, '5.5.5'))).toBe('ok');
    const { port: withoutChain } = await serveTls(leaf);
    expect(await outcomeOf(start(withoutChain, authority.certificatePem, '5.5.5'))).toBe('-0x2700');
  });

  it('without the CA flag it is none', async () => {
    const { port } = await serveTls(await openssl.certificate(leafRequest(plainIssuer)));
    expect(await outcomeOf(start(port, plainIssuer.certificatePem, '5.5.5'))).toBe('-0x2700');
  });

  it('a pinned leaf of an authority is not trusted through that authority', async () => {
    const leaf = await openssl.certificate(leafRequest(authority));
    const renewed = await openssl.certificate(leafRequest(authority));
    const { port } = await serveTls(renewed);
    expect(await outcomeOf(start(port, leaf.certificatePem, '5.5.5'))).toBe('-0x2700');
  });

  it('wrong key: our server is told that the board does not know its authority', async () => {
    const board = bench.board({ firmwareUrl: `${bench.url}/x.bin` }, { caPem: authority.certificatePem });
    board.powerOn();
    await board.runUntil('esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700');
    await board.runUntil('esp-tls-mbedtls: Failed to verify peer certificate!');
    await board.runUntil('esp-tls: Failed to open new connection');
    await board.runUntil('transport_base: Failed to open a new connection');
    await board.runUntil('HTTP_CLIENT: Connection failed, sock < 0');
    await board.runUntil('esp_https_ota: Failed to open HTTP connection: ESP_ERR_HTTP_CONNECT');
    await board.runUntil('esp_https_ota: Failed to establish HTTP connection');
    await board.runUntil('Firmware upgrade failed');
    await bench.until((it) => it.of('tlsFailed').length > 0);
    expect(bench.of('tlsFailed')[0]).toMatchObject({ cause: 'unknownAuthority' });
    expect(await bench.verdict(board)).toBe('failed: tls.unknownAuthority');
  });

  it('wrong host: our server is told that its certificate was refused', async () => {
    const before = bench.of('tlsFailed').length;
    const board = bench.board(
      { firmwareUrl: bench.url.replace('127.0.0.1', 'elsewhere.test') },
      {},
      { hosts: { 'elsewhere.test': '127.0.0.1' } },
    );
    board.powerOn();
    await board.runUntil('mbedtls_ssl_handshake returned -0x2700');
    await bench.until((it) => it.of('tlsFailed').length > before);
    expect(bench.of('tlsFailed')[before]).toMatchObject({ cause: 'certificateRefused' });
    expect(await bench.verdict(board)).toBe('failed: tls.certificateRefused');
  });
});

/** As `gen_crt_bundle.py` writes it: a count and big-endian lengths, or a list of offsets and little-endian lengths. */
describe.each([
  ['5.3.5', 'count'],
  ['5.5.5', 'offsets'],
])('the x509 bundle of ESP-IDF %s', (idfVersion, format) => {
  const bundled = (entry: OpensslCertificate): Uint8Array => {
    const certificate = new X509Certificate(entry.certificatePem);
    const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
    const subject = subjectOf(certificate.raw);
    const lengths = Buffer.alloc(4);
    if (format === 'count') {
      lengths.writeUInt16BE(subject.length, 0);
      lengths.writeUInt16BE(key.length, 2);
      return Buffer.concat([Uint8Array.of(0, 1), lengths, subject, key]);
    }
    lengths.writeUInt16LE(subject.length, 0);
    lengths.writeUInt16LE(key.length, 2);
    return Buffer.concat([Uint8Array.of(4, 0, 0, 0), lengths, subject, key]);
  };

  const startBundled = (port: number, entry: OpensslCertificate): VirtualBoard =>
    start(
      port,
      undefined,
      idfVersion,
      { usesCertBundle: true },
      {},
      {
        image: { embeddedFiles: [{ content: bundled(entry), isText: false }] },
      },
    );

  it('trusts what an entry issued', async () => {
    const leaf = await openssl.certificate({ issuer: authority, extensions: ['subjectAltName=DNS:127.0.0.1'] });
    const { port } = await serveTls(leaf);
    expect(await outcomeOf(startBundled(port, authority))).toBe('ok');
  });

  it('trusts a self-signed certificate whose entry it has, without looking at the CA flag', async () => {
    const { port } = await serveTls(plainIssuer);
    const board = start(
      port,
      undefined,
      idfVersion,
      { usesCertBundle: true, skipsCommonNameCheck: true },
      {},
      {
        image: { embeddedFiles: [{ content: bundled(plainIssuer), isText: false }] },
      },
    );
    expect(await outcomeOf(board)).toBe('ok');
  });

  it('says that no entry has the issuer', async () => {
    const leaf = await openssl.certificate({ issuer: authority, extensions: ['subjectAltName=DNS:127.0.0.1'] });
    const { port } = await serveTls(leaf);
    const board = startBundled(port, plainIssuer);
    await board.runUntil('esp-x509-crt-bundle: No matching trusted root certificate found');
    await board.runUntil('esp-x509-crt-bundle: Failed to verify certificate');
    expect(await outcomeOf(board)).toBe('-0x3000');
    expect(await verdictOf(board)).toBe('failed: certificateNotTrusted');
  });

  it('says that the entry has another key', async () => {
    const impostor = await openssl.certificate({ subject: '/CN=Test CA', extensions: ['basicConstraints=CA:TRUE'] });
    const leaf = await openssl.certificate({ issuer: authority, extensions: ['subjectAltName=DNS:127.0.0.1'] });
    const { port } = await serveTls(leaf);
    const board = startBundled(port, impostor);
    await board.runUntil('esp-x509-crt-bundle: Certificate matched but signature verification failed');
    expect(await verdictOf(board)).toBe('failed: certificateNotTrusted');
  });
});

describe('the connection', () => {
  it('http on the https port: our server tells it apart', async () => {
    const image = bench.image();
    const url = bench.publish('plain', image).replace('https:', 'http:');
    const board = bench.board({ firmwareUrl: url });
    board.powerOn();
    await board.runUntil('Firmware upgrade failed');
    await bench.until((it) => it.of('tlsFailed').some(({ cause }) => cause === 'plainHttpOnTls'));
    expect(await bench.verdict(board)).toBe('failed: tls.plainHttpOnTls');
  });

  it('https on an http port is no TLS', async () => {
    const server = await bench.serve({ protocol: 'http' });
    const board = bench.board({ firmwareUrl: `https://127.0.0.1:${server.port}/x.bin` });
    board.powerOn();
    await board.runUntil(/mbedtls_ssl_handshake returned -0x7(200|280)/);
    await bench.until((it) => it.of('tlsFailed').some(({ cause }) => cause === 'tlsOnPlainHttp'));
    expect(await bench.verdict(board)).toBe('failed: tls.tlsOnPlainHttp');
  });

  it('plain http is fine with a pinned certificate, and without one where it is allowed', async () => {
    const server = await bench.serve({ protocol: 'http' });
    const image = bench.image();
    bench.publish('http', image);
    const url = `${server.url}/http.bin`;
    const pinned = bench.board({ firmwareUrl: url });
    pinned.powerOn();
    await pinned.runUntil('OTA Succeed, Rebooting...');
    const bare = { firmwareUrl: url, allowsHttp: true };
    const allowed = makeBoard({ app: bare, idfVersion: '5.5.5' });
    boards.push(allowed);
    allowed.powerOn();
    await allowed.runUntil('Continuing with insecure option because CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP is set.');
    await allowed.runUntil('OTA Succeed, Rebooting...');
    const refused = makeBoard({ app: { firmwareUrl: url }, idfVersion: '5.5.5' });
    boards.push(refused);
    refused.powerOn();
    await refused.runUntil('No option for server verification is enabled in esp_http_client config.');
    await refused.runUntil('Firmware upgrade failed');
  });

  it('https without any certificate fails in esp-tls although HTTP is allowed', async () => {
    const { port } = await serveTls(await openssl.certificate());
    const board = start(port, undefined, '5.5.5', { allowsHttp: true });
    await board.runUntil('esp-tls-mbedtls: No server verification option set in esp_tls_cfg_t structure');
    await board.runUntil('Failed to set client configurations, returned [0x8017]');
    expect(await verdictOf(board)).toBe('refused: noServerVerification');
  });

  it('nothing listens', async () => {
    const { port } = await serveTls(await openssl.certificate());
    await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    const board = start(port, authority.certificatePem, '5.5.5');
    await board.runUntil('esp-tls: [sock=54] delayed connect error: Connection reset by peer');
    await board.runUntil('HTTP_CLIENT: Connection failed, sock < 0');
    expect(await verdictOf(board)).toBe('failed: serverUnreachable');
  });

  it('a name nobody knows', async () => {
    const app = { firmwareUrl: 'https://nowhere.test:8070/fw.bin' };
    const board = start(1, authority.certificatePem, '5.5.5', app, { knobs: { failsDns: true } });
    await board.runUntil("esp-tls: couldn't get hostname for :nowhere.test: getaddrinfo() returns 202, addrinfo=0x0");
    expect(await verdictOf(board)).toBe('failed: nameNotResolved');
  });

  it('a handshake that stands still', async () => {
    const server = createNetServer((socket) => {
      socket.on('error', () => undefined).resume();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const board = start((server.address() as AddressInfo).port, authority.certificatePem, '5.5.5', {
      receiveTimeoutMs: 60,
    });
    await board.runUntil('esp-tls: Failed to open new connection in specified timeout');
    expect(await verdictOf(board)).toBe('failed: handshakeTooSlow');
    board.dispose();
    await new Promise((resolve) => server.close(resolve));
  });

  it('no shared cipher', async () => {
    const certificate = await openssl.certificate({ extensions: ['subjectAltName=DNS:127.0.0.1'] });
    const { port } = await serveTls(certificate, {
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305',
    });
    const board = start(port, certificate.certificatePem, '5.5.5');
    expect(await outcomeOf(board)).toBe('-0x7780');
    expect(await verdictOf(board)).toBe('failed: noSharedTls');
  });

  it('records larger than the receive buffer, and our server that sends smaller ones', async () => {
    const image = bench.image();
    const url = bench.publish('records', image);
    const large = bench.board({ firmwareUrl: url, tlsInContentLenBytes: 4096 });
    large.powerOn();
    await large.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(large)).toBe('failed: notTls');
    const server = await bench.serve({ maxFragmentBytes: 4096 });
    const small = bench.board({ firmwareUrl: `${server.url}/records.bin`, tlsInContentLenBytes: 4096 });
    small.powerOn();
    await small.runUntil('OTA Succeed, Rebooting...');
    expect(await bench.verdict(small)).toBe('delivered');
  });

  it('an IPv6 literal in the URL', async () => {
    const image = imageFor({ caPem: bench.caPem }, { version: '1.1.0' });
    bench.publish('six', image);
    const server = await bench.serve({ host: '::1', advertisedHost: '::1' });
    const board = bench.board({ firmwareUrl: `https://[::1]:${server.port}/six.bin` });
    board.powerOn();
    await board.runUntil('OTA Succeed, Rebooting...');
    expect(await bench.verdict(board)).toBe('delivered');
  });
});
