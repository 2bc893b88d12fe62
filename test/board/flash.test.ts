import { afterEach, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { flashBoard } from '../../src/flash/flash-board.ts';
import { LOADER_TARGETS } from '../../src/virtual-board/loader/loader-chips.ts';
import { flashRig, holds, MAC, makeBuild, MIB } from '../support/flash-rig.ts';

let store = new DisposableStore();
afterEach(() => {
  store.dispose();
  store = new DisposableStore();
});

describe('flashing a build from nothing', () => {
  it.each(LOADER_TARGETS)('writes, verifies and starts it: %s', async (chip) => {
    const rig = await flashRig(store, { chip });
    const build = makeBuild({ target: chip });
    const phases = new Set<string>();
    const transport = await rig.open();
    const outcome = await flashBoard(transport, build, { onProgress: ({ phase }) => phases.add(phase) });
    expect(outcome).toMatchObject({ end: 'done', state: { kind: 'verified' }, isRestarted: true });
    expect(outcome.chip).toMatchObject({ target: chip, mac: MAC, isStub: true, baud: 921600, flashSizeBytes: 4 * MIB });
    expect(holds(rig.flash, build)).toBe(true);
    expect(transport.isOpen).toBe(false);
  });
});
