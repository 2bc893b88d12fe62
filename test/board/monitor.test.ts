import { mkdtemp, readFile, rm, symlink, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { ConsoleSession, type ConsoleSessionOptions } from '../../src/monitor/console-session.ts';
import type { CrashReport } from '../../src/monitor/crash-report.ts';
import { openLogFile } from '../../src/monitor/log-file.ts';
import { parsePrintFilter } from '../../src/monitor/print-filter.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import type { PortEntry } from '../../src/serial/ports.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { boardSetup, type FixtureOptions } from '../support/board-fixture.ts';
import { caught } from '../support/caught.ts';
import { HAS_PTY, openPty } from '../support/pty.ts';
import { settled } from '../support/test-line.ts';
import { usbPort } from '../support/usb-port.ts';

let store = new DisposableStore();
const sessions: ConsoleSession[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  store.dispose();
  store = new DisposableStore();
});

interface Rig {
  readonly session: ConsoleSession;
  readonly leases: PortLeases;
  readonly text: () => string;
  readonly lines: string[];
  readonly crashes: CrashReport[];
}

function monitor(address: string, options: Partial<ConsoleSessionOptions> = {}): Rig {
  const leases = options.leases ?? new PortLeases();
  const session = new ConsoleSession({
    address,
    leases,
    open: (at, signal) => openPort(at, { signal }),
    words: (notice) => `[${notice.kind}]`,
    everyMs: 20,
    ...options,
  });
  sessions.push(session);
  let text = '';
  session.onOutput((more) => (text += more));
  const lines: string[] = [];
  session.onLine((line) => lines.push(line));
  const crashes: CrashReport[] = [];
  session.onCrash((crash) => crashes.push(crash));
  return { session, leases, text: () => text, lines, crashes };
}

function wired(options: FixtureOptions = {}): WiredBoard {
  const board = store.add(new WiredBoard(boardSetup({ ...options, app: { updateOnBoot: 'never', ...options.app } })));
  board.powerOn();
  return board;
}

/** A monitor of a virtual board in this process. */
function monitorOf(board: WiredBoard, options: Partial<ConsoleSessionOptions> = {}): Rig {
  return monitor('virtual://board', {
    open: (at, signal) => openPort(at, { signal, virtual: (name) => board.binding(name) }),
    ...options,
  });
}

/** Bytes from a child's point of view: a server that is the board. */
async function tcpBoard(): Promise<{ server: Server; address: string; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  store.add({ dispose: () => server.close() });
  store.add({
    dispose: () => {
      for (const socket of sockets) socket.destroy();
    },
  });
  const at = server.address();
  return { server, sockets, address: `socket://127.0.0.1:${typeof at === 'object' ? (at?.port ?? 0) : 0}` };
}

const isIdle = (board: WiredBoard) => expect.poll(() => board.state.phase).toBe('idle');

