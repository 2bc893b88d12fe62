import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { serveRfc2217 } from '../../src/virtual-board/loader/rfc2217-server.ts';
import { serveSocket } from '../../src/virtual-board/loader/socket-server.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import { portLockFolder } from '../../src/serial/lock-folder.ts';
import { caught } from '../support/caught.ts';
import { useCommandLine } from '../support/command-line.ts';
import { makeOtadata } from '../support/firmware.ts';
import { jsonOf } from '../support/json-output.ts';
import { slotImage, slotRig, THREE_SLOTS, type SlotRig } from '../support/slot-rig.ts';

const cli = useCommandLine();
const folder = mkdtempSync(join(tmpdir(), 'cli-slots-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
let store = new DisposableStore();
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});

/** A board with 1.0.0 and 1.1.0, of which 1.1.0 boots, at an address that a command line can reach. */
async function twoVersions(): Promise<SlotRig & { readonly address: string }> {
  const otadata = makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' });
  const rig = await slotRig(store, { table: THREE_SLOTS, otadata });
  rig.put('ota_1', slotImage('1.1.0'));
  const { address } = store.add(await serveRfc2217(rig.line, {}));
  return Object.assign(rig, { address });
}

const booted = (rig: SlotRig): Promise<string | undefined> => rig.boot().then((one) => one?.version);

