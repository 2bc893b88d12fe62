import { describe, expect, it } from 'vitest';
import { ReleaseStore, type Release } from '../../../src/server/release-store.ts';
import { TransferLedger, type Transfer, type TransferQuestion } from '../../../src/server/transfer-ledger.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const store = new ReleaseStore({ keepPerName: 1 });
  const ledger = new TransferLedger(store, clock);
  let connection = 0;
  return {
    clock,
    store,
    publish: (version: number, sizeBytes = 1000): Release =>
      store.publish({
        project: 'app',
        version: String(version),
        fileName: 'app.bin',
        bytes: new Uint8Array(sizeBytes).fill(version),
      }),
    /** Asks, is answered up to `endBytes` (not at all without one), on a connection of its own unless one is given. */
    ask: (
      newest: Release,
      rangeStart: number | undefined,
      endBytes?: number,
      more: Partial<TransferQuestion> = {},
    ): Transfer | undefined => {
      connection += 1;
      const question = {
        address: '10.0.0.5',
        path: '/app.bin',
        method: 'GET',
        rangeStart,
        connection,
        mac: undefined,
        ifRange: undefined,
      } as const;
      const transfer = ledger.assign({ ...question, ...more }, newest);
      if (transfer === undefined) return undefined;
      ledger.opened(transfer);
      if (endBytes !== undefined) ledger.sent(transfer, endBytes);
      ledger.closed(transfer);
      return transfer;
    },
  };
}

describe('the release that a request gets', () => {
  it('is the newest for a request of the whole', () => {
    const { ask, publish } = setUp();
    const one = ask(publish(1), undefined, 1000);
    const two = ask(publish(2), undefined, 1000);
    expect([one?.release.version, two?.release.version]).toEqual(['1', '2']);
    expect(one?.id).not.toBe(two?.id);
  });

  it('stays the one that the download in parts began with', () => {
    const { ask, publish, store } = setUp();
    const first = publish(1);
    const begun = ask(first, 0, 100);
    const newest = publish(2);
    publish(3);
    expect(ask(newest, 100, 200)).toBe(begun);
    expect(ask(newest, 200, 1000)).toBe(begun);
    expect(store.find('app.bin', first.sha256)).toBe(first);
  });

  it('stays the same when a board was reset and goes on from what it had stored', () => {
    const { ask, publish } = setUp();
    const begun = ask(publish(1), undefined, 777);
    expect(ask(publish(2), 512, 1000)).toBe(begun);
  });

  it('is the newest again when the board starts over', () => {
    const { ask, publish } = setUp();
    ask(publish(1), 0, 100);
    const newest = publish(2);
    const over = ask(newest, 0, 100);
    expect(over?.release.version).toBe('2');
    expect(ask(newest, 100, 200)).toBe(over);
  });

  it('is the one that HEAD told the size of, for the first part after it', () => {
    const { ask, publish, clock } = setUp();
    const begun = ask(publish(1), undefined, undefined, { method: 'HEAD' });
    const newest = publish(2);
    expect(ask(newest, 0, 100)).toBe(begun);
    expect(ask(newest, 100, 200)).toBe(begun);
    ask(publish(3), undefined, undefined, { method: 'HEAD' });
    return clock.advance(16_000).then(() => {
      expect(ask(publish(4), 0, 100)?.release.version).toBe('4');
    });
  });

  it('is told apart by offset for two boards behind one address', () => {
    const { ask, publish } = setUp();
    const a = ask(publish(1), 0, 100);
    ask(publish(1), 100, 200);
    const newest = publish(2);
    const b = ask(newest, 0, 100);
    expect(ask(newest, 200, 300)).toBe(a);
    expect(ask(newest, 100, 200)).toBe(b);
    expect(ask(newest, 300, 400)).toBe(a);
    expect(ask(newest, 200, 300)).toBe(b);
  });

  it('is told apart by connection and by announced MAC where offsets are equal', () => {
    const { ask, publish } = setUp();
    const a = ask(publish(1), 0, 100, { connection: 901 });
    const c = ask(publish(1), 0, 100, { mac: 'aa:00:00:00:00:01' });
    const newest = publish(2);
    const b = ask(newest, 0, 100, { connection: 902, mac: 'aa:00:00:00:00:02' });
    expect(ask(newest, 100, 200, { connection: 901 })).toBe(a);
    expect(ask(newest, 100, 200, { mac: 'aa:00:00:00:00:01' })).toBe(c);
    expect(ask(newest, 100, 200, { connection: 902 })).toBe(b);
  });

  it('is the one that If-Range names', () => {
    const { ask, publish } = setUp();
    const first = publish(1);
    const begun = ask(first, 0, 100);
    const newest = publish(2);
    ask(newest, 0, 100);
    expect(ask(newest, 100, 200, { ifRange: first })).toBe(begun);
    expect(ask(newest, 100, 200, { ifRange: first, address: '10.0.0.6' })?.release).toBe(first);
  });

  it('does not mix with that of another address or path', () => {
    const { ask, publish } = setUp();
    ask(publish(1), 0, 100);
    const newest = publish(2);
    expect(ask(newest, 100, 200, { address: '10.0.0.6' })?.release).toBe(newest);
    expect(ask(newest, 100, 200, { path: '/app/2/app.bin' })?.release).toBe(newest);
  });

  it('is refused when HEAD has told of another size since, so that the board starts over', () => {
    const { ask, publish } = setUp();
    ask(publish(1), 0, 100);
    const newest = publish(2, 2000);
    ask(newest, undefined, undefined, { method: 'HEAD' });
    expect(ask(newest, 100, 200)).toBeUndefined();
  });

  it('is forgotten, and its memory freed, half an hour after the last byte', async () => {
    const { ask, publish, clock, store } = setUp();
    const first = publish(1);
    ask(first, 0, 100);
    const newest = publish(2);
    await clock.advance(31 * 60_000);
    expect(ask(newest, 100, 200)?.release).toBe(newest);
    expect(store.find('app.bin', first.sha256)).toBeUndefined();
  });

  it('is held for a bounded number of releases however many boards break off', () => {
    const { ask, publish, store } = setUp();
    const releases = Array.from({ length: 60 }, (_, index) => {
      const release = publish(index + 1);
      ask(release, 0, 100, { address: `10.0.1.${index}` });
      return release;
    });
    const held = releases.filter((release) => store.find('app.bin', release.sha256) !== undefined);
    expect(held.length).toBeGreaterThan(8);
    expect(held.length).toBeLessThanOrEqual(18);
    expect(held.at(-1)).toBe(releases.at(-1));
  });
});
