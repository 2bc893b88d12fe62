import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { NorFlash } from '../../src/virtual-board/nor-flash.ts';
import { useCommandLine } from '../support/command-line.ts';
import { copyExample } from '../support/example-project.ts';
import { makeAppImage, makeOtadata } from '../support/firmware.ts';
import { flashRig, MIB, type FlashRig } from '../support/flash-rig.ts';
import { useBuiltExample } from '../support/built-example.ts';
import { jsonOf } from '../support/json-output.ts';

const cli = useCommandLine();
const { folder, project } = useBuiltExample();
let store = new DisposableStore();
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});

/** A chip that is slow enough to be caught in the middle. */
const SLOW = { blockEraseMs: 150, pageProgramMs: 1 };
const OTADATA = 0xf000;
const OTA_0 = 0x20000;

const blank = (): Promise<FlashRig> => flashRig(store, { chip: 'esp32' }, 'rfc2217');
const built = (name: string): Buffer => readFileSync(join(project, 'build', name));
const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const flashJson = async (rig: FlashRig, ...argv: readonly string[]): Promise<Record<string, unknown>> =>
  jsonOf('flash', await cli.run(['flash', project, '--port', rig.address, '--json', ...argv]));

/** What boots is the other slot. */
function pointToOther({ flash }: FlashRig): void {
  flash.replace(OTADATA, makeOtadata({ sequence: 1, state: 'valid' }, { sequence: 2, state: 'valid' }));
  const image = makeAppImage({ target: 'esp32', version: '9.9.9', totalSizeBytes: 64 * 1024 });
  flash.replace(0x1d_0000, image);
}

