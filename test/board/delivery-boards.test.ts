import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chooseBoards, realBoards, type BoardsNow, type PrepareBoards } from '../../src/ota/delivery-boards.ts';
import { subjectOf } from '../../src/ota/update-subject.ts';
import { textOfError } from '../../src/texts/error-texts.ts';
import type { Release } from '../../src/server/release-store.ts';
import type { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { DeliveryBench, deliverRelease, virtual, type Delivered } from '../support/delivery-bench.ts';
import { Desk } from '../support/desk.ts';

const ROLLBACK = { client: 'advanced', hasRollback: true } as const;
const BOOTLOADER = { bootloader: { hasRollback: true } } as const;
const SETTINGS: BoardsNow = { trigger: 'reset', templates: [], allowsPublic: false, selectedPort: '', attached: [] };
const USB0 = '/dev/desk-usb0';
const USB1 = '/dev/desk-usb1';

let bench: DeliveryBench;
let desk: Desk;
beforeAll(async () => {
  bench = await DeliveryBench.start();
});
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => {
  desk.dispose();
});
afterAll(() => bench.dispose());

/** One that looks for the release at each start. */
async function boardFor(release: Release): Promise<WiredBoard> {
  const board = await bench.board({ ...ROLLBACK, firmwareUrl: bench.urlOf(release) }, {}, BOOTLOADER);
  board.configure({ app: { updateOnBoot: 'once' } });
  return board;
}

/** A delivery that takes its time to build. */
function deliver(release: Release, prepare: PrepareBoards, meanwhile: () => unknown): Promise<Delivered> {
  return deliverRelease(bench, release, [], {
    patience: { firstSignMs: 20_000 },
    steps: {
      build: async () => {
        await meanwhile();
        return {};
      },
      publish: async () => ({
        subject: subjectOf(release, { isRollbackEnabled: true }),
        url: bench.urlOf(release),
        boards: await prepare(release.version),
      }),
    },
  });
}

function prepareFor(now: BoardsNow): PrepareBoards {
  const chosen = chooseBoards(now);
  if (chosen.kind !== 'virtual') return realBoards(chosen, desk);
  const boards = () => now.attached.filter((one) => chosen.isChosen(one));
  return () => Promise.resolve(boards().map((one, index) => virtual(one, `v${index + 1}`)));
}

function outcomes({ delivery }: Delivered): (string | undefined)[] {
  return delivery.updates.map(({ id, timeline }) => `${id} ${timeline.verdict?.outcome}`);
}

describe('the boards of a delivery', () => {
  it('are the one at the port that was selected when it began', async () => {
    const release = bench.release('selected');
    const [meant, other] = await Promise.all([boardFor(release), boardFor(release)]);
    await desk.plug(USB0, meant, { serialNumber: '1' });
    await desk.plug(USB1, other, { serialNumber: '2' });
    const now = { ...SETTINGS, selectedPort: USB0 };
    const delivered = await deliver(release, prepareFor(now), () => {
      now.selectedPort = USB1;
    });
    expect(outcomes(delivered)).toEqual([`${USB0} confirmed`]);
    expect([meant.state.running?.version, other.state.running?.version]).toEqual(['1.1.0', '1.0.0']);
    expect(other.state.bootCount).toBe(1);
  });

  it('are the virtual ones that were attached when it began', async () => {
    const release = bench.release('attached');
    const [first, late] = await Promise.all([boardFor(release), boardFor(release)]);
    const attached = [first];
    const delivered = await deliver(release, prepareFor({ ...SETTINGS, attached }), () => attached.push(late));
    expect(outcomes(delivered)).toEqual(['v1 confirmed']);
    expect(late.state.bootCount).toBe(1);
  });

  it('are none for one that began without a port, whatever is selected meanwhile', async () => {
    const release = bench.release('none');
    const now = { ...SETTINGS };
    const { error } = await deliver(release, prepareFor(now), async () => {
      await desk.plug(USB0, await boardFor(release));
      now.selectedPort = USB0;
    });
    expect(error).toMatchObject({ code: 'trigger.noBoard' });
    expect(desk.hasConsole(USB0)).toBe(false);
  });

  it('are those of the requests that were set when it began', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const release = bench.release('requests');
    const templates = [`${at}/meant`];
    await deliver(release, prepareFor({ ...SETTINGS, trigger: 'http', templates }), () =>
      templates.splice(0, 1, `${at}/other`),
    );
    server.close();
    expect(asked).toEqual(['/meant']);
  });
});

