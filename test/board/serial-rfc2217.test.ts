import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { openPort } from '../../src/serial/open-port.ts';
import { applicationReset, loaderResets, playReset } from '../../src/serial/reset.ts';
import { parseResetSequence } from '../../src/serial/reset-string.ts';
import type { SerialTransport, TransportClosed } from '../../src/serial/serial-transport.ts';
import { caught } from '../support/caught.ts';
import { HurryingClock, recordingClock } from '../support/hurrying-clock.ts';
import { startRfc2217Server, type Rfc2217Server, type ServerStyle } from '../support/rfc2217-server.ts';

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const run of cleanUp.splice(0).reverse()) await run();
});

async function start(style: ServerStyle): Promise<Rfc2217Server> {
  const server = await startRfc2217Server(style);
  cleanUp.push(server.stop);
  return server;
}

const addressOf = (server: Rfc2217Server): string => `rfc2217://127.0.0.1:${server.port}`;

async function open(server: Rfc2217Server, query = '', options = {}): Promise<SerialTransport> {
  const port = await openPort(`${addressOf(server)}${query}`, options);
  cleanUp.push(() => port.close());
  return port;
}

/** Resolves when so many bytes came. */
function received(port: SerialTransport, count: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  return new Promise((resolve) => {
    port.onData((bytes) => {
      chunks.push(bytes);
      const all = Buffer.concat(chunks);
      if (all.length >= count) resolve(all);
    });
  });
}

const EVERY_BYTE = Uint8Array.from({ length: 1024 }, (_, index) => (index % 3 === 0 ? 255 : index % 256));

describe('a port over RFC 2217', () => {
  it.each(['plain', 'espressif'] as const)('sets the line up and moves every byte, both ways (%s)', async (style) => {
    const server = await start(style);
    const port = await open(server, '', { baud: 74_880 });
    expect(server.settings).toMatchObject({ baud: 74_880, dataBits: 8, parity: 1, stopBits: 1 });
    await port.write(EVERY_BYTE);
    expect(await server.lineBytesCount(EVERY_BYTE.length)).toEqual(Buffer.from(EVERY_BYTE));
    const arriving = received(port, EVERY_BYTE.length);
    server.send(EVERY_BYTE, 7);
    expect(await arriving).toEqual(Buffer.from(EVERY_BYTE));
  });

  it.each(['plain', 'espressif', 'mute'] as const)('does not reset the board by being opened (%s)', async (style) => {
    const server = await start(style);
    const port = await open(server, style === 'espressif' ? '?ign_set_control' : '');
    await port.drain();
    await port.close();
    await server.disconnected();
    expect(server.boots()).toEqual([]);
  });

  it.each(['plain', 'espressif', 'mute'] as const)('brings the board into its loader and back (%s)', async (style) => {
    const server = await start(style);
    const port = await open(server, style === 'espressif' ? '?ign_set_control' : '');
    const [sequence] = loaderResets(port);
    if (sequence === undefined) throw new Error('no reset');
    await playReset(port, sequence);
    await expect.poll(server.booted).toBe('loader');
    const back = applicationReset(port);
    if (back === undefined) throw new Error('no reset');
    await playReset(port, back);
    await expect.poll(server.booted).toBe('app');
    expect(server.boots()).toEqual(['loader', 'app']);
  });

  it('brings it there again and again', async () => {
    const server = await start('espressif');
    const port = await open(server, '?ign_set_control');
    const [sequence] = loaderResets(port);
    for (let round = 1; round <= 3; round++) {
      await playReset(port, sequence ?? []);
      await expect.poll(() => server.boots().length).toBe(round);
    }
    expect(server.boots()).toEqual(['loader', 'loader', 'loader']);
  });

  it('plays a sequence of the settings', async () => {
    const server = await start('plain');
    const port = await open(server);
    await playReset(port, parseResetSequence('D0|R1|W0.05|U1,0|W0.05|D0'));
    await expect.poll(server.booted).toBe('loader');
  });

  it('waits for acknowledgements twice in vain, then no more', async () => {
    const server = await start('mute');
    const clock = recordingClock();
    const port = await open(server, '', { clock });
    clock.asked.length = 0;
    for (const dtr of [true, false, true, false]) await port.setLines({ dtr, rts: false });
    expect(clock.asked).toEqual([150, 150]);
  });

  it('never waits for them with ign_set_control, and sends only what changes', async () => {
    const server = await start('espressif');
    const clock = recordingClock();
    const port = await open(server, '?ign_set_control', { clock });
    clock.asked.length = 0;
    await port.setLines({ dtr: false, rts: true });
    await port.setLines({ dtr: false, rts: true });
    await port.setLines({ dtr: true, rts: true });
    expect(port.lines).toEqual({ dtr: true, rts: true });
    await port.write(Uint8Array.of(1));
    await server.lineBytesCount(1);
    expect(clock.asked).toEqual([]);
    expect(server.settings.control).toEqual([1, 9, 11, 8]);
  });

  it('lets RTS go before DTR, as the state in between would hold the board in reset', async () => {
    const server = await start('plain');
    const port = await open(server, '', { lines: { dtr: false, rts: false } });
    expect(server.settings.control).toEqual([1, 12, 9]);
    expect(server.boots()).toEqual([]);
    expect(port.lines).toEqual({ dtr: false, rts: false });
  });

  it('changes the rate, and says when the line has another one', async () => {
    const server = await start('plain');
    server.maxBaud = 921_600;
    const port = await open(server);
    await port.setBaud(921_600);
    expect(server.settings.baud).toBe(921_600);
    const error = await caught(port.setBaud(2_000_000), 'serial.unsupportedBaud');
    expect(error.details).toEqual({ address: addressOf(server), baud: 2_000_000 });
    expect([port.baud, port.isOpen]).toEqual([921_600, true]);
    await caught(openPort(addressOf(await start('plain')), { baud: 5_000_000 }), 'serial.unsupportedBaud');
  });

  it('asks the server to throw away what waits there', async () => {
    const server = await start('plain');
    const port = await open(server);
    await port.purge('input');
    await port.purge('output');
    await port.purge();
    expect(server.settings.purged).toEqual([1, 2, 3]);
  });

  it('holds bytes back while the server asks for it', async () => {
    const server = await start('plain');
    const port = await open(server);
    const heard = received(port, 1);
    server.sendRaw(Uint8Array.of(255, 250, 44, 108, 255, 240, 7));
    await heard;
    let isWritten = false;
    const writing = port.write(Uint8Array.of(1)).then(() => (isWritten = true));
    await port.purge();
    expect([isWritten, server.lineBytes().length]).toEqual([false, 0]);
    server.sendRaw(Uint8Array.of(255, 250, 44, 109, 255, 240));
    await writing;
    expect(await server.lineBytesCount(1)).toEqual(Buffer.of(1));
  });

  it('notices a server that went away, and frees the port', async () => {
    const server = await start('plain');
    const port = await open(server);
    const closed = new Promise<TransportClosed>((resolve) => port.onClosed(resolve));
    server.drop();
    expect(await closed).toMatchObject({ cause: 'gone', error: { code: 'serial.gone' } });
    expect(port.isOpen).toBe(false);
    await caught(port.write(Uint8Array.of(1)), 'serial.gone');
    await caught(port.setLines({ dtr: true, rts: true }), 'serial.gone');
    await caught(port.setBaud(9600), 'serial.gone');
    await caught(port.purge(), 'serial.gone');
    await port.close();
  });

  it('is closed by us once, and the server sees it', async () => {
    const server = await start('plain');
    const port = await open(server);
    const closed = new Promise<TransportClosed>((resolve) => port.onClosed(resolve));
    await Promise.all([port.close(), port.close()]);
    expect(await closed).toEqual({ cause: 'us' });
    await server.disconnected();
    await caught(port.write(Uint8Array.of(1)), 'serial.closed');
    await caught(port.drain(), 'serial.closed');
  });
});

