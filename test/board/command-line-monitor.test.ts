import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { DisposableStore, toDisposable } from '../../src/base/disposable.ts';
import { diskFiles } from '../../src/base/files.ts';
import { loadProject } from '../../src/idf/project-loader.ts';
import { planBoard } from '../../src/ota/board-plan.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { boardSetup, type FixtureOptions } from '../support/board-fixture.ts';
import { cableTo } from '../support/cable.ts';
import { useCommandLine } from '../support/command-line.ts';
import { copyExample } from '../support/example-project.ts';
import { jsonLinesOf } from '../support/json-output.ts';
import { HAS_PTY, openPty } from '../support/pty.ts';

const cli = useCommandLine();
const folder = mkdtempSync(join(tmpdir(), 'cli-monitor-'));
let project = '';
let store = new DisposableStore();
beforeAll(() => {
  project = copyExample('hello_world', folder);
  buildOutputs({ projectFolder: project });
});
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A running board, and where a monitor reaches it. */
async function running(options: FixtureOptions = {}): Promise<{ board: WiredBoard; address: string }> {
  const board = store.add(new WiredBoard(boardSetup({ ...options, app: { updateOnBoot: 'never', ...options.app } })));
  return { board, address: await started(board) };
}

/** One that runs the build of the example. */
async function runningExample(): Promise<{ board: WiredBoard; address: string }> {
  const plan = await planBoard(await loadProject(project, diskFiles), diskFiles, 'auto');
  const board = store.add(new WiredBoard({ ...plan, app: { ...plan.app, updateOnBoot: 'never' } }));
  return { board, address: await started(board) };
}

async function started(board: WiredBoard): Promise<string> {
  board.powerOn();
  await expect.poll(() => board.state.phase).toBe('idle');
  return board.listen('rfc2217');
}