describe('a monitor of a board', () => {
  it('leaves a running board running, and watches it boot when it is reset', async () => {
    const board = wired();
    await isIdle(board);
    const { session, text, lines } = monitorOf(board);
    await session.open();
    expect([session.state, board.state.bootCount]).toEqual(['open', 1]);
    await session.reset();
    await expect.poll(() => session.view.ip).toBeDefined();
    expect(session.view).toMatchObject({
      phase: 'app',
      runningLabel: 'ota_0',
      app: { version: '1.0.0', project: 'ota_example' },
    });
    expect(board.state.bootCount).toBe(2);
    expect(lines).toContainEqual(expect.stringContaining('Calling app_main()'));
    await expect
      .poll(text)
      .toMatch(/--- \[opened\].*\r\n.*--- \[reset\][^]*\u001b\[0;32mI \(\d+\) main_task: Calling app_main\(\)/);
    await session.reset('loader');
    await expect.poll(() => session.view.phase).toBe('downloadMode');
  });

  it('sends keys and lines', async () => {
    const board = wired({ app: { updateOnBoot: 'always', allowsHttp: true } });
    const { session } = monitorOf(board);
    await session.open();
    await expect.poll(() => board.state.phase).toBe('waitingForUrl');
    await session.type('http://127.0.0.1:9/');
    await session.sendLine('x.bin');
    await isIdle(board); // which it is after it has tried that address in vain
  });

  it('goes on when the board is plugged in again, without a reset of its own', async () => {
    const board = wired();
    const { session, text, leases } = monitorOf(board);
    await session.open();
    await isIdle(board);
    board.powerOff();
    await expect.poll(() => session.state).toBe('lost');
    await caught(session.type('x'), 'monitor.notConnected');
    await caught(session.reset(), 'monitor.notConnected');
    expect(await leases.holderOf('virtual://board')).toBe('monitor');
    board.powerOn();
    session.lookAgain();
    await expect.poll(() => session.state).toBe('open');
    await isIdle(board);
    expect(board.state.bootCount).toBe(2);
    board.restart();
    await expect.poll(text).toMatch(/\[lost\][^]*\[foundAgain\][^]*Calling app_main/);
    expect(board.state.bootCount).toBe(3);
  });

  it('finds the board by its serial number when it comes back under another name', async () => {
    const board = wired();
    let ports = [entry('virtual://first', '7C:DF:A1'), entry('virtual://other', 'FF:FF:FF')];
    const { session, leases } = monitorOf(board, {
      address: 'virtual://first',
      list: () => Promise.resolve(ports),
    });
    await session.open();
    board.powerOff();
    await expect.poll(() => session.state).toBe('lost');
    ports = [entry('virtual://other', 'FF:FF:FF')];
    board.powerOn();
    ports = [entry('virtual://other', 'FF:FF:FF'), entry('virtual://second', '7C:DF:A1')];
    await expect.poll(() => session.state).toBe('open');
    expect(session.address).toBe('virtual://second');
    expect(await leases.holderOf('virtual://second')).toBe('monitor');
    expect(await leases.holderOf('virtual://first')).toBeUndefined();
  });

  describe.each([
    ['that have no number', {}],
    ['that all have the same number', { serialNumber: '0001' }],
  ])('beside others %s', (_, usb) => {
    const ids = '1a86:7523';

    /** Two boards of one kind, each with a monitor, on ports that can be named anew. */
    async function twoMonitors() {
      const boards = { one: wired(), two: wired() };
      let looks = 0;
      const places: Record<string, keyof typeof boards> = { 'virtual://first': 'one', 'virtual://second': 'two' };
      const shared: Partial<ConsoleSessionOptions> = {
        leases: new PortLeases(),
        list: () => {
          looks += 1;
          return Promise.resolve(
            Object.entries(places)
              .filter(([, at]) => boards[at].state.phase !== 'off')
              .map(([address, place]) => usbPort(address, { ids, place, ...usb })),
          );
        },
        open: (at, signal) =>
          openPort(at, {
            signal,
            virtual: (name) => {
              const place = places[`virtual://${name}`];
              return place === undefined ? undefined : boards[place].binding(name);
            },
          }),
      };
      const first = monitor('virtual://first', shared);
      const second = monitor('virtual://second', shared);
      await Promise.all([first.session.open(), second.session.open()]);
      return { boards, places, first, second, looks: () => looks };
    }

    it('never takes their port, and does not take it away from their monitor', async () => {
      const { boards, first, second, looks } = await twoMonitors();
      boards.one.powerOff();
      await expect.poll(() => first.session.state).toBe('lost');
      const heard = second.text();
      const before = looks();
      await expect.poll(looks).toBeGreaterThan(before + 5);
      expect([first.session.state, first.session.address]).toEqual(['lost', 'virtual://first']);
      expect([second.session.state, second.text()]).toEqual(['open', heard]);
      boards.one.powerOn();
      await expect.poll(() => first.session.state).toBe('open');
      expect(first.session.address).toBe('virtual://first');
      expect(second.session.state).toBe('open');
    });

    it('finds its own where two have changed their names', async () => {
      const { boards, places, first, second } = await twoMonitors();
      boards.one.powerOff();
      boards.two.powerOff();
      await expect.poll(() => [first.session.state, second.session.state]).toEqual(['lost', 'lost']);
      places['virtual://first'] = 'two';
      places['virtual://second'] = 'one';
      boards.one.powerOn();
      boards.two.powerOn();
      await expect.poll(() => [first.session.state, second.session.state]).toEqual(['open', 'open']);
      expect([first.session.address, second.session.address]).toEqual(['virtual://second', 'virtual://first']);
    });
  });

  it('gives the port to whoever asks, and goes on when it is given back', async () => {
    const board = wired();
    const { session, leases, text } = monitorOf(board);
    await session.open();
    const lease = await leases.acquire('virtual://board', { holder: 'Flashing' });
    expect(session.state).toBe('yielded');
    const transport = await openPort('virtual://board', { virtual: () => board.binding('board') });
    await caught(session.type('x'), 'monitor.notConnected');
    await transport.close();
    await lease.release();
    await expect.poll(() => session.state).toBe('open');
    board.restart();
    await expect.poll(text).toMatch(/\[yielded\][^]*\[resumed\][^]*Calling app_main/);
  });

  it('gives the port away also while its board is gone, and looks for it afterwards', async () => {
    const board = wired();
    const { session, leases } = monitorOf(board);
    await session.open();
    board.powerOff();
    await expect.poll(() => session.state).toBe('lost');
    const lease = await leases.acquire('virtual://board', { holder: 'Flashing' });
    expect(session.state).toBe('yielded');
    await lease.release();
    await expect.poll(() => session.state).toBe('lost');
    board.powerOn();
    await expect.poll(() => session.state).toBe('open');
  });

  it('gives the port away, and is closed, only when nothing of its own is being opened any more', async () => {
    const board = wired();
    let openPorts = 0;
    let isSlow = false;
    let go: () => void = () => undefined;
    const { session, leases } = monitorOf(board, {
      open: async (at) => {
        const transport = await openPort(at, { virtual: (name) => board.binding(name) });
        openPorts += 1;
        transport.onClosed(() => (openPorts -= 1));
        if (isSlow) await new Promise<void>((resolve) => (go = resolve));
        return transport;
      },
    });
    await session.open();
    const lateOpening = async (): Promise<void> => {
      isSlow = true;
      board.powerOff();
      await expect.poll(() => session.state).toBe('lost');
      board.powerOn();
      await expect.poll(() => openPorts).toBe(1);
    };

    await lateOpening();
    let isGiven = false;
    const asked = leases.acquire('virtual://board', { holder: 'Flashing' }).then((lease) => {
      isGiven = true;
      return lease;
    });
    await expect.poll(() => session.state).toBe('yielded');
    await settled();
    expect(isGiven).toBe(false);
    go();
    const lease = await asked;
    expect(openPorts).toBe(0);

    isSlow = false;
    await lease.release();
    await expect.poll(() => session.state).toBe('open');
    await lateOpening();
    const closed = session.close();
    go();
    await closed;
    expect(openPorts).toBe(0);
  });

  it('leaves no lease behind, in whatever state it is closed', async () => {
    const board = wired();
    const leases = new PortLeases();
    const lost = monitorOf(board, { leases });
    await lost.session.open();
    board.powerOff();
    await expect.poll(() => lost.session.state).toBe('lost');
    await lost.session.close();
    await caught(monitorOf(board, { leases }).session.open(), 'serial.noSuchPort');
    board.powerOn();
    const yielded = monitorOf(board, { leases });
    await yielded.session.open();
    const lease = await leases.acquire('virtual://board', { holder: 'Flashing' });
    await yielded.session.close();
    await lease.release();
    expect(yielded.session.state).toBe('closed');
    expect(await leases.holderOf('virtual://board')).toBeUndefined();
  });

  it('leaves no lease behind when it is closed while the board is found under another name', async () => {
    const board = wired();
    /** Closes the monitor at the moment it was given the new port. */
    class ClosingLeases extends PortLeases {
      closed: Promise<void> | undefined;
      override async acquire(...request: Parameters<PortLeases['acquire']>): ReturnType<PortLeases['acquire']> {
        const lease = await super.acquire(...request);
        if (request[0] === 'virtual://second') this.closed = session.close();
        return lease;
      }
    }
    const leases = new ClosingLeases();
    let ports = [entry('virtual://first', '7C:DF:A1')];
    const { session } = monitorOf(board, { leases, address: 'virtual://first', list: () => Promise.resolve(ports) });
    await session.open();
    board.powerOff();
    await expect.poll(() => session.state).toBe('lost');
    ports = [entry('virtual://second', '7C:DF:A1')];
    board.powerOn();
    await expect.poll(() => leases.closed !== undefined).toBe(true);
    await leases.closed;
    await expect.poll(() => leases.holderOf('virtual://second')).toBeUndefined();
    expect(await leases.holderOf('virtual://first')).toBeUndefined();
    expect(session.state).toBe('closed');
  });

  it('watches and resets a board on another computer, without a reset when it opens', async () => {
    const board = wired();
    await isIdle(board);
    const { session } = monitor(await board.listen('rfc2217'));
    await session.open();
    await session.reset();
    await expect.poll(() => session.view.app?.version).toBe('1.0.0');
    await isIdle(board);
    expect(board.state.bootCount).toBe(2);
    await session.close();
    await isIdle(board);
    expect(board.state.bootCount).toBe(2);
  });

  it('watches several boards at once', async () => {
    const leases = new PortLeases();
    const boards = [wired(), wired({ target: 'esp32c3' }), wired()];
    const rigs = boards.map((board, at) => monitorOf(board, { address: `virtual://board${at}`, leases }));
    await Promise.all(rigs.map(({ session }) => session.open()));
    for (const board of boards) board.restart();
    for (const { session } of rigs) await expect.poll(() => session.view.app?.version).toBe('1.0.0');
  });

  it('says that a line without DTR and RTS can not reset', async () => {
    const { address, sockets } = await tcpBoard();
    const { session, text } = monitor(address);
    await session.open();
    await expect.poll(() => sockets.length).toBe(1);
    await caught(session.reset(), 'serial.noModemLines');
    expect(text()).not.toContain('[reset]');
  });
});

describe('a crash on the console', () => {
  it('is decoded below its backtrace, however long that takes', async () => {
    const board = wired();
    const asked: CrashReport[] = [];
    const { session, text, crashes } = monitorOf(board, {
      decode: async (crash, what) => {
        if (what === 'file') return [];
        asked.push(crash);
        await expect.poll(() => board.state.bootCount).toBe(2);
        return ['0x400d1234: app_main at main.c:7'];
      },
    });
    await session.open();
    await isIdle(board);
    board.crash();
    await expect
      .poll(text)
      .toMatch(
        /Backtrace: 0x[^\r\n]*\r\n\u001b\[36m--- 0x400d1234: app_main at main\.c:7\u001b\[0m\r\n[^]*ELF file SHA256[^]*Calling app_main/,
      );
    expect(asked.map((crash) => crash.backtrace.length > 0)).toEqual([true]);
    expect(crashes).toMatchObject([{ reason: 'LoadProhibited', isComplete: true }]);
  });

  it('is decoded before its digest where there is no backtrace', async () => {
    const board = wired({ target: 'esp32c3' });
    const asked: CrashReport[] = [];
    const { session, text, crashes } = monitorOf(board, {
      decode: (crash, what) => {
        if (what === 'frames') asked.push(crash);
        return Promise.resolve(what === 'frames' ? ['here'] : []);
      },
    });
    await session.open();
    await isIdle(board);
    board.crash();
    await expect.poll(text).toMatch(/ELF file SHA256[^\r\n]*\r\n\u001b\[36m--- here/);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.registers['MEPC']).toMatch(/^42/);
    expect(asked[0]?.lines).toContainEqual(expect.stringContaining('Stack memory:'));
    await expect.poll(() => crashes.length).toBe(1);
  });

  it('asks whether the file is the right one when only the digest tells', async () => {
    const { address, sockets } = await tcpBoard();
    const asked: string[] = [];
    const { session, text } = monitor(address, {
      decode: (_, what) => {
        asked.push(what);
        return Promise.resolve([what]);
      },
    });
    await session.open();
    await expect.poll(() => sockets.length).toBe(1);
    sockets[0]?.write("Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\r\n");
    sockets[0]?.write('Backtrace: 0x400d1234:0x3ffb0000\r');
    sockets[0]?.write('\n\r\nELF file SHA256: 0123456789\r\nRebooting...\r\n');
    await expect
      .poll(text)
      .toMatch(/Backtrace[^\n]*\r\n[^\n]*--- frames[^]*SHA256[^\n]*\r\n[^\n]*--- file[^]*Rebooting/);
    // a backtrace of the task watchdog, which is no panic
    sockets[0]?.write('I (1) boot: ESP-IDF v5.5 2nd stage bootloader\r\nBacktrace: 0x400d9999:0x3ffb0000\r\n');
    await expect.poll(() => asked).toEqual(['frames', 'file', 'frames']);
  });

  it('keeps nothing back of what came before the monitor is closed', async () => {
    const { address, sockets } = await tcpBoard();
    let decoded: (lines: readonly string[]) => void = () => undefined;
    const { session, text, lines } = monitor(address, {
      decode: (_, what) => (what === 'file' ? Promise.resolve([]) : new Promise((resolve) => (decoded = resolve))),
    });
    await session.open();
    await expect.poll(() => sockets.length).toBe(1);
    sockets[0]?.write("Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.\r\n");
    sockets[0]?.write('Backtrace: 0x400d1234:0x3ffb0000\r\n\r\nRebooting...\r\nlast line');
    await expect.poll(() => lines).toContain('Rebooting...');
    const closed = session.close();
    await expect.poll(() => session.state).toBe('closed');
    decoded(['0x400d1234: app_main at main.c:7']);
    await closed;
    expect(text()).toMatch(/Backtrace[^\n]*\r\n[^\n]*--- 0x400d1234: app_main[^]*Rebooting\.\.\.\r\nlast line/);
  });

  it('does not keep the output when decoding fails', async () => {
    const board = wired();
    const { session, text } = monitorOf(board, { decode: () => Promise.reject(new Error('no symbols')) });
    await session.open();
    await isIdle(board);
    board.crash();
    await expect.poll(text).toMatch(/Backtrace[^]*Rebooting\.\.\.[^]*Calling app_main/);
  });
});

describe('the output', () => {
  it('is kept back by a pause and bounded, while lines and the log go on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'monitor-'));
    const { address, sockets } = await tcpBoard();
    const { session, text, lines } = monitor(address, {
      keptCharacters: 10_000,
      render: { filter: parsePrintFilter('shown') },
    });
    await session.open();
    await expect.poll(() => sockets.length).toBe(1);
    const log = await openLogFile(join(folder, 'a.log'));
    await session.logTo(log);
    session.pause();
    expect(session.isPaused).toBe(true);
    const sent = Array.from(
      { length: 2000 },
      (_, at) => `I (${at}) ${at % 2 === 0 ? 'shown' : 'hidden'}: \u001b[1mline ${at}`,
    );
    sockets[0]?.write(sent.map((line) => `${line}\r\n`).join(''));
    await expect.poll(() => lines.length).toBe(2000);
    expect(text()).not.toContain('line');
    session.continue();
    await expect.poll(text).toMatch(/--- \[dropped\][^]*line 1998/);
    expect(text()).not.toContain('hidden');
    expect(text()).not.toContain('line 2\u001b');
    expect(text().length).toBeLessThan(11_000);
    sockets[0]?.write('esp32> ');
    const all = sent.join('\r\n').length + '\r\nesp32> '.length;
    await expect.poll(() => session.receivedBytes).toBe(all);
    await session.close();
    expect(text()).not.toContain('esp32>'); // no tag, and the filter shows one tag only
    const logged = (await readFile(join(folder, 'a.log'), 'utf8')).split('\n');
    expect(logged.filter((line) => line.startsWith('I ('))).toEqual(sent.map((line) => line.replace('\u001b[1m', '')));
    expect(logged.at(-2)).toBe('esp32> ');
    await rm(folder, { recursive: true });
  });

  it('says once that the rate is probably wrong', async () => {
    const { address, sockets } = await tcpBoard();
    const { session, text } = monitor(address);
    await session.open();
    await expect.poll(() => sockets.length).toBe(1);
    sockets[0]?.write(Buffer.from([0xfe, 0x80, 0x0a, 0xc3, 0x28, 0x0a]));
    sockets[0]?.write('ok\n');
    sockets[0]?.write(Buffer.from([0xff, 0x0a, 0xff, 0x0a, 0xff, 0x0a, 0xff, 0x0a, 0xff, 0x0a, 0x41, 0x0a]));
    await expect.poll(text).toContain('A\r\n');
    expect(text().match(/\[undecodable\]/g)).toHaveLength(1);
  });

  it('loses no byte of 8 MB as fast as they come', async () => {
    const { address, sockets } = await tcpBoard();
    const { session } = monitor(address);
    let heard = 0;
    let shown = 0;
    session.onLine((line) => {
      if (line === lineNumber(heard)) heard += 1;
    });
    session.onOutput((text) => {
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) shown += 1;
    });
    await session.open();
    await expect.poll(() => sockets.length).toBe(1);
    const count = 100_000;
    let block = '';
    for (let at = 0; at < count; at++) {
      block += `${lineNumber(at)}\r\n`;
      if (block.length > 60_000) {
        sockets[0]?.write(block);
        block = '';
      }
    }
    sockets[0]?.write(block);
    await expect.poll(() => shown, { timeout: 20_000 }).toBe(count + 1);
    expect(heard).toBe(count);
  }, 30_000);
});

describe.runIf(HAS_PTY)('a monitor of a real device', () => {
  it('notices that the cable is pulled, and goes on when the device is back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'monitor-'));
    const path = join(folder, 'tty');
    const first = openPty();
    await symlink(first.path, path);
    const { session, lines, text } = monitor(path);
    await session.open();
    first.send(Buffer.from('before\r\n'));
    await expect.poll(() => lines).toEqual(['before']);
    await session.type('key\n');
    expect((await first.receivedBytes(4)).toString()).toBe('key\r');
    first.send(Buffer.from('half a li'));
    await expect.poll(text).toContain('half a li');
    first.hangUp();
    await unlink(path);
    await expect.poll(() => session.state).toBe('lost');
    expect(lines).toEqual(['before', 'half a li']);
    const second = openPty();
    await symlink(second.path, path);
    await expect.poll(() => session.state).toBe('open');
    second.send(Buffer.from('after\r\n'));
    await expect.poll(() => lines.at(-1)).toBe('after');
    await session.close();
    second.hangUp();
    await rm(folder, { recursive: true });
  });
});

it('comes back to a serial server that was restarted', async () => {
  const first = await tcpBoard();
  const { session, lines } = monitor(first.address);
  await session.open();
  const port = Number(first.address.split(':').at(-1));
  await expect.poll(() => first.sockets.length).toBe(1);
  first.server.close();
  first.sockets[0]?.destroy();
  await expect.poll(() => session.state).toBe('lost');
  const again = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('hello again\r\n');
  });
  await new Promise<void>((resolve) => again.listen(port, '127.0.0.1', resolve));
  store.add({ dispose: () => again.close() });
  await expect.poll(() => lines).toContain('hello again');
  expect(session.state).toBe('open');
  await session.close();
});

function lineNumber(at: number): string {
  return `I (${at}) bench: line ${at} of many, as long as a line is with most firmware ${'x'.repeat(at % 20)}`;
}

function entry(address: string, serialNumber: string): PortEntry {
  return {
    address,
    name: address,
    usb: { vendorId: 0x303a, productId: 0x1001, serialNumber },
    isLikelyBoard: true,
    interfaceNumber: undefined,
  };
}