describe('esp32-ota slots', () => {
  it('lists what each holds, what boots and why', async () => {
    const rig = await twoVersions();
    const { code, stdout, stderr } = await cli.run(['slots', '--port', rig.address]);
    expect(code).toBe(0);
    expect(stdout.replaceAll(rig.address, 'PORT')).toMatchInlineSnapshot(`
      "PORT · ESP32 v3.0 · 24:0a:c4:00:00:01 · 4 MB
         slot   version  project      size   offset    state
         ota_0  1.0.0    ota_example  64 KB  0x10000   valid
      ▶  ota_1  1.1.0    ota_example  64 KB  0x90000   valid
         ota_2                               0x110000         empty
      ✔ Boots ota_1 (1.1.0): otadata names it
      "
    `);
    expect(stderr).toContain('Reading');
    // it was let go of, restarted
    expect(await booted(rig)).toBe('1.1.0');
  });

  it('is JSON that its schema describes', async () => {
    const rig = await twoVersions();
    const json = jsonOf('slots', await cli.run(['slots', 'list', '--port', rig.address, '--json']));
    expect(json).toMatchObject({
      command: 'slots',
      exitCode: 0,
      port: rig.address,
      chip: { name: 'ESP32', target: 'esp32' },
      boots: 'ota_1',
      reason: 'activeEntry',
      slots: [
        { label: 'ota_0', version: '1.0.0', state: 'valid', isNext: false },
        { label: 'ota_1', version: '1.1.0', state: 'valid', isNext: true },
        { label: 'ota_2', problem: 'empty', isNext: false },
      ],
    });
  });

  it('boots another slot when it is agreed to beforehand, and says what was written', async () => {
    const rig = await twoVersions();
    const { code, stdout } = await cli.run(['slots', 'boot', 'ota_0', '--port', rig.address, '--yes']);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Boots now: ota_1 (1.1.0)
      Boots then: ota_0 (1.0.0)

      otadata, sector at 0xd000, is erased and 32 bytes are written:
      before: 01 00 00 00 · ff × 20 · 02 00 00 00 · 9a 98 43 47  (sequence 1 · valid)
      after: 04 00 00 00 · ff × 20 · ff ff ff ff · a8 68 9d 70  (sequence 4)
      ✔ Otadata was written and read back. Boots ota_0 (1.0.0): otadata names it.
      "
    `);
    expect(await booted(rig)).toBe('1.0.0');
    const again = await cli.run(['slots', 'boot', 'ota_0', '--port', rig.address, '--yes']);
    expect([again.code, again.stdout]).toEqual([0, 'Nothing was written: ota_0 (1.0.0) boots already.\n']);
  });

  it.each([['previous'], ['boot', 'ota_0'], ['erase-otadata'], ['restore', 'ota_2', 'package.json']])(
    'does not touch the board without a terminal to ask in: %s',
    async (...action) => {
      // nothing is there that could be reset
      const argv = ['slots', ...action, '--port', 'socket://127.0.0.1:1', '--json'];
      const json = jsonOf('slots', await cli.run(argv, { cwd: process.cwd() }));
      expect(json).toMatchObject({ exitCode: 5, error: { code: 'commandLine.notAgreed', details: { canAsk: false } } });
    },
  );

  it('asks in a terminal, and takes everything but y for a no', async () => {
    const rig = await twoVersions();
    const no = cli.terminal(['slots', 'previous', '--port', rig.address]);
    await no.seen(/Go back to ota_0 \(1\.0\.0\)\?.* \[y\/N\]/);
    no.type('maybe\r');
    expect(await no.ended).toBe(5);
    expect(no.shown()).toContain('Nothing was changed.');
    expect(await booted(rig)).toBe('1.1.0');
    const yes = cli.terminal(['slots', 'previous', '--port', rig.address]);
    await yes.seen(/\[y\/N\]/);
    yes.type('n\u007fy\r');
    expect(await yes.ended).toBe(0);
    expect(await booted(rig)).toBe('1.0.0');
  });

  it('that is interrupted while it asks changes nothing, restarts the board and lets go of the port', async () => {
    const rig = await twoVersions();
    const asked = cli.terminal(['slots', 'erase-otadata', '--port', rig.address]);
    await asked.seen(/\[y\/N\]/);
    asked.type('\u0003');
    expect(await asked.ended).toBe(130);
    expect(asked.shown()).not.toContain('error:');
    // it boots without being switched off
    await expect.poll(() => rig.board.state.running?.version).toBe('1.1.0');
    expect((await cli.run(['slots', '--port', rig.address])).code).toBe(0);
  });

  it('saves the application of a slot, and restores it into another after it was checked', async () => {
    const rig = await twoVersions();
    const file = join(folder, 'saved.bin');
    const saved = jsonOf('slots', await cli.run(['slots', 'save', 'ota_1', file, '--port', rig.address, '--json']));
    const bytes = readFileSync(file);
    expect(bytes.equals(slotImage('1.1.0'))).toBe(true);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(saved).toMatchObject({ exitCode: 0, file: { path: file, slot: 'ota_1', bytes: bytes.length, sha256 } });
    const empty = jsonOf('slots', await cli.run(['slots', 'save', 'ota_2', file, '-p', rig.address, '--json', '-y']));
    // what the editor offers then is no way out of a terminal
    expect(empty).toMatchObject({
      error: { code: 'slots.noImage', message: 'ota_2 has no image to save: empty.', waysOut: [] },
    });
    // a file is not replaced unasked
    expect((await cli.run(['slots', 'save', 'ota_0', file, '--port', rig.address])).code).toBe(5);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    // nor is a folder made for it
    const nowhere = join(folder, 'no', 'such', 'folder.bin');
    expect((await cli.run(['slots', 'save', 'ota_0', nowhere, '--port', rig.address])).code).toBe(4);
    expect(existsSync(join(folder, 'no'))).toBe(false);

    const restored = await cli.run(['slots', 'restore', 'ota_2', file, '--port', rig.address, '--json', '--yes']);
    expect(jsonOf('slots', restored)).toMatchObject({
      boots: 'ota_1',
      file: { slot: 'ota_2', isVerified: true, md5: createHash('md5').update(bytes).digest('hex') },
    });
    const boot = await cli.run(['slots', 'boot', 'ota_2', '--port', rig.address, '-y']);
    expect(boot.code).toBe(0);
    expect(await rig.boot()).toEqual({ version: '1.1.0', label: 'ota_2' });
  });

  it('refuses a file for another chip before it asks, and one that is not there before it takes the board', async () => {
    const rig = await twoVersions();
    const file = join(folder, 'other.bin');
    writeFileSync(file, slotImage('1.2.0', { target: 'esp32c3' }));
    const json = jsonOf('slots', await cli.run(['slots', 'restore', 'ota_2', file, '-p', rig.address, '--json', '-y']));
    expect(json).toMatchObject({ exitCode: 4, error: { code: 'flash.wrongChip' } });
    const missing = await cli.run(['slots', 'restore', 'ota_2', join(folder, 'none.bin'), '-p', rig.address, '--yes']);
    expect([missing.code, missing.stderr]).toEqual([3, expect.not.stringContaining('Connecting')]);
  });

  it('says how it is written, and which slots there are not', async () => {
    const rig = await twoVersions();
    const wrong = await cli.run(['slots', 'boot', '--port', rig.address]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('esp32-ota slots boot <slot>')]);
    expect((await cli.run(['slots', 'bot', 'ota_0'])).stderr).toContain('“bot” is none of list, boot');
    const none = jsonOf('slots', await cli.run(['slots', 'boot', 'ota_9', '--port', rig.address, '--json', '-y']));
    expect(none).toMatchObject({ exitCode: 4, error: { code: 'slots.noSuchSlot', details: { slot: 'ota_9' } } });
  });

  it('names the one that has the port', async () => {
    const rig = await twoVersions();
    const first = cli.terminal(['slots', 'previous', '--port', rig.address]);
    await first.seen(/\[y\/N\]/);
    const second = jsonOf('slots', await cli.run(['slots', '--port', rig.address, '--json']));
    expect(second).toMatchObject({ exitCode: 4, error: { code: 'serial.otherWindow' } });
    expect(JSON.stringify(second)).toContain('is in use by esp32-ota in a terminal (process');
    first.type('\r');
    await first.ended;
  });

  it('and the windows of the editor name each other as the one that has the port', async () => {
    const rig = await twoVersions();
    const windows = { directory: portLockFolder(process.platform, cli.home(), cli.home()), windowId: 'a window' };
    const editor = new PortLeases({ windows });
    const lease = await editor.acquire(rig.address, { holder: 'monitor' });
    const refused = await cli.run(['slots', '--port', rig.address]);
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain(`another window of the editor (process ${process.pid}): its monitor`);
    await lease.release();

    const asking = cli.terminal(['slots', 'previous', '--port', rig.address]);
    await asking.seen(/\[y\/N\]/);
    const { details } = await caught(editor.acquire(rig.address, { holder: 'monitor' }), 'serial.otherWindow');
    expect(details).toMatchObject({ windowId: `cli-${asking.pid}`, holder: 'slots' });
    asking.type('\u0003');
    expect(await asking.ended).toBe(130);
    await (await editor.acquire(rig.address, { holder: 'monitor' })).release();
  });

  it('speaks to a raw socket whose board is in its loader, and speaks Chinese', async () => {
    const rig = await slotRig(store, { table: THREE_SLOTS });
    const { address } = store.add(await serveSocket(rig.line));
    rig.line.holdBoot(true);
    rig.line.pressReset();
    rig.line.holdBoot(false);
    const { code, stdout } = await cli.run(['slots', '--lang', 'zh-cn', '--port', address]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/启动/);
  });

  it('says in Chinese what it writes, with no word and no bracket of English', async () => {
    const rig = await twoVersions();
    const argv = ['slots', 'boot', 'ota_0', '--lang', 'zh-cn', '--port', rig.address, '--yes'];
    const { stdout } = await cli.run(argv);
    expect(stdout).toContain('序号 1 · 有效');
    expect(stdout).not.toMatch(/valid|undefined/);
    const bad = join(folder, 'bad.bin');
    writeFileSync(bad, Buffer.alloc(4096, 1));
    const refused = await cli.run(['slots', 'restore', 'ota_2', bad, '--lang', 'zh-cn', '-p', rig.address, '--yes']);
    expect(refused.stderr).toMatch(/^错误：\S/m);
    expect(refused.stderr).not.toContain('magic');
    const help = await cli.run(['serve', '--help', '--lang', 'zh-cn']);
    expect(help.stdout).toContain('（默认：');
  });
});

describe('esp32-ota ports', () => {
  it('lists the ports of this computer', async () => {
    const json = jsonOf('ports', await cli.run(['ports', '--json']));
    expect(json).toMatchObject({ command: 'ports', exitCode: 0 });
    expect((await cli.run(['ports'])).code).toBe(0);
  });

  it.runIf(!existsSync('/dev/ttyUSB0') && !existsSync('/dev/ttyACM0'))(
    'are told when none looks like a board',
    async () => {
      const { code, stderr } = await cli.run(['slots']);
      expect(code).toBe(4);
      expect(stderr).toMatch(/no serial port|No port looks like a board/);
      const bad = await cli.run(['slots'], { env: { ESPPORT: 'nonsense' } });
      expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining('“nonsense” is not a port')]);
    },
  );
});
