import { afterAll, describe, expect, it } from 'vitest';
import { DisposableStore } from '../../src/base/disposable.ts';
import { openChip } from '../../src/flash/chip-session.ts';
import { openPort } from '../../src/serial/open-port.ts';
import type { BoardSetup } from '../../src/virtual-board/board-setup.ts';
import { LOADER_TARGETS } from '../../src/virtual-board/loader/loader-chips.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { boardSetup } from '../support/board-fixture.ts';

const store = new DisposableStore();
afterAll(() => {
  store.dispose();
});

/** What the bootloader says of the chip on the console, and what the chip says of itself to a flasher. */
async function identity(
  target: string,
  setup: Partial<BoardSetup> = {},
): Promise<{ console: string; port: string; mac: string | undefined }> {
  const board = store.add(new WiredBoard(boardSetup({ target, setup })));
  const told = new Promise<string>((resolve) => {
    board.onLine((line) => {
      const found = /boot: chip revision: (v\d+\.\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  board.powerOn();
  const onConsole = await told;
  const usb = { vendorId: 0x10c4, productId: 0xea60 };
  const chip = await openChip(await openPort('virtual://board', { usb, virtual: () => board.binding('board') }));
  const { revision = 0, mac } = chip.facts;
  await chip.close();
  return { console: onConsole, port: `v${Math.floor(revision / 100)}.${revision % 100}`, mac };
}

describe.concurrent('a virtual board', () => {
  it.each(LOADER_TARGETS)('is the same chip on its console and at its port: %s', async (target) => {
    const found = await identity(target);
    expect(found.port).toBe(found.console);
  });

  it('has the revision and the MAC address it is set up with', async () => {
    const macAddress = '7c:df:a1:01:02:03';
    expect(await identity('esp32c3', { chipRevision: 103, macAddress })).toEqual({
      console: 'v1.3',
      port: 'v1.3',
      mac: macAddress,
    });
  });
});
