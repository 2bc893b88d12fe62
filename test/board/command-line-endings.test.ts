import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { version } from '../../package.json';
import { DisposableStore } from '../../src/base/disposable.ts';
import { COMMANDS } from '../../src/command-line/commands/commands.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { useBuiltExample } from '../support/built-example.ts';
import { useCommandLine, type RunningCommand } from '../support/command-line.ts';
import { makeOtadata } from '../support/firmware.ts';
import { flashRig, type FlashRig } from '../support/flash-rig.ts';
import { slotImage, slotRig, THREE_SLOTS, type SlotRig } from '../support/slot-rig.ts';

const cli = useCommandLine();
const { folder, project } = useBuiltExample();
let store = new DisposableStore();
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});

/** A chip that is slow enough to be caught in the middle. */
const SLOW = { blockEraseMs: 150, pageProgramMs: 1 };
const slowBoard = (): Promise<FlashRig> => flashRig(store, { chip: 'esp32', times: SLOW }, 'rfc2217');

/** A board with 1.0.0 and 1.1.0, of which 1.1.0 boots. */
async function twoVersions(): Promise<SlotRig & { readonly address: string }> {
  const otadata = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' });
  const rig = await slotRig(store, { table: THREE_SLOTS, otadata });
  rig.put('ota_1', slotImage('1.1.0'));
  const { address } = store.add(await serveRfc2217(rig.line, {}));
  return Object.assign(rig, { address });
}

/** `… 2>&1 | head`, which has enough. */
function stopReading({ child }: RunningCommand): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}

describe('a command whose output nobody reads any more', () => {
  it('flashes all of it', async () => {
    const rig = await slowBoard();
    const run = cli.start(['flash', project, '--app', '--full', '--port', rig.address]);
    await run.seen(/Writing app: +25%/);
    stopReading(run);
    expect((await run.ended).code).toBe(0);
    const app = readFileSync(join(project, 'build', 'simple_ota.bin'));
    expect(Buffer.from(rig.flash.read(0x20000, app.length)).equals(app)).toBe(true);
    expect(rig.board.mode).not.toBe('stub');
  });

  it('changes what boots', async () => {
    const rig = await twoVersions();
    const run = cli.start(['slots', 'boot', 'ota_0', '--yes', '--port', rig.address]);
    stopReading(run);
    expect((await run.ended).code).toBe(0);
    expect((await rig.boot())?.version).toBe('1.0.0');
  });

  it('ends with 4 as before when it fails', async () => {
    const run = cli.start(['flash', project, '--port', 'socket://127.0.0.1:1']);
    stopReading(run);
    expect((await run.ended).code).toBe(4);
  });

  it('serves no longer: the port is free', async () => {
    const serve = ['serve', project, '--protocol', 'http', '--bind', '127.0.0.1', '--port', '18463'];
    const run = cli.start(serve);
    await run.seen(/Serving on/);
    stopReading(run);
    // its next line comes to nobody
    await fetch('http://127.0.0.1:18463/manifest.json').catch(() => undefined);
    expect((await run.ended).code).toBe(0);
    await expect(fetch('http://127.0.0.1:18463/')).rejects.toThrow();
  });
});

describe('a command whose terminal is closed', () => {
  it('restarts the board that it was flashing', async () => {
    const rig = await slowBoard();
    const run = cli.terminal(['flash', project, '--app', '--full', '--port', rig.address]);
    await run.seen(/Writing app .*%/);
    run.close();
    expect(await run.ended).toBe(129);
    expect(rig.board.mode).not.toBe('stub');
    // the lock is gone with it
    expect((await cli.run(['flash', project, '--app', '--port', rig.address])).code).toBe(0);
  });

  it('changes nothing that it was asking about', async () => {
    const rig = await twoVersions();
    const run = cli.terminal(['slots', 'previous', '--port', rig.address]);
    await run.seen(/\[y\/N\]/);
    run.close();
    expect(await run.ended).toBe(129);
    expect((await rig.boot())?.version).toBe('1.1.0');
  });

  it('leaves no copy of the project that it was building', async () => {
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const argv = ['rehearse', project, '--build-command', 'echo building; sleep 60', '--verbose'];
    const run = cli.terminal(argv, { env: { TMPDIR: temporary } });
    await run.seen(/info: building/);
    expect(readdirSync(temporary)).not.toEqual([]);
    run.close();
    expect(await run.ended).toBe(129);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('serves and monitors no longer', async () => {
    const serving = cli.terminal(['serve', project, '--bind', '127.0.0.1', '--port', '18464']);
    await serving.seen(/Serving on/);
    serving.close();
    expect(await serving.ended).toBe(129);
    const rig = await twoVersions();
    const monitor = cli.terminal(['monitor', '--port', rig.address]);
    await monitor.seen(/Menu: Ctrl\+T/);
    monitor.close();
    expect(await monitor.ended).toBe(129);
    expect((await cli.run(['slots', '--port', rig.address])).code).toBe(0);
  });
});

describe('what would be left out', () => {
  it.each([
    ['flash A --project B', 'A, --project do not go together.'],
    ['flash A --project B --app', 'A, --project do not go together.'],
    ['flash --spare-slot --no-restart', '--spare-slot, --no-restart do not go together.'],
    ['slots --full', 'list, --full do not go together.'],
    ['slots boot ota_0 --full --yes', 'boot, --full do not go together.'],
    ['serve --protocol http --certificate x --key y', '--protocol http, --certificate, --key do not go together.'],
    ['serve --protocol http --install-certificate', '--protocol http, --install-certificate do not go together.'],
    ['serve --fault-requests 2', '--fault-requests needs --fault.'],
  ])('is refused: %s', async (line, message) => {
    const { code, stderr } = await cli.run(line.split(' '), { cwd: project });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('is not an empty text: nothing gets into the current folder', async () => {
    const cwd = mkdtempSync(join(folder, 'cwd-'));
    for (const argv of [
      ['serve', project, '--data-dir', '', '--port', '18465'],
      ['--data-dir=', 'serve', project, '--port', '18465'],
      ['flash', ''],
      ['flash', project, '--port', ''],
    ])
      expect((await cli.run(argv, { cwd })).code).toBe(2);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('is not a host that no URL can have', async () => {
    const { code, stderr } = await cli.run(['serve', project, '--host', 'bad host']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--host bad host: an address or a name')]);
  });
});

describe('words that are asked for', () => {
  it.each(COMMANDS.map(({ name }) => name))('of %s are all that happens', async (name) => {
    // nothing of this can be done: there is neither a port nor a project
    const argv = [name, join(folder, 'none')];
    expect(await cli.run([...argv, '--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await cli.run([...argv, '-vh']);
    expect([help.code, help.stdout]).toEqual([0, expect.stringContaining(`esp32-ota ${name} –`)]);
    expect((await cli.run([...argv, '--nonsense', '--version'])).code).toBe(0);
  });
});