describe('esp32-ota flash', () => {
  it('writes all of a build, says what the chip has of each file, and then finds nothing to write', async () => {
    const rig = await blank();
    const first = await flashJson(rig);
    expect(first).toMatchObject({
      exitCode: 0,
      what: 'project',
      end: 'done',
      flash: { state: 'verified' },
      chip: { target: 'esp32', flashSizeBytes: 4 * MIB },
      isRestarted: true,
      willBoot: true,
    });
    const app = built('simple_ota.bin');
    expect(Buffer.from(rig.flash.read(OTA_0, app.length)).equals(app)).toBe(true);
    const files = first['files'] as readonly { readonly name: string }[];
    expect(files.find(({ name }) => name === 'app')).toMatchObject({ md5: md5(app), isVerified: true, offset: OTA_0 });
    const again = await flashJson(rig);
    expect((again['files'] as readonly { writtenBytes: number }[]).map(({ writtenBytes }) => writtenBytes)).toEqual(
      files.map(() => 0),
    );
    const full = await flashJson(rig, '--full');
    expect(full).toMatchObject({ files: files.map(() => ({ how: 'all' })) });
  });

  it('tells people the same, with a bar for each file in a terminal', async () => {
    const rig = await blank();
    const { code, stdout } = await cli.run(['flash', '--port', rig.address], { cwd: project });
    expect(code).toBe(0);
    expect(stdout.replace(/\d+\.\d+ s/, 'TIME').replace(/[0-9a-f]{32}/g, 'DIGEST')).toMatchInlineSnapshot(`
      "  app              0x20000  909 KB  written            MD5 DIGEST  read back
        bootloader       0x1000   26 KB   written            MD5 DIGEST  read back
        partition-table  0x8000   3 KB    written            MD5 DIGEST  read back
        otadata          0xf000   8 KB    was there already  MD5 DIGEST  read back
      ✔ Flashed ESP32-D0WD-V3 (revision 3) in TIME; the chip’s digests are right.
      "
    `);
    const other = await blank();
    const shown = cli.terminal(['flash', project, '--app', '--full', '--port', other.address]);
    // nothing boots what has no partition table: that is said, and it is in flash all the same
    expect(await shown.ended).toBe(0);
    expect(shown.shown()).toMatch(/Writing app {2}.*[█░]{24}.*%/);
  });

  it('says when the application that was flashed does not boot, and what makes it boot', async () => {
    const rig = await blank();
    await flashJson(rig);
    pointToOther(rig);
    const json = await flashJson(rig, '--app');
    const run = `esp32-ota slots boot ota_0 --port ${rig.address}`;
    expect(json).toMatchObject({ exitCode: 0, what: 'app', willBoot: false, boots: 'ota_1', run });
    const { stderr } = await cli.run(['flash', project, '--app', '--port', rig.address]);
    expect(stderr).toContain('does not boot: the board boots ota_1 (9.9.9) instead, because otadata names it.');
    const way = await cli.run([...run.split(' ').slice(1), '--yes', '--project', project]);
    expect(way.code).toBe(0);
    expect(await flashJson(rig, '--app')).toMatchObject({ willBoot: true, boots: 'ota_0' });
  });

  it('writes the spare slot and has it booted', async () => {
    const rig = await blank();
    await flashJson(rig);
    const json = await flashJson(rig, '--spare-slot');
    const app = built('simple_ota.bin');
    expect(json).toMatchObject({
      what: 'spareSlot',
      flash: { state: 'verified' },
      boots: 'ota_1',
      willBoot: true,
      isRestarted: true,
    });
    expect(Buffer.from(rig.flash.read(0x1d_0000, app.length)).equals(app)).toBe(true);
  });

  it('that is interrupted while it writes the spare slot leaves the board booting what it booted', async () => {
    const flash = new NorFlash(4 * MIB);
    const first = await flashRig(store, { chip: 'esp32', flash }, 'rfc2217');
    await flashJson(first);
    store.dispose();
    store = new DisposableStore();
    const before = Buffer.from(flash.read(0, 0x1d_0000));
    const rig = await flashRig(store, { chip: 'esp32', flash, times: SLOW }, 'rfc2217');
    const run = cli.start(['flash', project, '--spare-slot', '--full', '--port', rig.address]);
    await run.seen(/Writing app: +25%/);
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/Cancelled: ota_1 may be partly written, and the board boots ota_0/);
    expect(rig.board.mode).not.toBe('stub');
    // nothing but the spare slot was touched
    expect(Buffer.from(flash.read(0, 0x1d_0000)).equals(before)).toBe(true);
  });

  it('writes a file into one partition', async () => {
    const rig = await blank();
    const file = join(folder, 'phy.bin');
    writeFileSync(file, Uint8Array.of(1, 2, 3, 4));
    const argv = ['flash', '--partition', 'phy_init', file, '--project', project, '-p', rig.address, '--json'];
    expect(jsonOf('flash', await cli.run(argv))).toMatchObject({ what: 'partition', flash: { state: 'verified' } });
    expect([...rig.flash.read(0x11000, 4)]).toEqual([1, 2, 3, 4]);
    const missing = await cli.run(['flash', '--partition', 'none', file, '--project', project, '-p', rig.address]);
    expect(missing.code).toBe(4);
  });

  it('erases the whole flash only when that is agreed to', async () => {
    const rig = await blank();
    rig.flash.replace(0x3f_0000, Uint8Array.of(1, 2, 3));
    expect(await flashJson(rig, '--erase')).toMatchObject({ exitCode: 5, error: { code: 'commandLine.notAgreed' } });
    expect(rig.flash.read(0x3f_0000, 1)[0]).toBe(1);
    expect(await flashJson(rig, '--erase', '--yes')).toMatchObject({ exitCode: 0, isErased: true });
    expect(rig.flash.read(0x3f_0000, 1)[0]).toBe(0xff);
  });

  it('that is interrupted restarts the board, lets go of the port, and says what is in flash', async () => {
    const rig = await flashRig(store, { chip: 'esp32', times: SLOW }, 'rfc2217');
    const run = cli.start(['flash', project, '--port', rig.address, '--baud', '115200', '--json']);
    await run.seen(/Writing app/);
    run.child.kill('SIGINT');
    const ended = await run.ended;
    expect(jsonOf('flash', ended)).toMatchObject({ exitCode: 130, end: 'cancelled', isRestarted: true });
    expect(ended.stderr).toMatch(/partly written|as it was/);
    expect(rig.board.mode).not.toBe('stub');
    // the port is free, and the chip answers
    const after = jsonOf('slots', await cli.run(['slots', '--port', rig.address, '--json']));
    expect(after).toMatchObject({ exitCode: 4, error: { code: 'slots.noTable' } });
  });

  it('says what is missing before it touches a port', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const rig = await blank();
    const none = jsonOf('flash', await cli.run(['flash', empty, '-p', rig.address, '--json']));
    expect(none).toMatchObject({ exitCode: 3, error: { code: 'project.notIdf' } });
    const sources = copyExample('hello_world', folder);
    const unbuilt = jsonOf('flash', await cli.run(['flash', sources, '-p', rig.address, '--json']));
    expect(unbuilt).toMatchObject({ exitCode: 3, error: { code: 'flash.nothingToFlash' } });
    const both = await cli.run(['flash', project, '--app', '--spare-slot']);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('--app, --spare-slot do not go together')]);
  });

  it('refuses a board of another chip, with nothing written', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3', flash: new NorFlash(4 * MIB) }, 'rfc2217');
    const json = await flashJson(rig);
    expect(json).toMatchObject({
      exitCode: 4,
      end: 'failed',
      flash: { state: 'untouched' },
      error: { code: 'flash.wrongChip' },
    });
    const { stderr } = await cli.run(['flash', project, '-p', rig.address]);
    expect(stderr).toContain('error: The build is for ESP32, the board has ESP32-C3. Nothing was written.\n');
  });
});