describe('a delivery whose port has changed while it was built', () => {
  let release: Release;
  let meant: WiredBoard;
  let other: WiredBoard;
  beforeEach(async () => {
    release = bench.release('port');
    [meant, other] = await Promise.all([boardFor(release), boardFor(release)]);
  });

  const selected = { ...SETTINGS, selectedPort: USB0 };

  it('is not made when another board is there', async () => {
    await desk.plug(USB0, meant, { serialNumber: 'A1', place: '1-1' });
    const { error, delivery } = await deliver(release, prepareFor(selected), async () => {
      desk.pull(USB0);
      await desk.plug(USB0, other, { serialNumber: 'B2', place: '1-1' });
    });
    expect(error).toMatchObject({
      code: 'deliver.otherBoard',
      details: { address: USB0, before: 'CP2102 A1', now: 'CP2102 B2' },
    });
    expect(textOfError(error as never).message).toContain('another board is at /dev/desk-usb0 now (CP2102 B2)');
    expect(delivery).toMatchObject({ updates: [], end: { kind: 'stopped', at: 'publish' } });
    expect(desk.hasConsole(USB0)).toBe(false);
    expect(other.state.bootCount).toBe(1);
  });

  it('is not made either when a monitor was at the port', async () => {
    await desk.plug(USB0, meant, { ids: '303a:1001', serialNumber: 'A1' });
    await desk.openConsole(USB0);
    const { error } = await deliver(release, prepareFor(selected), async () => {
      desk.pull(USB0);
      await desk.plug(USB0, other, { ids: '303a:1001', serialNumber: 'B2' });
    });
    expect(error).toMatchObject({ code: 'deliver.otherBoard' });
    expect(other.state.bootCount).toBe(1);
  });

  it('goes to its board where that is now', async () => {
    await desk.plug(USB0, meant, { serialNumber: 'A1' });
    const delivered = await deliver(release, prepareFor(selected), async () => {
      desk.pull(USB0);
      await desk.plug(USB0, other, { serialNumber: 'B2' });
      await desk.plug(USB1, meant, { serialNumber: 'A1' });
    });
    expect(outcomes(delivered)).toEqual([`${USB1} confirmed`]);
    expect(other.state.bootCount).toBe(1);
  });

  it('follows a monitor to where its board is now', async () => {
    await desk.plug(USB0, meant, { serialNumber: 'A1' });
    const console = await desk.openConsole(USB0);
    const delivered = await deliver(release, prepareFor(selected), async () => {
      desk.pull(USB0);
      await desk.plug(USB1, meant, { serialNumber: 'A1' });
      await expect.poll(() => console.address).toBe(USB1);
    });
    expect(outcomes(delivered)).toEqual([`${USB1} confirmed`]);
  });

  it('says so when its board is gone', async () => {
    await desk.plug(USB0, meant, { serialNumber: 'A1' });
    const { error } = await deliver(release, prepareFor(selected), () => {
      desk.pull(USB0);
    });
    expect(error).toMatchObject({ code: 'serial.gone', details: { address: USB0 } });
  });

  it('waits with a monitor for a board that is away for a while', async () => {
    await desk.plug(USB0, meant, { serialNumber: 'A1' });
    await desk.openConsole(USB0);
    const prepare = prepareFor({ ...selected, trigger: 'wait' });
    await desk.lookForPorts();
    desk.pull(USB0);
    const [board] = await prepare('1.1.0');
    expect(board).toMatchObject({ id: USB0, triggerKind: 'wait' });
  });

  it('is made where nothing is known of the board', async () => {
    // a port of another computer is in no list
    const address = await meant.listen('rfc2217');
    const delivered = await deliver(release, prepareFor({ ...SETTINGS, selectedPort: address }), () => undefined);
    expect(outcomes(delivered)).toEqual([`${address} confirmed`]);
  });
});
