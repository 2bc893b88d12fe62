import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Emitter } from '../../src/base/emitter.ts';
import { diskFiles } from '../../src/base/files.ts';
import { ServerSession } from '../../src/editor/sessions/server-session.ts';
import { configure, reset } from '../support/fake-vscode.ts';

vi.mock('vscode', () => import('../support/fake-vscode.ts'));

/** A port of this computer that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a start of the server that several have asked for', () => {
  let session: ServerSession;
  beforeEach(async () => {
    reset();
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

  it('goes on when one of them gives up', async () => {
    const stop = new AbortController();
    const [wanted, given] = [session.start(), session.start(stop.signal)];
    stop.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    await wanted;
    expect(session.state.kind).toBe('on');
  });

  it('ends when all of them have given up', async () => {
    const stop = new AbortController();
    const given = [session.start(stop.signal), session.start(stop.signal)];
    stop.abort();
    for (const one of await Promise.allSettled(given)) expect(one.status).toBe('rejected');
    expect(session.state.kind).toBe('off');
  });
});
