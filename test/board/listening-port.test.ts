import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/base/logger.ts';
import { ListeningPort } from '../../src/server/listening-port.ts';
import { caught } from '../support/caught.ts';
import { ManualClock } from '../support/hurrying-clock.ts';

let server: Server;
let port: ListeningPort;
let clock: ManualClock;
let holder: Server;
let opened: string[];

beforeEach(async () => {
  server = createServer();
  clock = new ManualClock();
  port = new ListeningPort(server, '127.0.0.1', clock, silentLogger);
  await port.open(0);
  port.shut();
  await once(server, 'close');
  holder = createServer().listen(port.port, '127.0.0.1');
  await once(holder, 'listening');
  opened = [];
});
afterEach(async () => {
  await free();
  await new Promise<void>((resolve) => {
    port.stop(resolve);
  });
});

/** The other program gives the port up. */
async function free(): Promise<void> {
  if (!holder.listening) return;
  holder.close();
  await once(holder, 'close');
}

function open(name: string): Promise<void> {
  return port.reopen(() => opened.push(name));
}

/** A try is made, and has ended. */
async function nextTry(): Promise<void> {
  const tried = new Promise<void>((resolve) => {
    const done = (): void => {
      server.off('listening', done).off('error', done);
      resolve();
    };
    server.prependOnceListener('listening', done).prependOnceListener('error', done);
  });
  await clock.advance(250);
  await tried;
  await clock.advance(0);
}

describe('a port that another program has taken meanwhile', () => {
  it('is tried on until it is free, and leaves no listener behind', async () => {
    const before = ['listening', 'error'].map((name) => server.listenerCount(name));
    await caught(open('first'), 'server.portInUse');
    for (let tries = 0; tries < 20; tries += 1) {
      await nextTry();
      expect(server.listening).toBe(false);
    }
    expect(server.listenerCount('listening')).toBe(0);
    await free();
    await nextTry();
    await expect.poll(() => opened).toEqual(['first']);
    expect(server.listening).toBe(true);
    expect(['listening', 'error'].map((name) => server.listenerCount(name))).toEqual(before);
  });

  it('is told to the last one who asked for it, once', async () => {
    await caught(open('first'), 'server.portInUse');
    await free();
    await open('second');
    await clock.advance(1000);
    expect(opened).toEqual(['second']);
    expect(clock.waiting).toBe(0);
  });

  it('is told to the last one also when nobody has got it at once', async () => {
    await caught(open('first'), 'server.portInUse');
    await caught(open('second'), 'server.portInUse');
    await free();
    await nextTry();
    await expect.poll(() => opened).toEqual(['second']);
    await clock.advance(1000);
    expect(opened).toEqual(['second']);
  });
});
