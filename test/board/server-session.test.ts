import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Emitter } from '../../src/base/emitter.ts';
import { diskFiles } from '../../src/base/files.ts';
import { CertificateSession } from '../../src/editor/sessions/certificate-session.ts';
import { ServerSession } from '../../src/editor/sessions/server-session.ts';
import { configure, reset } from '../support/fake-vscode.ts';

vi.mock('vscode', () => import('../support/fake-vscode.ts'));

beforeEach(reset);

/** A port of this computer that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the server of a window', () => {
  let session: ServerSession;
  beforeEach(async () => {
    configure('esp32Ota.server.protocol', 'http');
    configure('esp32Ota.server.bindAddress', '127.0.0.1');
    configure('esp32Ota.server.port', await freePort());
    const projects = { onChange: new Emitter().event, project: undefined, workspaceFolder: () => undefined };
    const certificates = { onChange: new Emitter().event, advertisedHost: () => '127.0.0.1' };
    const log = { info: () => undefined, debug: () => undefined, warn: () => undefined, error: () => undefined };
    session = new ServerSession(projects as never, certificates as never, diskFiles, log as never);
  });
  afterEach(async () => {
    await session.stop();
    session.dispose();
  });

  it('is off when stopping it has come to its end, also while it was being started', async () => {
    const started = session.start().catch((error: unknown) => error);
    expect(session.state.kind).toBe('starting');
    await session.stop();
    expect(session.state.kind).toBe('off');
    expect(await started).toMatchObject({ code: 'cancelled' });
  });

  it('is on when it was started while it was being stopped', async () => {
    await session.start();
    const stopped = session.stop();
    await session.start();
    await stopped;
    expect(session.state.kind).toBe('on');
  });

  it('is stopped once by two who stop it', async () => {
    await session.start();
    await Promise.all([session.stop(), session.stop()]);
    expect(session.state.kind).toBe('off');
  });

  it('starts for the others when one who asked for it gives up', async () => {
    const stop = new AbortController();
    const [wanted, given] = [session.start(), session.start(stop.signal)];
    stop.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    await wanted;
    expect(session.state.kind).toBe('on');
  });

  it('does not start when all who asked for it have given up', async () => {
    const stop = new AbortController();
    const given = [session.start(stop.signal), session.start(stop.signal)];
    stop.abort();
    for (const one of await Promise.allSettled(given)) expect(one.status).toBe('rejected');
    expect(session.state.kind).toBe('off');
  });
});

describe('the certificate in use', () => {
  const served = (mode: string) => ({ trustPem: mode, description: { fingerprint: mode } });
  /** A store that has a certificate of each mode but `own`. */
  const store = {
    serverCertificate: ({ mode }: { mode: string }) => Promise.resolve(served(mode)),
    hasServerCertificate: ({ mode }: { mode: string }) => Promise.resolve(mode !== 'own'),
  };
  const memento = { get: () => undefined, update: () => Promise.resolve() };

  it('is what the settings want now', async () => {
    const session = new CertificateSession(() => Promise.resolve(store as never), memento as never);
    expect((await session.ensure()).trustPem).toBe('authority');
    configure('esp32Ota.certificate.mode', 'selfSigned');
    expect((await session.peek())?.trustPem).toBe('selfSigned');
    expect(session.current?.trustPem).toBe('selfSigned');
    configure('esp32Ota.certificate.mode', 'own');
    expect(await session.peek()).toBeUndefined();
    expect(session.current).toBeUndefined();
    session.dispose();
  });

  it('is not one that was asked for before the settings changed', async () => {
    let answer: (value: unknown) => void = () => undefined;
    const slow = { ...store, serverCertificate: () => new Promise((resolve) => (answer = resolve)) };
    const session = new CertificateSession(() => Promise.resolve(slow as never), memento as never);
    const asked = session.ensure();
    await Promise.resolve();
    await Promise.resolve();
    configure('esp32Ota.certificate.mode', 'selfSigned');
    answer(served('authority'));
    expect((await asked).trustPem).toBe('authority');
    expect(session.current).toBeUndefined();
    session.dispose();
  });
});
