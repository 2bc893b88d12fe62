import { createHash, X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { parseImage } from '../../src/image/app-image.ts';
import { verifyImage } from '../../src/image/verify-image.ts';
import { diskFiles } from '../../src/base/files.ts';
import { CertificateStore } from '../../src/server/certificate-store.ts';
import { faultCredentials } from '../../src/server/faults/credentials.ts';
import type { FaultChange } from '../../src/server/faults/fault-switch.ts';
import { faultProfile, type CertificateFaultId, type FaultId } from '../../src/server/faults/profiles.ts';
import type { FaultOptions } from '../../src/server/faults/server-faults.ts';
import { ReleaseStore, type Release } from '../../src/server/release-store.ts';
import { ManualClock } from '../support/hurrying-clock.ts';
import { makeApp } from '../support/make-image.ts';
import { exchange, parsed, run, tcp, tls } from '../support/server-clients.ts';
import { startTestServer, temporaryFolder, type TestServer } from '../support/test-server.ts';

/** Every fault as other programs see it: curl, openssl s_client, bare sockets. */

const IMAGE = makeApp({ version: '1.2.3', projectName: 'app', extra: Buffer.alloc(60_000, 7) });

interface Rig extends TestServer {
  readonly release: Release;
  readonly changes: FaultChange[];
  on(id: FaultId, parameters?: Record<string, number | string>, options?: FaultOptions): Promise<void>;
  /** `%{http_code}`, and curl's exit code: 7 not connected, 18 partial file, 35 handshake, 60 certificate not trusted. */
  curl(...args: readonly string[]): Promise<{ code: number | null; status: number; body: Buffer; error: string }>;
}

async function rig(protocol: 'https' | 'http' = 'https', clock: Clock = systemClock): Promise<Rig> {
  const releases = new ReleaseStore();
  const release = releases.publish({ project: 'app', version: '1.2.3', fileName: 'app.bin', bytes: IMAGE });
  const test = await startTestServer({ protocol, clock, advertisedHost: '127.0.0.1' }, releases);
  const changes: FaultChange[] = [];
  test.server.onFault((change) => changes.push(change));
  const body = join(await temporaryFolder(), 'body');
  return {
    ...test,
    release,
    changes,
    on: (id, parameters, options) => test.server.setFault(faultProfile(id, parameters), options),
    curl: async (...args) => {
      await writeFile(body, '');
      const ran = await run('curl', [
        '-sS', '--noproxy', '*', '--cacert', test.caFile, '-w', '%{http_code}', '-o', body,
        ...args, ...(args.some((one) => one.startsWith('http')) ? [] : [`${test.url}/app.bin`]),
      ]); // prettier-ignore
      return { code: ran.code, status: Number(ran.stdout.toString()), body: await readFile(body), error: ran.stderr };
    },
  };
}

function whenOff({ server }: Rig): Promise<void> {
  return new Promise((resolve) => {
    server.onFault(({ kind }) => {
      if (kind === 'off') resolve();
    });
  });
}

const isWhole = (body: Uint8Array): boolean => Buffer.compare(body, IMAGE) === 0;
const GET = 'GET /app.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** The answer's bytes as they come, over TLS. */
async function raw({ port, certificate }: Rig, request = GET) {
  return parsed(await exchange(tls(port, certificate.trustPem ?? ''), request));
}

describe('the body', () => {
  it('ends after N % of the image, whatever Content-Length has promised', async () => {
    const one = await rig();
    await one.on('cutBody', { percent: 30 });
    const got = await one.curl();
    expect([got.code, got.status, got.body.length]).toEqual([18, 200, Math.floor(IMAGE.length * 0.3)]);
    // a continuation does not get past it either
    const rest = await one.curl('-r', '50000-');
    expect([rest.code, rest.status, rest.body.length]).toEqual([18, 206, 0]);
    expect((await one.log.first('ended', 2)).map(({ outcome }) => outcome)).toEqual(['aborted', 'aborted']);
    expect(one.log.of('fault').map(({ fault, id }) => [fault, id])).toEqual([
      ['cutBody', 'r1'],
      ['cutBody', 'r2'],
    ]);
    const before = await one.curl('-r', '0-999');
    expect([before.code, before.body.length]).toEqual([0, 1000]);
  });

  it('comes slowly', async () => {
    const one = await rig();
    await one.on('slow', { kilobytesPerSecond: 200 });
    const startMs = Date.now();
    const got = await one.curl();
    expect(isWhole(got.body)).toBe(true);
    // 60 KB at 200 KB/s, the first 50 ms of it at once
    expect(Date.now() - startMs).toBeGreaterThan(200);
  });

  it('stalls, then goes on', async () => {
    const one = await rig();
    await one.on('stall', { percent: 40, seconds: 0.3 });
    const socket = tls(one.port, one.certificate.trustPem ?? '');
    const times: number[] = [];
    socket.on('data', () => times.push(Date.now()));
    const { body } = parsed(await exchange(socket, GET));
    expect(isWhole(body)).toBe(true);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(Math.max(...gaps)).toBeGreaterThanOrEqual(280);
  });

  it('has no Content-Length: chunked, and until the connection closes', async () => {
    const one = await rig();
    await one.on('chunked');
    const chunked = await raw(one);
    expect(chunked.headers['content-length']).toBeUndefined();
    expect(chunked.headers['transfer-encoding']).toBe('chunked');
    expect(chunked.body.toString('latin1', 0, 11)).toBe('1388;part\r\n');
    expect(isWhole((await one.curl()).body)).toBe(true);
    const kept = await one.curl(`${one.url}/app.bin`, `${one.url}/app.bin`, '-o', '/dev/null');
    expect(kept.code).toBe(0);
    await one.on('untilClose');
    const bare = await raw(one, 'GET /app.bin HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(Object.keys(bare.headers)).not.toContain('content-length');
    expect(Object.keys(bare.headers)).not.toContain('transfer-encoding');
    expect(isWhole(bare.body)).toBe(true);
    // HTTP/1.0 knows no chunks
    await one.on('chunked');
    const old = await raw(one, 'GET /app.bin HTTP/1.0\r\n\r\n');
    expect(old.headers['transfer-encoding']).toBeUndefined();
    expect(isWhole(old.body)).toBe(true);
  });

  it('is all of it, whatever range was asked for', async () => {
    const one = await rig();
    await one.on('noRanges');
    const got = await one.curl('-H', 'Range: bytes=100-199');
    expect(got.status).toBe(200);
    expect(isWhole(got.body)).toBe(true);
    expect((await raw(one)).headers['accept-ranges']).toBeUndefined();
  });
});

describe('the image', () => {
  const sentBy = async (one: Rig, ...args: readonly string[]): Promise<Buffer> => (await one.curl(...args)).body;

  it('is a file that ends early, and says so', async () => {
    const one = await rig();
    await one.on('cutHeader', { bytes: 180 });
    expect(await one.curl()).toMatchObject({ code: 0, status: 200, body: IMAGE.subarray(0, 180) });
    await one.on('shortFile', { percent: 50 });
    expect(await one.curl()).toMatchObject({ code: 0, body: IMAGE.subarray(0, Math.floor(IMAGE.length / 2)) });
  });

  it('has one flipped byte that checksum and digest tell', async () => {
    const one = await rig();
    await one.on('flippedByte', { percent: 50 });
    const body = await sentBy(one);
    expect([...body].filter((byte, at) => byte !== IMAGE[at])).toHaveLength(1);
    const failed = verifyImage(body).filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ id }) => id)).toContain('checksum');
  });

  it('is noise of the same length', async () => {
    const one = await rig();
    await one.on('randomData');
    const body = await sentBy(one);
    expect([body.length, body[0]]).toEqual([IMAGE.length, 0]);
    // all parts of one download are of the same noise
    const [head, tail] = [await sentBy(one, '-r', '0-9999'), await sentBy(one, '-r', '10000-')];
    expect(Buffer.concat([head, tail])).toEqual(body);
  });

  it.each([
    ['wrongChip', {}, (image: ReturnType<typeof parseImage>) => image.header.chipId, 2],
    ['otherApp', {}, (image: ReturnType<typeof parseImage>) => image.description?.projectName, 'another_app'],
    ['olderVersion', {}, (image: ReturnType<typeof parseImage>) => image.description?.version, '1.2.2'],
    ['olderVersion', { version: '0.9' }, (image: ReturnType<typeof parseImage>) => image.description?.version, '0.9'],
    ['sameVersion', { version: '7.7' }, (image: ReturnType<typeof parseImage>) => image.description?.version, '7.7'],
  ] as const)('%s %j: nothing else is wrong with it', async (id, parameters, read, value) => {
    const one = await rig();
    await one.on(id, parameters);
    const body = await sentBy(one);
    const image = parseImage(body);
    expect(read(image)).toBe(value);
    expect(image.checksum.stored).toBe(image.checksum.computed);
    expect(image.digest?.stored).toBe(image.digest?.computed);
    expect(body.length).toBe(IMAGE.length);
    const changed = [...body].filter((byte, at) => byte !== IMAGE[at]).length;
    expect(changed).toBeGreaterThan(0);
    // one field, the ELF digest's first byte, the checksum, the digest
    expect(changed).toBeLessThanOrEqual(32 + 1 + 1 + 32);
    // the release itself is what it was
    expect(one.release.sha256).toBe(createHash('sha256').update(one.release.bytes).digest('hex'));
    await one.server.setFault(undefined);
    expect(isWhole(await sentBy(one))).toBe(true);
  });

  it('stays the same for the rest of a download that began on it, and for none that began before', async () => {
    const one = await rig();
    const socket = tls(one.port, one.certificate.trustPem ?? '');
    const ask = (range: string, isLast = false): string =>
      `GET /app.bin HTTP/1.1\r\nHost: x\r\nRange: bytes=${range}\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`;
    const answers = exchange(socket, ask('0-9'));
    await one.log.first('requested', 1);
    await one.on('wrongChip');
    socket.write(ask('10-19', true));
    expect((await answers).includes(IMAGE.subarray(10, 20))).toBe(true);
    // 12 and 13 are the chip's id
    const [first] = [await one.curl('-r', '0-12')];
    await one.server.setFault(undefined);
    const second = await one.curl('-r', '13-');
    const whole = Buffer.concat([first.body, second.body]);
    expect(parseImage(whole)).toMatchObject({ header: { chipId: 2 } });
    expect(verifyImage(whole).filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  });
});