/** Somebody at the other end of a raw socket. */
async function rawBoard(): Promise<{ address: string; connected: () => Promise<Socket> }> {
  const sockets: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const next = waiting.shift();
    if (next === undefined) sockets.push(socket);
    else next(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  store.add(
    toDisposable(() => {
      server.close();
    }),
  );
  const at = server.address();
  return {
    address: `socket://127.0.0.1:${typeof at === 'object' ? (at?.port ?? 0) : 0}`,
    connected: () =>
      new Promise((resolve) => {
        const socket = sockets.shift();
        if (socket === undefined) waiting.push(resolve);
        else resolve(socket);
      }),
  };
}

describe('esp32-ota monitor, without a terminal', () => {
  it('prints lines until the one that is waited for', async () => {
    const { address, board } = await running();
    const { code, stdout } = await cli.run([
      'monitor',
      '-p',
      address,
      '--reset',
      '--until',
      'IPv4 address',
      '--for',
      '60s',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain(`--- Monitor of ${address}, 115200 baud\n--- Reset\n`);
    expect(stdout).toMatch(/\nI \(\d+\) .*IPv4 address/);
    // nothing that acts on a terminal, and no line end of another system
    expect(stdout).not.toMatch(/[\u001b\r]/);
    expect(board.state.bootCount).toBe(2);
  });

  it('exits with 1 when the time is over before the line, and with 0 when there was none to wait for', async () => {
    const { address, board } = await running();
    const late = cli.run(['monitor', '-p', address, '--until', 'never', '--for', '300ms']);
    expect((await late).code).toBe(1);
    expect((await cli.run(['monitor', '-p', address, '--for', '0.3', '--no-reset'])).code).toBe(0);
    expect(board.state.bootCount).toBe(1);
  });

  it('tells as JSON what each line proves', async () => {
    const { address } = await running();
    const argv = ['monitor', '-p', address, '--reset', '--json', '--until', 'IPv4 address', '--for', '60s'];
    const lines = jsonLinesOf('monitor', await cli.run(argv));
    expect(lines[0]).toMatchObject({ event: 'port', state: 'opening' });
    const loaded = lines.find(({ stages }) => JSON.stringify(stages ?? '').includes('"loadedApp"'));
    expect(loaded).toMatchObject({ event: 'line', stages: [{ stage: 'loadedApp', values: { label: 'ota_0' } }] });
    expect(lines.filter(({ event }) => event === 'line')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ level: 'I', stages: [expect.objectContaining({ stage: 'gotIp' })] }),
      ]),
    );
    expect(lines.at(-1)).toMatchObject({ event: 'ended', exitCode: 0, reason: 'seen', seen: /IPv4 address/ });
  });

  it('shows a crash with its places in the source', async () => {
    const { address, board } = await runningExample();
    const run = cli.start(['monitor', project, '-p', address, '--until', 'Calling app_main', '--for', '60s']);
    await run.seen(/Monitor of/);
    board.crash();
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n--- 0x[0-9a-f]{8}: \w+ at main\/[\w.]+:\d+\n/);
    const json = cli.start([
      'monitor',
      project,
      '-p',
      address,
      '--json',
      '--until',
      'Calling app_main',
      '--for',
      '60s',
    ]);
    await json.seen(/"state":"open"/);
    board.crash();
    const lines = jsonLinesOf('monitor', await json.ended);
    const crash = lines.find(({ event }) => event === 'crash');
    expect(crash).toMatchObject({
      reason: 'LoadProhibited',
      isSameElf: true,
      frames: [
        {
          address: expect.stringMatching(/^0x[0-9a-f]{8}$/) as unknown,
          isGuess: false,
          function: expect.stringMatching(/^\w+$/) as unknown,
          file: expect.stringMatching(/\/main\/[\w.]+$/) as unknown,
          line: expect.any(Number) as unknown,
          isInlined: false,
        },
        ...rest(crash),
      ],
    });
  });

  it('filters what is shown, and logs all of it', async () => {
    const { address } = await running();
    const log = join(folder, 'board.log');
    const argv = ['monitor', '-p', address, '--reset', '--filter', 'app_init *:N', '--timestamps', '--log', log];
    const { stdout } = await cli.run([...argv, '--until', 'IPv4 address', '--for', '60s']);
    expect(stdout).not.toMatch(/ boot:|IPv4 address/);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} I \(\d+\) app_init:/m);
    expect(readFileSync(log, 'utf8')).toMatch(/\n\d\d:\d\d:\d\d\.\d{3} .*IPv4 address/);
    const wrong = await cli.run(['monitor', '-p', address, '--filter', 'wifi:Q']);
    expect([wrong.code, wrong.stdout]).toEqual([2, '']);
  });

  it('waits for a board that is gone, and goes on', async () => {
    const { address, connected } = await rawBoard();
    const run = cli.start(['monitor', '-p', address, '--until', 'second', '--for', '60s']);
    (await connected()).end('first\r\n');
    await run.seen(/Lost socket/);
    (await connected()).write('second\r\n');
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/first\n--- Lost .*\n--- Connected to .* again\. It was not reset\.\nsecond\n$/);
  });

  it('ends with a signal: the port is free, the log complete', async () => {
    const { address, connected } = await rawBoard();
    const log = join(folder, 'signal.log');
    const run = cli.start(['monitor', '-p', address, '--json', '--log', log]);
    const socket = await connected();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.write('half a line');
    await run.seen(/"state":"open"/);
    await expect.poll(() => existsSync(log)).toBe(true);
    run.child.kill('SIGTERM');
    const ended = await run.ended;
    await closed;
    expect(jsonLinesOf('monitor', ended).at(-1)).toMatchObject({ exitCode: 143, reason: 'interrupted' });
    expect(readFileSync(log, 'utf8')).toContain('half a line');
  });

  it('says what is wrong with what was typed', async () => {
    const time = await cli.run(['monitor', '--for', 'soon']);
    expect([time.code, time.stderr]).toEqual([2, expect.stringContaining('500ms, 10s, 2m or 1h')]);
    expect((await cli.run(['monitor', '--until', '('])).code).toBe(2);
    expect((await cli.run(['monitor', '--reset', '--no-reset'])).code).toBe(2);
    const gone = await cli.run(['monitor', '-p', 'socket://127.0.0.1:1', '--json']);
    expect(jsonLinesOf('monitor', gone).at(-1)).toMatchObject({ exitCode: 4, error: { code: 'serial.unreachable' } });
  });

  it.runIf(HAS_PTY)('is one of a serial device too', async () => {
    const pty = openPty();
    store.add(toDisposable(pty.hangUp));
    const run = cli.start(['monitor', '-p', pty.path, '--until', 'hello', '--for', '60s', '--baud', '9600']);
    await run.seen(/Monitor of .*, 9600 baud/);
    pty.send(Buffer.from('hello from a device\r\n'));
    expect((await run.ended).code).toBe(0);
  });
});

