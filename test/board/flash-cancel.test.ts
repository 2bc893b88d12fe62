import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { flashBoard } from '../../src/flash/flash-board.ts';
import type { FlashRequest } from '../../src/flash/flash-plan.ts';
import type { FlashRegion } from '../../src/flash/flash-state.ts';
import type { FlashPhase, FlashProgress } from '../../src/flash/progress.ts';
import { flashRig, holds, makeBuild, type FlashRig } from '../support/flash-rig.ts';

let store = new DisposableStore();
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});

const build = makeBuild({ target: 'esp32', appBytes: 512 * 1024 });

/** Flashes and cancels as soon as the condition holds. */
async function cancelWhen(
  rig: FlashRig,
  isTime: (progress: FlashProgress) => boolean,
  request: FlashRequest = build,
): ReturnType<typeof flashBoard> {
  const cancel = new AbortController();
  const transport = await rig.open();
  const outcome = await flashBoard(
    transport,
    request,
    {
      onProgress: (progress) => {
        if (isTime(progress)) cancel.abort();
      },
    },
    cancel.signal,
  );
  expect(transport.isOpen).toBe(false);
  return outcome;
}

/** Whether everything outside of the regions is as it was. */
function isKept(before: Uint8Array, after: Uint8Array, regions: readonly FlashRegion[]): boolean {
  const [one, other] = [Buffer.from(before), Buffer.from(after)];
  for (const { offset, lengthBytes } of regions) {
    one.fill(0, offset, offset + lengthBytes);
    other.fill(0, offset, offset + lengthBytes);
  }
  return one.equals(other);
}

describe('cancelling', () => {
  it.each<FlashPhase>(['connecting', 'identifying', 'stub', 'baud', 'comparing'])(
    'while %s leaves the flash untouched, the port closed and the board running',
    async (phase) => {
      const rig = await flashRig(store, { chip: 'esp32' });
      const before = rig.flash.read(0, rig.flash.sizeBytes);
      const outcome = await cancelWhen(rig, (progress) => progress.phase === phase);
      expect(outcome).toMatchObject({ end: 'cancelled', state: { kind: 'untouched' }, isRestarted: true });
      expect(outcome.error).toBeUndefined();
      expect(isKept(before, rig.flash.read(0, rig.flash.sizeBytes), [])).toBe(true);
    },
  );

  it.each(['inProcess', 'rfc2217'] as const)(
    'half-way says what was touched, and the next try mends it: %s',
    async (way) => {
      const rig = await flashRig(store, { chip: 'esp32' }, way);
      await flashBoard(await rig.open(), makeBuild({ target: 'esp32', version: '0.9.0', appBytes: 512 * 1024 }));
      const before = rig.flash.read(0, rig.flash.sizeBytes);
      const outcome = await cancelWhen(
        rig,
        ({ phase, doneBytes = 0 }) => phase === 'writing' && doneBytes > 200 * 1024,
      );
      expect(outcome).toMatchObject({ end: 'cancelled', state: { kind: 'partlyWritten' }, isRestarted: true });
      const regions = outcome.state.kind === 'partlyWritten' ? outcome.state.regions : [];
      expect(isKept(before, rig.flash.read(0, rig.flash.sizeBytes), regions)).toBe(true);
      expect(isKept(before, rig.flash.read(0, rig.flash.sizeBytes), [])).toBe(false);
      expect(regions).toEqual([{ offset: 0x10000, lengthBytes: 512 * 1024 }]);
      const again = await flashBoard(await rig.open(), build);
      expect(again).toMatchObject({ end: 'done', state: { kind: 'verified' } });
      expect(again.files.find(({ name }) => name === 'app')?.writtenBytes).toBeLessThan(512 * 1024);
      expect(holds(rig.flash, build)).toBe(true);
    },
  );

  it('while the digest is read back says that it was written but not verified', async () => {
    const rig = await flashRig(store, { chip: 'esp32', times: { md5MsPerMib: 100 } });
    const app = { files: build.files.filter(({ name }) => name === 'app') };
    const outcome = await cancelWhen(rig, ({ phase }) => phase === 'verifying', app);
    expect(outcome).toMatchObject({ end: 'cancelled', state: { kind: 'notVerified' }, isRestarted: true });
    expect(outcome.state).toEqual({ kind: 'notVerified', regions: [{ offset: 0x10000, lengthBytes: 512 * 1024 }] });
  });

  it('before it began does nothing', async () => {
    const rig = await flashRig(store, { chip: 'esp32' });
    const transport = await rig.open();
    const outcome = await flashBoard(transport, build, {}, AbortSignal.abort());
    expect(outcome).toMatchObject({ end: 'cancelled', state: { kind: 'untouched' } });
    expect(transport.isOpen).toBe(false);
  });
});