describe('the answer', () => {
  it.each([
    ['status401', 401, 'www-authenticate'],
    ['status403', 403, undefined],
    ['status404', 404, undefined],
    ['status500', 500, undefined],
    ['status503', 503, 'retry-after'],
  ] as const)('%s', async (id, status, header) => {
    const one = await rig();
    await one.on(id);
    const got = await raw(one);
    expect(got.status).toBe(status);
    if (header !== undefined) expect(Object.keys(got.headers)).toContain(header);
    const [ended] = await one.log.first('ended', 1);
    expect(ended).toMatchObject({ outcome: 'failed', status });
    expect(one.log.of('requested')[0]).toMatchObject({ status });
    expect((await one.curl(`${one.url}/manifest.json`)).status).toBe(200);
  });

  it.each([
    ['redirectAbsolute', { count: 3 }, 3],
    ['redirectRelative', { count: 2 }, 2],
    ['redirectToHttp', {}, 1],
  ] as const)('%s', async (id, parameters, hops) => {
    const one = await rig();
    await one.on(id, parameters);
    const first = await raw(one);
    expect(first.status).toBe(302);
    const before = {
      redirectAbsolute: `https://127.0.0.1:${one.port}/`,
      redirectRelative: '/',
      redirectToHttp: `http://127.0.0.1:${one.port}/`,
    }[id];
    expect(first.headers['location']).toBe(`${before}app.bin?redirected=1`);
    const got = await one.curl('-L', '--max-redirs', String(hops));
    expect([got.code, got.status]).toEqual([0, 200]);
    expect(isWhole(got.body)).toBe(true);
    expect((await one.curl('-L', '--max-redirs', String(hops - 1))).code).toBe(47);
  });

  it('answers plain HTTP on the HTTPS port only while it redirects there', async () => {
    const one = await rig();
    const plain = `http://127.0.0.1:${one.port}/app.bin`;
    expect((await one.curl(plain)).status).toBe(400);
    await one.on('redirectToHttp');
    expect(isWhole((await one.curl(plain, '-L')).body)).toBe(true);
    expect(isWhole((await one.curl('-L')).body)).toBe(true);
    await one.server.setFault(undefined);
    expect((await one.curl(plain)).status).toBe(400);
  });
});