function rest(crash: unknown): readonly unknown[] {
  return (crash as { readonly frames: readonly unknown[] }).frames.slice(1);
}

describe('esp32-ota monitor in a terminal', () => {
  it('sends what is typed to the board, Ctrl+C too, and quits with Ctrl+]', async () => {
    const { address, connected } = await rawBoard();
    const run = cli.terminal(['monitor', '-p', address]);
    const socket = await connected();
    await run.seen(/Quit: Ctrl\+\] \| Menu: Ctrl\+T/);
    const heard = text(socket);
    run.type('help\r\u0003');
    await heard(/^help\r\u0003$/);
    await run.seen(/Ctrl\+C went to the board\. Ctrl\+\] quits\./);
    socket.write('\u001b[0;32mI (1) app: green\u001b[0m\r\n\u001b]0;title\u0007plain\r\n');
    await run.seen(/plain/);
    // the terminal itself puts another CR before each LF
    expect(run.shown().replace(/\r+\n/g, '\n')).toContain('\u001b[0;32mI (1) app: green\u001b[0m\nplain\n');
    expect(run.shown()).not.toContain('title\u0007');
    run.type('\u001d');
    expect(await run.ended).toBe(0);
  });

  it('has the menu: help, reset, timestamps, filter, a line, the URL, a log, clear', async () => {
    const { address } = await running();
    const cwd = mkdtempSync(join(folder, 'cwd-'));
    const run = cli.terminal(['monitor', '-p', address, '--url', 'https://pc/app.bin'], { cwd });
    await run.seen(/Menu: Ctrl\+T/);
    run.type('\u0014h');
    await run.seen(/U {2}send the firmware URL/);
    run.type('\u0014i\u0014l\u0014r');
    await run.seen(
      /Timestamps on[\s\S]*Log: esp32-ota-rfc2217-127\.0\.0\.1-\d+\.log[\s\S]*\d\d:\d\d:\d\d\.\d{3} .*IPv4 address/,
    );
    run.type('\u0014/');
    await run.seen(/Filter by tag and level: /);
    run.type('wifi:E *:N\r');
    await run.seen(/Filter: wifi:E \*:N/);
    run.type('\u0014s');
    await run.seen(/Send a line: /);
    run.type('no, not\u0015status\r');
    await run.seen(/Sent: status/);
    run.type('\u0014u');
    await run.seen(/Firmware URL: https:\/\/pc\/app\.bin/);
    run.type('\u001b');
    await run.seen(/app\.bin\r+\n/);
    run.type('\u0014c');
    await run.seen(/\u001b\[2J\u001b\[3J\u001b\[H/);
    run.type('\u0014x');
    expect(await run.ended).toBe(0);
  });

  it('flashes with a key, and has the port again', async () => {
    const { address, board } = await runningExample();
    const run = cli.terminal(['monitor', project, '-p', address], { columns: 120 });
    await run.seen(/Menu: Ctrl\+T/);
    writeFileSync(join(project, 'version.txt'), '7.7.7\n');
    buildOutputs({ projectFolder: project });
    run.type('\u0014f');
    await run.seen(
      /The port is used for something else[\s\S]*MD5 [0-9a-f]{32}[\s\S]*read back[\s\S]*digests are right/,
    );
    await run.seen(/The monitor has .* again/);
    await expect.poll(() => board.state.running?.version).toBe('7.7.7');
    // this board starts faster than a port opens
    run.type('\u0014r');
    await run.seen(/Reset[\s\S]*App version: +7\.7\.7/);
    run.type('\u001d');
    expect(await run.ended).toBe(0);
  });

  it('shows why flashing failed, has the port again, and goes on', async () => {
    const { address: board } = await runningExample();
    const cable = await cableTo(board);
    store.add(toDisposable(cable.pull));
    const run = cli.terminal(['monitor', project, '-p', cable.address], { columns: 120 });
    await run.seen(/Menu: Ctrl\+T/);
    cable.failNext();
    run.type('\u0014f');
    await run.seen(/The port is used for something else[\s\S]*--- rfc2217:\S+ is gone[\s\S]*The monitor has .* again/);
    // keys are for the monitor and the board again, and what the board says is shown
    run.type('\u0014r');
    await run.seen(/is gone[\s\S]*Reset[\s\S]*App version/);
    // and nobody else gets the port
    const other = await cli.run(['monitor', '-p', cable.address, '--json']);
    expect(jsonLinesOf('monitor', other).at(-1)).toMatchObject({ exitCode: 4, error: { code: 'serial.otherWindow' } });
    run.type('\u001d');
    expect(await run.ended).toBe(0);
  });

  it('says why it can not flash, and goes on', async () => {
    const { address } = await running();
    // two projects, and none is named
    const cwd = mkdtempSync(join(folder, 'two-'));
    copyExample('hello_world', join(cwd, 'one'));
    copyExample('hello_world', join(cwd, 'two'));
    const run = cli.terminal(['monitor', '-p', address], { cwd });
    await run.seen(/Menu: Ctrl\+T/);
    run.type('\u0014f');
    await run.seen(/--- There are several projects in \.: name one of/);
    run.type('\u0014h');
    await run.seen(/U {2}send the firmware URL/);
    run.type('\u001d');
    expect(await run.ended).toBe(0);
  });

  it('flashes with a key without a reset that it was told not to make', async () => {
    const { address } = await runningExample();
    const run = cli.terminal(['monitor', project, '-p', address, '--reset-by', 'none'], { columns: 120 });
    await run.seen(/Menu: Ctrl\+T/);
    run.type('\u0014f');
    // a board that runs is not in its loader by itself
    await run.seen(/No loader answers at [\s\S]*The monitor has .* again/);
    run.type('\u001d');
    expect(await run.ended).toBe(0);
  });

  it.each([
    ['Ctrl+]', '\u001d'],
    ['Ctrl+C', '\u0003'],
  ])('ends with %s while the port does not come up', async (_, key) => {
    // a server that never says that it speaks RFC 2217
    const { address, connected } = await rawBoard();
    const run = cli.terminal(['monitor', '-p', address.replace('socket:', 'rfc2217:'), '--until', 'x']);
    const socket = await connected();
    const closed = new Promise((resolve) => socket.on('close', resolve));
    run.type(key);
    expect(await run.ended).toBe(1);
    socket.resume();
    await closed;
  });
});

/** What comes at a socket, watched for a text. */
function text(socket: Socket): (pattern: RegExp) => Promise<void> {
  let all = '';
  let look = (): void => undefined;
  socket.setEncoding('utf8').on('data', (more: string) => {
    all += more;
    look();
  });
  return (pattern) =>
    new Promise((resolve) => {
      look = () => {
        if (pattern.test(all)) resolve();
      };
      look();
    });
}