describe('opening a port over RFC 2217', () => {
  it('of a server that refuses the option, or speaks no Telnet, is an error and frees the port', async () => {
    for (const style of ['refuses', 'raw'] as const) {
      const server = await start(style);
      const error = await caught(
        openPort(addressOf(server), style === 'raw' ? { clock: new HurryingClock() } : {}),
        'serial.notRfc2217',
      );
      expect(error.details).toEqual({ address: addressOf(server) });
      await server.disconnected();
    }
  });

  it('where nobody listens is unreachable', async () => {
    const server = await start('plain');
    await server.stop();
    const error = await caught(openPort(addressOf(server)), 'serial.unreachable');
    expect(error.details).toEqual({ address: addressOf(server), reason: 'ECONNREFUSED' });
    const unknown = await caught(openPort('rfc2217://no-such-host.invalid:1'), 'serial.unreachable');
    expect(unknown.details.reason).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('that is taken by another client ends as gone', async () => {
    const server = await start('plain');
    await open(server);
    await caught(openPort(addressOf(server)), 'serial.gone');
  });

  it('whose server hangs up right after it agreed ends as gone, and in nothing that nobody hears', async () => {
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => {
      unheard.push(error);
    };
    process.on('unhandledRejection', hear);
    cleanUp.push(() => Promise.resolve(process.off('unhandledRejection', hear)).then(() => undefined));
    const hangingUp = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write(Buffer.from([255, 253, 44, 255, 251, 44]));
        socket.resetAndDestroy();
      });
    });
    await new Promise<void>((resolve) => hangingUp.listen(0, '127.0.0.1', resolve));
    cleanUp.push(
      () =>
        new Promise(
          (resolve) =>
            void hangingUp.close(() => {
              resolve();
            }),
        ),
    );
    const { port } = hangingUp.address() as { port: number };
    for (let time = 1; time <= 20; time++) await caught(openPort(`rfc2217://127.0.0.1:${port}`), 'serial.gone');
    await new Promise((resolve) => setImmediate(resolve));
    expect(unheard).toEqual([]);
  });

  it('is cancelled while the server says nothing, and frees the port', async () => {
    let isGone: Promise<unknown> = Promise.resolve();
    const cancel = new AbortController();
    const silent = createServer((socket) => {
      isGone = new Promise((resolve) => socket.on('close', resolve));
      socket.on('error', () => undefined);
      socket.resume();
      cancel.abort();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    cleanUp.push(
      () =>
        new Promise((resolve) =>
          silent.close(() => {
            resolve();
          }),
        ),
    );
    const { port } = silent.address() as { port: number };
    await caught(openPort(`rfc2217://127.0.0.1:${port}`, { signal: cancel.signal }), 'cancelled');
    await isGone;
    await caught(openPort(`rfc2217://127.0.0.1:${port}`, { signal: cancel.signal }), 'cancelled');
  });
});