describe('TLS', () => {
  const made = async (one: Rig, id: CertificateFaultId) => {
    const folder = await temporaryFolder();
    const store = new CertificateStore(folder, diskFiles);
    const authority = await store.authority('ec');
    const names = { dns: ['localhost'], ip: ['127.0.0.1'] };
    const source = { authority, keyType: 'ec', names, nowMs: Date.now() } as const;
    const trust = join(folder, 'trust.pem');
    await writeFile(trust, authority.certificatePem);
    await one.on(id, {}, { credentials: await faultCredentials(id, source) });
    return trust;
  };

  it('unknown authority: nothing that we ever made has issued the certificate', async () => {
    const one = await rig();
    const trust = await made(one, 'unknownAuthority');
    for (const file of [trust, one.caFile]) {
      const got = await one.curl('--cacert', file);
      expect([got.code, got.error]).toEqual([60, expect.stringMatching(/unable to get local issuer/)]);
    }
    expect((await one.curl('--insecure')).status).toBe(200);
    expect((await one.log.one('tlsFailed')).cause).toBe('unknownAuthority');
  });

  it('wrong name: trusted, but for somebody else', async () => {
    const one = await rig();
    const trust = await made(one, 'wrongName');
    const got = await one.curl('--cacert', trust);
    expect([got.code, got.error]).toEqual([60, expect.stringMatching(/does not match|no alternative certificate/)]);
    const there = `wrong-name.invalid:${one.port}:127.0.0.1`;
    const named = await one.curl(
      '--cacert',
      trust,
      '--resolve',
      there,
      `https://wrong-name.invalid:${one.port}/app.bin`,
    );
    expect(named.status).toBe(200);
  });

  it('expired: trusted and well named, but over', async () => {
    const one = await rig();
    const trust = await made(one, 'expired');
    const got = await one.curl('--cacert', trust);
    expect([got.code, got.error]).toEqual([60, expect.stringMatching(/expired/)]);
    const shown = await run('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${one.port}`,
      '-CAfile',
      trust,
      '-showcerts',
    ]);
    const leaf = new X509Certificate(
      /-----BEGIN[\s\S]*?-----END CERTIFICATE-----/.exec(shown.stdout.toString())?.[0] ?? '',
    );
    expect(Date.parse(leaf.validTo)).toBeLessThan(Date.now());
    expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  it('TLS 1.3 only', async () => {
    const one = await rig();
    await one.on('tls13Only');
    const ask = (version: string) =>
      run('openssl', ['s_client', '-connect', `127.0.0.1:${one.port}`, '-CAfile', one.caFile, `-${version}`]);
    expect((await ask('tls1_2')).stdout.toString()).toMatch(/no peer certificate available/);
    expect((await ask('tls1_3')).stdout.toString()).toMatch(/Verify return code: 0 \(ok\)/);
    await one.server.setFault(undefined);
    expect((await ask('tls1_2')).stdout.toString()).toMatch(/Verify return code: 0 \(ok\)/);
  });

  it('small records: none is longer than told', async () => {
    const one = await rig();
    await one.on('smallRecords', { bytes: 700 });
    // a record's plain text comes as one piece where the reader takes no more at once
    const traced = await run(
      'openssl',
      ['s_client', '-connect', `127.0.0.1:${one.port}`, '-CAfile', one.caFile, '-tls1_2', '-msg', '-quiet'],
      GET,
    );
    const log = `${traced.stdout.toString('latin1')}${traced.stderr}`;
    const lengths = [...log.matchAll(/<<< .*RecordHeader \[length 0005\]\r?\n\s+17 03 03 ([\da-f]{2}) ([\da-f]{2})/g)];
    const records = lengths.map(([, high = '', low = '']) => Number.parseInt(high + low, 16));
    expect(records.length).toBeGreaterThan(60_000 / 700);
    // explicit nonce and tag of AES-GCM
    expect(Math.max(...records)).toBeLessThanOrEqual(700 + 24);
  });

  it('needs a server that speaks it, and a certificate made for it', async () => {
    const plain = await rig('http');
    await expect(plain.on('tls13Only')).rejects.toMatchObject({ code: 'server.faultNeedsHttps' });
    await expect(plain.on('redirectToHttp')).rejects.toMatchObject({ code: 'server.faultNeedsHttps' });
    const one = await rig();
    await expect(one.on('wrongName')).rejects.toMatchObject({ code: 'server.faultNeedsAuthority' });
    expect(one.server.fault).toBeUndefined();
    const names = { dns: [], ip: ['127.0.0.1'] };
    await expect(
      faultCredentials('expired', { authority: undefined, keyType: 'ec', names, nowMs: 0 }),
    ).rejects.toMatchObject({ code: 'server.faultNeedsAuthority' });
  });
});

describe('a refused connection', () => {
  const connects = async (port: number): Promise<string> =>
    new Promise((resolve) => {
      const socket = tcp(port);
      socket.once('connect', () => {
        socket.destroy();
        resolve('connected');
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? '');
      });
    });

  it('is refused by the system for as long as told, and taken on the same port afterwards', async () => {
    const one = await rig();
    await one.on('connectionRefused', { seconds: 0.5 });
    expect(await connects(one.port)).toBe('ECONNREFUSED');
    expect((await one.curl()).code).toBe(7);
    await whenOff(one);
    expect(isWhole((await one.curl()).body)).toBe(true);
    expect(one.changes.at(-1)).toMatchObject({ kind: 'off', why: 'elapsed' });
  });

  it('is taken again when the fault is turned off, replaced, and never after the server has stopped', async () => {
    const one = await rig();
    await one.on('connectionRefused', { seconds: 60 });
    await one.server.setFault(undefined);
    expect((await one.curl()).status).toBe(200);
    await one.on('connectionRefused', { seconds: 60 });
    await one.on('status404');
    expect((await one.curl()).status).toBe(404);
    const clock = new ManualClock();
    const timed = await rig('https', clock);
    await timed.on('connectionRefused', { seconds: 0.1 });
    await timed.server.stop();
    expect(timed.server.fault).toBeUndefined();
    await clock.advance(1000);
    expect(await connects(timed.port)).toBe('ECONNREFUSED');
  });

  it('says that another program has taken the port, and takes it when it is free', async () => {
    const one = await rig();
    await one.on('connectionRefused', { seconds: 60 });
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(one.port, '127.0.0.1', resolve));
    await expect(one.server.setFault(undefined)).rejects.toMatchObject({ code: 'server.portInUse' });
    expect(one.server.fault).toBeDefined();
    const off = whenOff(one);
    other.close();
    await off;
    expect((await one.curl()).status).toBe(200);
  });

  it('leaves the connections that are there', async () => {
    const one = await rig();
    const socket = tls(one.port, one.certificate.trustPem ?? '');
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    await one.on('connectionRefused', { seconds: 60 });
    const { body } = parsed(await exchange(socket, GET));
    expect(isWhole(body)).toBe(true);
  });
});

