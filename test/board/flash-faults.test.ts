import { afterAll, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { openChip } from '../../src/flash/chip-session.ts';
import { flashBoard, type FlashBoardOptions, type FlashOutcome } from '../../src/flash/flash-board.ts';
import type { LoaderKnobs } from '../../src/virtual-board/loader/loader-knobs.ts';
import { caught } from '../support/caught.ts';
import { flashRig, holds, makeBuild, tricked, type FlashRig } from '../support/flash-rig.ts';

// each test has a board of its own and mostly waits for it, so that they run side by side
const store = new DisposableStore();
afterAll(() => {
  store.dispose();
});

const build = makeBuild({ target: 'esp32c3' });

/** Flashes with a knob turned when a phase begins (at once by default), and sees to it that the port is free afterwards. */
async function flashWith(
  rig: FlashRig,
  knobs: LoaderKnobs,
  phase = 'connecting',
  options: FlashBoardOptions = {},
): Promise<FlashOutcome> {
  const transport = await rig.open();
  let isTurned = false;
  const outcome = await flashBoard(transport, build, {
    ...options,
    onProgress: (progress) => {
      if (progress.phase === phase && !isTurned) {
        isTurned = true;
        rig.board.turnKnobs(knobs);
      }
      options.onProgress?.(progress);
    },
  });
  expect(transport.isOpen).toBe(false);
  return outcome;
}

/** With the knobs back, the same board takes the same build. */
async function recovers(rig: FlashRig): Promise<void> {
  rig.board.turnKnobs({});
  rig.board.plugIn();
  const outcome = await flashBoard(await rig.open(), build);
  expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
  expect(holds(rig.flash, build)).toBe(true);
}

describe.concurrent('a board that misbehaves', () => {
  it('that is never heard: nobody answers', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const outcome = await flashWith(rig, { isMute: true });
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'untouched' } });
    expect(outcome.error).toMatchObject({ code: 'flash.noAnswer', details: { receivedBytes: 0, canReset: true } });
    await recovers(rig);
  });

  it('that is not in its loader and can not be reset: nobody answers, and why', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' }, 'socket');
    const transport = await rig.open();
    const { details } = await caught(openChip(transport), 'flash.noAnswer');
    expect(details).toMatchObject({ address: rig.address, canReset: false });
    expect(transport.isOpen).toBe(false);
  });

  it('whose stub does not start', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const outcome = await flashWith(rig, { stubDoesNotStart: true });
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'untouched' }, isRestarted: true });
    expect(outcome.error).toMatchObject({ code: 'flash.stubDidNotStart', details: { chip: 'ESP32-C3' } });
    await recovers(rig);
  });

  it.each([
    ['connecting', 1500, 'untouched'],
    ['stub', 3000, 'untouched'],
    ['writing', 50_000, 'partlyWritten'],
  ] as const)('whose cable is pulled while %s', async (phase, pullCableAfterBytes, state) => {
    for (const way of ['inProcess', 'rfc2217'] as const) {
      const rig = await flashRig(store, { chip: 'esp32c3' }, way);
      const outcome = await flashWith(rig, { pullCableAfterBytes }, phase);
      expect(outcome).toMatchObject({ end: 'failed', state: { kind: state }, isRestarted: false });
      expect(outcome.error?.code).toBe('serial.gone');
      await recovers(rig);
    }
  });

  it('in whose flash a sector is stuck, which it reports', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const offsetBytes = 0x18000;
    const outcome = await flashWith(rig, { stuckSector: { offsetBytes, isReported: true } });
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'partlyWritten' }, isRestarted: true });
    expect(outcome.error).toMatchObject({ code: 'flash.notProgrammed', details: { name: 'app', code: 0xc400 } });
    await recovers(rig);
  });

  it('in whose flash a sector is stuck, which it does not report: the digest finds it', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const offsetBytes = 0x18000;
    const outcome = await flashWith(rig, { stuckSector: { offsetBytes } });
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'partlyWritten' } });
    expect(outcome.error).toMatchObject({ code: 'flash.verifyFailed', details: { name: 'app', offset: offsetBytes } });
    await recovers(rig);
  });

  it('in whose flash a sector is stuck, written through the ROM', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const knobs = { stuckSector: { offsetBytes: 0x18000 } };
    const outcome = await flashWith(rig, knobs, 'connecting', { usesStub: false });
    expect(outcome.error).toMatchObject({ code: 'flash.notProgrammed', details: { name: 'app', code: 0x0108 } });
    await recovers(rig);
  });

  it('whose digests are wrong: nothing counts as done', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const outcome = await flashWith(rig, { wrongMd5: true });
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'partlyWritten' }, files: [] });
    expect(outcome.error).toMatchObject({ code: 'flash.verifyFailed', details: { name: 'app' } });
    await recovers(rig);
  });

  it('in secure download mode: written through the ROM, and said not to be verified', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    rig.board.turnKnobs({ isSecureDownload: true });
    const outcome = await flashWith(rig, { isSecureDownload: true });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'notVerified' }, isRestarted: true });
    expect(outcome.chip).toMatchObject({ target: 'esp32c3', isSecureDownload: true, isStub: false });
    expect(outcome.files.every(({ isVerified }) => !isVerified)).toBe(true);
    expect(holds(rig.flash, build)).toBe(true);
    await recovers(rig);
  });

  it('that answers late: it only takes longer', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const outcome = await flashWith(rig, { ackDelayMs: 15 });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    expect(holds(rig.flash, build)).toBe(true);
  });

  it.each([1, 2, 3, 4])('on a line with bit errors: blocks are sent again (seed %i)', async (noiseSeed) => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const outcome = await flashWith(rig, { bitErrorRate: 5e-6, noiseSeed }, 'writing');
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    expect(holds(rig.flash, build)).toBe(true);
  });

  it.each([1, 2, 3, 4])(
    'on a line that loses bytes: it takes up where the flash surely is (seed %i)',
    async (noiseSeed) => {
      const rig = await flashRig(store, { chip: 'esp32c3' });
      const outcome = await flashWith(rig, { lostByteRate: 3e-5, noiseSeed }, 'writing');
      expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
      expect(holds(rig.flash, build)).toBe(true);
    },
  );

  it('on a line where hardly anything gets through any more: nobody answers, and the port is free', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const outcome = await flashWith(rig, { bitErrorRate: 0.05 }, 'writing');
    expect(outcome).toMatchObject({ end: 'failed', isRestarted: true });
    expect(outcome.error?.code).toBe('flash.commandTimeout');
    await recovers(rig);
  });

  it('that falls silent while it is written', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const outcome = await flashWith(rig, { isMute: true }, 'writing');
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'partlyWritten' }, isRestarted: true });
    expect(outcome.error?.code).toBe('flash.commandTimeout');
    await recovers(rig);
  });
});

