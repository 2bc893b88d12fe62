import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateInUse } from '../../src/server/certificate-in-use.ts';
import { CertificateStore, type ServerCertificateRequest } from '../../src/server/certificate-store.ts';
import { startFirmwareServer } from '../../src/server/firmware-server.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { ServerSwitch, type ServerState } from '../../src/server/server-switch.ts';
import { caught } from '../support/caught.ts';
import { tls } from '../support/server-clients.ts';
import { temporaryFolder } from '../support/test-server.ts';

const releases = new ReleaseStore();
let server: ServerSwitch;
let told: ServerState[];

/** What is wanted besides, of a server over plain HTTP. */
const plainHttp = {
  advertisedHost: () => '127.0.0.1',
  credentials: () => Promise.reject(new Error('plain HTTP has no certificate')),
};

/** Watches a switch, and ends it after the test. */
function use(made: ServerSwitch): void {
  server = made;
  told = [];
  server.onChange((state) => told.push(state));
}

afterEach(async () => {
  await server.stop();
  server.dispose();
});

describe('a server that several start and stop', () => {
  beforeEach(() => {
    let port = 0;
    use(
      new ServerSwitch({
        ...plainHttp,
        start: async (signal) => {
          const started = await startFirmwareServer({ protocol: 'http', host: '127.0.0.1', port }, releases, signal);
          // the same one each time, as the settings have it: it has to be free again
          port = started.port;
          return started;
        },
      }),
    );
  });

  it('is off when stopping it has come to its end, also while it was being started', async () => {
    const started = server.start().catch((error: unknown) => error);
    expect(server.state.kind).toBe('starting');
    await server.stop();
    expect(server.state.kind).toBe('off');
    expect(await started).toMatchObject({ code: 'cancelled' });
  });

  it('is on when it was started while it was being stopped', async () => {
    await server.start();
    const stopped = server.stop();
    await server.start();
    await stopped;
    expect(server.state.kind).toBe('on');
  });

  it('is stopped once by two who stop it', async () => {
    await server.start();
    const first = server.stop();
    await server.stop();
    expect(server.state.kind).toBe('off');
    await first;
    expect(told.map(({ kind }) => kind)).toEqual(['starting', 'on', 'off']);
  });

  it('is started once by two who start it', async () => {
    await Promise.all([server.start(), server.start()]);
    await server.start();
    expect(told.map(({ kind }) => kind)).toEqual(['starting', 'on']);
  });

  it('starts for the others when one who asked for it gives up', async () => {
    const stop = new AbortController();
    const [wanted, given] = [server.start(), server.start(stop.signal)];
    stop.abort();
    await caught(given, 'cancelled');
    await wanted;
    expect(server.state.kind).toBe('on');
  });

  it('does not start when all who asked for it have given up', async () => {
    const stop = new AbortController();
    const given = [server.start(stop.signal), server.start(stop.signal)];
    stop.abort();
    for (const one of given) await caught(one, 'cancelled');
    expect(server.state.kind).toBe('off');
  });
});

it('a server that can’t be started is off, and says why to all who asked', async () => {
  const taken = await startFirmwareServer({ protocol: 'http', host: '127.0.0.1', port: 0 }, releases);
  use(
    new ServerSwitch({
      ...plainHttp,
      start: () => startFirmwareServer({ protocol: 'http', host: '127.0.0.1', port: taken.port }, releases),
    }),
  );
  for (const one of await Promise.allSettled([server.start(), server.start()]))
    expect(one).toMatchObject({ status: 'rejected', reason: { code: 'server.portInUse' } });
  expect(server.state.kind).toBe('off');
  await taken.stop();
  await server.start();
  expect(server.state).toMatchObject({ kind: 'on', port: taken.port });
});

describe('a server that is on', () => {
  const names = { dns: ['localhost'], ip: ['127.0.0.1'] };
  let wanted: ServerCertificateRequest;
  let host: string;
  let certificates: CertificateInUse;

  beforeEach(async () => {
    const store = new CertificateStore(await temporaryFolder());
    wanted = { mode: 'authority', keyType: 'ec', names };
    host = '127.0.0.1';
    certificates = new CertificateInUse(
      () => Promise.resolve(store),
      () => wanted,
    );
    use(
      new ServerSwitch({
        start: async (signal) =>
          startFirmwareServer(
            { host: '127.0.0.1', port: 0, advertisedHost: host, credentials: await certificates.ensure() },
            releases,
            signal,
          ),
        advertisedHost: () => host,
        credentials: () => certificates.ensure(),
      }),
    );
  });

  /** Fingerprint of the certificate that clients are shown. */
  async function shown(): Promise<string> {
    const socket = tls(server.server?.port ?? 0, '', { rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256.replaceAll(':', '').toLowerCase();
  }

  it('shows another certificate when that is wanted, and stays where it is', async () => {
    await server.start();
    const first = await shown();
    expect(first).toBe(certificates.current?.description.fingerprint);
    wanted = { mode: 'selfSigned', keyType: 'ec', names };
    certificates.forget();
    await server.refresh();
    expect(await shown()).toBe((await certificates.ensure()).description.fingerprint);
    expect(await shown()).not.toBe(first);
    expect(told.map(({ kind }) => kind)).toEqual(['starting', 'on']);
  });

  it('tells its new URL when boards are told another address', async () => {
    await server.start();
    const { port } = server.server ?? {};
    host = 'desk.local';
    await server.refresh();
    expect(server.state).toEqual({ kind: 'on', url: `https://desk.local:${port}`, protocol: 'https', port });
    expect(told.at(-1)).toBe(server.state);
    expect(told).toHaveLength(3);
  });

  it('keeps its certificate when the one that is wanted can’t be read', async () => {
    await server.start();
    const first = await shown();
    wanted = { mode: 'own', certificatePath: '/none.pem', keyPath: '/none.key' };
    certificates.forget();
    await caught(server.refresh(), 'certificate.missing');
    expect(await shown()).toBe(first);
  });

  it('takes nothing over while it is off', async () => {
    host = 'desk.local';
    await server.refresh();
    expect(server.state.kind).toBe('off');
    expect(certificates.current).toBeUndefined();
  });
});