describe('how long', () => {
  it('goes off by itself after N requests, while the server runs on', async () => {
    const one = await rig();
    await one.on('status503', {}, { requests: 2 });
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await one.curl()).status);
    expect(statuses).toEqual([503, 503, 200, 200]);
    expect(one.changes.map((change) => [change.kind, change.state.used])).toEqual([
      ['on', 0],
      ['used', 1],
      ['used', 2],
      ['off', 2],
    ]);
    expect(one.changes.at(-1)).toMatchObject({ why: 'spent' });
    expect(one.log.of('fault')).toHaveLength(2);
  });

  it('counts a chain of redirections as one, and lets it come to its end', async () => {
    const one = await rig();
    await one.on('redirectAbsolute', { count: 2 }, { requests: 1 });
    expect((await one.curl('-L')).status).toBe(200);
    expect(one.changes.at(-1)).toMatchObject({ kind: 'off', why: 'spent' });
    expect((await one.curl()).status).toBe(200);
    // one that is not followed is over with the next request
    await one.on('redirectAbsolute', { count: 2 }, { requests: 1 });
    expect((await one.curl()).status).toBe(302);
    expect((await one.curl()).status).toBe(200);
    expect(one.server.fault).toBeUndefined();
  });

  it('counts a download in parts as one where the image is faulty', async () => {
    const one = await rig();
    await one.on('randomData', {}, { requests: 1 });
    const head = await one.curl('-I');
    expect(head.status).toBe(200);
    const parts = [await one.curl('-r', '0-29999'), await one.curl('-r', '30000-')].map(({ body }) => body);
    const [magic] = verifyImage(Buffer.concat(parts)).filter(({ id }) => id === 'magic');
    expect(magic?.outcome).toBe('failed');
    expect(isWhole((await one.curl()).body)).toBe(true);
  });

  it('counts connections where TLS is faulty', async () => {
    const one = await rig();
    await one.on('tls13Only', {}, { requests: 1 });
    expect((await one.curl('--tls-max', '1.2')).code).toBe(35);
    expect((await one.curl('--tls-max', '1.2')).status).toBe(200);
  });

  it('is over when the server stops', async () => {
    const one = await rig();
    await one.on('slow');
    await one.server.stop();
    expect(one.changes.at(-1)).toMatchObject({ kind: 'off', why: 'stopped' });
    expect(one.server.fault).toBeUndefined();
    await one.on('slow');
    expect(one.server.fault).toBeUndefined();
  });
});
