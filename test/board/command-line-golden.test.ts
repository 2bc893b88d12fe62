import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { DisposableStore } from '../../src/base/disposable.ts';
import { diskFiles } from '../../src/base/files.ts';
import { loadProject } from '../../src/idf/project-loader.ts';
import { planBoard } from '../../src/ota/board-plan.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { useCommandLine } from '../support/command-line.ts';
import { copyExample } from '../support/example-project.ts';
import { makeOtadata } from '../support/firmware.ts';
import { flashRig } from '../support/flash-rig.ts';
import { golden, jsonLinesOf, jsonOf } from '../support/json-output.ts';
import { slotImage, slotRig, THREE_SLOTS } from '../support/slot-rig.ts';

/** What programs read: the whole of it, for every command. A change here is one of the interface (docs/command-line.md, JSON). */
const cli = useCommandLine();
const folder = mkdtempSync(join(tmpdir(), 'cli-golden-'));
const data = ['--data-dir', join(folder, 'data')];
/** What builds and certificates have of the moment that they were made at: times, and digests, whole or their first digits. */
const MADE = [
  [/\b[A-Z][a-z]{2} +\d+ \d{4} \d\d:\d\d:\d\d\b/g, 'TIME'],
  [/\b[0-9a-f]{64}\b/g, 'SHA256'],
  [/(?<=SHA256: +|\.bin-|\d-)[0-9a-f]{8,16}\b/g, 'DIGITS'],
] as const;
let project = '';
let other = '';
let store = new DisposableStore();
beforeAll(() => {
  project = copyExample('simple_ota', folder);
  other = copyExample('hello_world', folder);
  buildOutputs({ projectFolder: project, allowMissingCertificate: true });
  buildOutputs({ projectFolder: other });
});
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the JSON of esp32-ota', () => {
  it('check', async () => {
    const json = jsonOf('check', await cli.run(['check', project, '--json']));
    expect(golden(json, [[folder, 'DIR']])).toMatchSnapshot();
  });

  it('metadata', async () => {
    const argv = ['metadata', project, '--json', '--url', 'https://updates.example.com'];
    const json = jsonOf('metadata', await cli.run(argv));
    expect(golden(json, [[folder, 'DIR'], ...MADE])).toMatchSnapshot();
  });

  it('serve', async () => {
    const argv = ['serve', project, '--json', '--host', '127.0.0.1', '--bind', '127.0.0.1', '--key-type', 'ec'];
    const port = String(20_000 + (process.pid % 20_000));
    const running = cli.start([...argv, '--port', port, '--fault', 'cutBody:percent=30', ...data]);
    await running.seen(/"event":"published"/);
    running.child.kill('SIGTERM');
    const lines = jsonLinesOf('serve', await running.ended);
    const words = [[folder, 'DIR'], [`:${port}`, ':PORT'], ...MADE] as const;
    const [fault, serving, ...others] = lines;
    expect(serving).toMatchObject({ event: 'serving', port: Number(port) });
    expect(golden([fault, { ...serving, port: 0 }, ...others], words)).toMatchSnapshot();
  });

  it('rehearse', async () => {
    const argv = ['rehearse', 'examples/simple_ota', '--json', '--key-type', 'ec', ...data];
    const json = jsonOf('rehearse', await cli.run(argv, { cwd: process.cwd() }));
    const words = [
      [/\d+(?:\.\d+)? (ms|s)\b/g, 'N $1'],
      [/\d+ KB\/s/g, 'N KB/s'],
      [/size=.*\)/g, 'SIZE'],
      [process.cwd(), 'CHECKOUT'],
      [/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT'],
      ...MADE,
    ] as const;
    expect(golden(json, words)).toMatchSnapshot();
  });

  it('slots', async () => {
    const otadata = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' });
    const rig = await slotRig(store, { table: THREE_SLOTS, otadata });
    rig.put('ota_1', slotImage('1.1.0'));
    const { address } = store.add(await serveRfc2217(rig.line, {}));
    const list = jsonOf('slots', await cli.run(['slots', '--port', address, '--json']));
    expect(golden(list, [[address, 'PORT']])).toMatchSnapshot('list');
    const boot = jsonOf('slots', await cli.run(['slots', 'boot', 'ota_0', '--port', address, '--json', '--yes']));
    expect(golden(boot, [[address, 'PORT']])).toMatchSnapshot('boot');
  });

  it('flash', async () => {
    const rig = await flashRig(store, { chip: 'esp32' }, 'rfc2217');
    const json = jsonOf('flash', await cli.run(['flash', project, '--port', rig.address, '--json']));
    expect(
      golden(json, [
        [rig.address, 'PORT'],
        [/\b[0-9a-f]{32}\b/g, 'MD5'],
      ]),
    ).toMatchSnapshot();
  });

  it('monitor', async () => {
    const plan = await planBoard(await loadProject(other, diskFiles), diskFiles, 'auto');
    const board = store.add(new WiredBoard({ ...plan, app: { ...plan.app, updateOnBoot: 'never' } }));
    board.powerOn();
    await expect.poll(() => board.state.phase).toBe('idle');
    const address = await board.listen('rfc2217');
    const argv = ['monitor', other, '--port', address, '--json', '--until', 'Calling app_main', '--for', '60s'];
    const running = cli.start(argv);
    await running.seen(/"state":"open"/);
    board.crash();
    const lines = jsonLinesOf('monitor', await running.ended);
    const words = [[address, 'PORT'], [folder, 'DIR'], ...MADE] as const;
    // what comes behind the line that is waited for may come before the end, too
    const seen = lines.findIndex(({ line }) => String(line).includes('Calling app_main'));
    const told = [...lines.slice(0, seen + 1), ...lines.slice(-1)];
    expect(golden(told, words)).toMatchSnapshot();
  });

  it('ports', async () => {
    const json = jsonOf('ports', await cli.run(['ports', '--json']));
    // this computer has what it has; the schema describes each
    expect({ ...json, ports: [] }).toMatchSnapshot();
  });

  it('an error, and a wrong command line', async () => {
    const missing = jsonOf('metadata', await cli.run(['metadata', join(folder, 'none'), '--json']));
    expect(golden(missing, [[folder, 'DIR']])).toMatchSnapshot('error');
    const wrong = jsonOf('check', await cli.run(['check', '--warning-as-errors', '--json']));
    expect(golden(wrong)).toMatchSnapshot('usage');
  });
});
