import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateInUse } from '../../src/server/certificate-in-use.ts';
import { CertificateStore, type ServerCertificateRequest } from '../../src/server/certificate-store.ts';
import { startFirmwareServer, type FirmwareServer } from '../../src/server/firmware-server.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { ServerSwitch, type ServerState } from '../../src/server/server-switch.ts';
import { caught } from '../support/caught.ts';
import { exchange, tcp, tls } from '../support/server-clients.ts';
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

describe('a server that takes a while to start', () => {
  let listens: Promise<FirmwareServer>;
  let goOn: () => void;

  beforeEach(() => {
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    listens = new Promise((resolve) => {
      const start = async (): Promise<FirmwareServer> => {
        const made = await startFirmwareServer({ protocol: 'http', host: '127.0.0.1', port: 0 }, releases);
        resolve(made);
        await gate;
        return made;
      };
      use(new ServerSwitch({ ...plainHttp, start }));
    });
  });

  /** Whether somebody answers on a port. */
  async function answers(port: number): Promise<boolean> {
    return exchange(tcp(port), 'GET / HTTP/1.0\r\n\r\n').then(
      () => true,
      () => false,
    );
  }

  it('is off when all who asked for it have given up, however far it has come', async () => {
    const stop = new AbortController();
    const given = server.start(stop.signal);
    const { port } = await listens;
    expect(await answers(port)).toBe(true);
    stop.abort();
    await nextTurn();
    goOn();
    await caught(given, 'cancelled');
    expect(server.state.kind).toBe('off');
    expect(await answers(port)).toBe(false);
  });

  it('is started anew for one who asks while a start that was given up comes to its end', async () => {
    const stop = new AbortController();
    const given = server.start(stop.signal);
    await listens;
    stop.abort();
    await nextTurn();
    const wanted = server.start();
    goOn();
    await caught(given, 'cancelled');
    await wanted;
    expect(told.map(({ kind }) => kind)).toEqual(['starting', 'off', 'starting', 'on']);
  });

  it('stays on when the last one gives up as it comes on', async () => {
    const stop = new AbortController();
    server.onChange(({ kind }) => {
      if (kind === 'on') stop.abort();
    });
    goOn();
    await caught(server.start(stop.signal), 'cancelled');
    expect(server.state.kind).toBe('on');
    expect(await answers((await listens).port)).toBe(true);
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
  const AUTHORITY = { mode: 'authority', keyType: 'ec', names } as const;
  const SELF_SIGNED = { mode: 'selfSigned', keyType: 'ec', names } as const;
  let wanted: ServerCertificateRequest;
  let host: string;
  let certificates: CertificateInUse;
  /** Happens while it is being started, when it is known what it is started with. */
  let meanwhile: () => void;
  /** What it takes besides to give a running server its certificate. */
  let delay: () => Promise<void>;

  beforeEach(async () => {
    const store = new CertificateStore(await temporaryFolder());
    wanted = AUTHORITY;
    host = '127.0.0.1';
    meanwhile = () => undefined;
    delay = () => Promise.resolve();
    certificates = new CertificateInUse(
      () => Promise.resolve(store),
      () => wanted,
    );
    use(
      new ServerSwitch({
        start: async (signal) => {
          const options = {
            host: '127.0.0.1',
            port: 0,
            advertisedHost: host,
            credentials: await certificates.ensure(),
          };
          meanwhile();
          return startFirmwareServer(options, releases, signal);
        },
        advertisedHost: () => host,
        credentials: async () => {
          const made = await certificates.ensure();
          await delay();
          return made;
        },
      }),
    );
  });

  /** As after a change of the settings. */
  function want(request: ServerCertificateRequest): void {
    wanted = request;
    certificates.forget();
  }

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
    want(SELF_SIGNED);
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

  it('keeps its certificate when the one that is wanted can’t be read, and tells its new URL nevertheless', async () => {
    await server.start();
    const first = await shown();
    host = 'desk.local';
    want({ mode: 'own', certificatePath: '/none.pem', keyPath: '/none.key' });
    await caught(server.refresh(), 'certificate.missing');
    expect(await shown()).toBe(first);
    expect(server.state).toMatchObject({ kind: 'on', url: server.server?.url });
    expect(server.server?.url).toMatch(/^https:\/\/desk\.local:/);
  });

  it('takes over, as soon as it is on, what is wanted since it began to start', async () => {
    let refreshed: Promise<void> | undefined;
    meanwhile = () => {
      host = 'desk.local';
      want(SELF_SIGNED);
      refreshed = server.refresh();
    };
    await server.start();
    await refreshed;
    expect(await shown()).toBe((await certificates.ensure()).description.fingerprint);
    expect(server.state).toMatchObject({ kind: 'on', url: `https://desk.local:${server.server?.port}` });
  });

  it('shows in the end what was wanted last, whatever takes longer to come', async () => {
    await server.start();
    const first = await shown();
    let come: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      delay = () => {
        resolve();
        return new Promise((comes) => (come = comes));
      };
    });
    want(SELF_SIGNED);
    const slow = server.refresh();
    await asked;
    delay = () => Promise.resolve();
    want(AUTHORITY);
    const quick = server.refresh();
    // by now the quick one could have been taken over
    for (let times = 0; times < 3; times += 1) await certificates.ensure();
    come();
    await Promise.all([slow, quick]);
    expect(await shown()).toBe(first);
  });

  it('takes nothing over while it is off', async () => {
    host = 'desk.local';
    await server.refresh();
    expect(server.state.kind).toBe('off');
    expect(certificates.current).toBeUndefined();
  });
});