/** Blocks of data, among all that is written. */
const isBlock = (bytes: Uint8Array): boolean => bytes.length > 8000;

/** One bit the other way, so that the frame stays whole. */
function damaged(bytes: Uint8Array): Uint8Array {
  const isPlain = (byte = 0): boolean => ![0xc0, 0xc1, 0xda, 0xdb, 0xdc, 0xdd].includes(byte);
  const at = bytes.findIndex((byte, index) => index > 5000 && isPlain(byte) && isPlain(bytes[index - 1]));
  return bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
}

/** A delimiter in the middle, which cuts the frame in two. */
function cut(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, index) => (index === 5000 ? 0xc0 : byte));
}

describe.concurrent('a line that', () => {
  it('damages every block: it is too noisy for this rate', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const toBoard = (bytes: Uint8Array): Uint8Array => (isBlock(bytes) ? damaged(bytes) : bytes);
    const outcome = await flashBoard(tricked(await rig.open(), { toBoard }), build);
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'partlyWritten' }, isRestarted: true });
    expect(outcome.error).toMatchObject({ code: 'flash.lineTooNoisy', details: { baud: 921600 } });
    await recovers(rig);
  });

  it.each([
    ['damages', damaged],
    ['cuts', cut],
  ])('%s every second block: each is sent again', async (_name, spoil) => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    let blocks = 0;
    const toBoard = (bytes: Uint8Array): Uint8Array => (isBlock(bytes) && blocks++ % 2 === 0 ? spoil(bytes) : bytes);
    const outcome = await flashBoard(tricked(await rig.open(), { toBoard }), build);
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    expect(holds(rig.flash, build)).toBe(true);
    expect(blocks).toBeGreaterThan(16);
  });

  it('loses an acknowledgement: the rest is written from where the flash surely is', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    let blocks = 0;
    let isLost = false;
    const toBoard = (bytes: Uint8Array): Uint8Array => {
      if (isBlock(bytes)) blocks++;
      return bytes;
    };
    const toHost = (bytes: Uint8Array): Uint8Array | undefined => {
      if (blocks !== 6 || isLost) return bytes;
      isLost = true;
      return undefined;
    };
    const app = build.files.filter(({ name }) => name === 'app');
    const outcome = await flashBoard(tricked(await rig.open(), { toBoard, toHost }), { files: app });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' } });
    expect(isLost).toBe(true);
    expect(holds(rig.flash, { files: app })).toBe(true);
    const needed = Math.ceil((outcome.files[0]?.lineBytes ?? 0) / 0x4000);
    expect(blocks).toBeGreaterThan(needed);
    // six were sent, and of those the window of the chip and two blocks may be lost
    expect(blocks).toBeLessThan(needed + 6);
  });
});

describe('a board that is not the one the build is for', () => {
  it('is found out before a byte is written', async () => {
    const rig = await flashRig(store, { chip: 'esp32s3' });
    const before = rig.flash.read(0, rig.flash.sizeBytes);
    const outcome = await flashBoard(await rig.open(), build);
    expect(outcome).toMatchObject({ end: 'failed', state: { kind: 'untouched' }, isRestarted: true });
    expect(outcome.error).toMatchObject({
      code: 'flash.wrongChip',
      details: { found: 'ESP32-C3', expected: 'ESP32-S3' },
    });
    expect(Buffer.from(rig.flash.read(0, rig.flash.sizeBytes)).equals(before)).toBe(true);
  });

  it('is not even connected to when the build itself is broken', async () => {
    const rig = await flashRig(store, { chip: 'esp32c3' });
    const [file] = build.files;
    const outcome = await flashBoard(await rig.open(), { files: [{ ...file, offset: 100, bytes: new Uint8Array(8) }] });
    expect(outcome.error?.code).toBe('flash.misaligned');
    expect(outcome.chip).toBeUndefined();
  });
});
