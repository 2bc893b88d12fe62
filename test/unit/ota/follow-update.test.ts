import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/emitter.ts';
import { ClientRouter } from '../../../src/ota/client-router.ts';
import { followUpdate } from '../../../src/ota/follow-update.ts';
import { formatRecord, parseRecord } from '../../../src/ota/history-records.ts';
import { PATIENCE } from '../../../src/ota/patience.ts';
import type { Timeline, UpdateSubject } from '../../../src/ota/update-state.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';
import { PLAIN_SUBJECT } from '../../support/plain-subject.ts';

const BOARD = { address: '10.0.0.2', port: 1 };
const SUBJECT: UpdateSubject = { ...PLAIN_SUBJECT, totalBytes: 1000, elfSha256: '012345678'.padEnd(64, 'b') };
const TLS = { version: 'TLSv1.3', cipher: 'x' };
const STARTED = 'I (1500) simple_ota_example: Starting OTA example task';
const RUNS = [
  'I (3500) simple_ota_example: OTA Succeed, Rebooting...',
  'ets Jun  8 2016 00:22:57',
  'I (30) boot: ESP-IDF v5.5.1 2nd stage bootloader',
  'I (200) app_init: App version:      1.1.0',
  'I (200) app_init: ELF file SHA256:  012345678...',
  'I (300) main_task: Calling app_main()',
];

/** Events without the clock's share of them. */
type Told<T> = T extends unknown ? Omit<T, 'atMs'> : never;

/** An update of a board that asks by itself, on a clock that stands; `ended` once there is a verdict. */
function follow({ address }: { readonly address?: string } = {}) {
  const clock = new ManualClock();
  const transfers = new Emitter<TransferEvent>();
  const lines = new Emitter<string>();
  const router = new ClientRouter(transfers.event);
  const seen: { last?: Timeline; ended?: Timeline } = {};
  const startMs = clock.now();
  const stop = new AbortController();
  const following = followUpdate({
    board: { onLine: lines.event },
    subject: SUBJECT,
    route: router.add(address === undefined ? {} : { address }),
    begin: () => Promise.resolve({ kind: 'waiting' }),
    signal: stop.signal,
    onTimeline: (timeline) => {
      seen.last = timeline;
    },
    clock,
  }).then((timeline) => {
    seen.ended = timeline;
  });
  const server = (event: Told<TransferEvent>): void => {
    transfers.fire({ ...event, atMs: clock.now() });
  };
  return {
    clock,
    seen,
    server,
    line: (line: string): void => {
      lines.fire(line);
    },
    asks: (client = BOARD): void => {
      const request = { id: '1', client, method: 'GET', path: '/blink.bin', status: 200, releaseId: SUBJECT.releaseId };
      server({ kind: 'requested', ...request, tls: TLS });
    },
    breaksOffAt: (sentBytes: number): void => {
      const of = { id: '1', client: BOARD, releaseId: SUBJECT.releaseId, status: 200, durationMs: 1, startBytes: 0 };
      server({ kind: 'ended', ...of, outcome: 'aborted', sentBytes, totalBytes: 1000 });
    },
    downloads: (offsetBytes: number): void => {
      const of = { id: '1', client: BOARD, releaseId: SUBJECT.releaseId, totalBytes: 1000, bytesPerSecond: 1 };
      server({ kind: 'progress', ...of, offsetBytes, sentBytes: offsetBytes });
    },
    isOver: (): boolean => seen.ended !== undefined,
    /** The same again and again, until there is a verdict or the time is over; gives how long it took. */
    every: async (everyMs: number, forMs: number, what: () => void): Promise<number> => {
      for (let ms = 0; ms < forMs && seen.ended === undefined; ms += everyMs) {
        what();
        await clock.advance(everyMs);
      }
      return (seen.ended?.endedMs ?? Infinity) - startMs;
    },
    cancel: async (): Promise<void> => {
      stop.abort();
      await following;
    },
  };
}

describe('a board that is at it again and again', () => {
  it('has failed when it fails in the same way for a minute, and each failure is kept once', async () => {
    const board = follow({ address: BOARD.address });
    await board.clock.advance(10);
    const tookMs = await board.every(5000, 3_600_000, () => {
      board.server({ kind: 'tlsFailed', client: BOARD, cause: 'unknownAuthority', detail: 'alert 48' });
    });
    expect(board.seen.ended?.verdict).toMatchObject({ outcome: 'failed', failure: { cause: 'tls.unknownAuthority' } });
    expect(tookMs).toBeLessThanOrEqual(10 + PATIENCE.retryMs + PATIENCE.putOffMs);
    expect(board.seen.ended?.failures).toMatchObject([{ cause: 'tls.unknownAuthority', times: 14 }]);
    expect(board.seen.ended?.failures).toHaveLength(1);
  });

  it('is delivered without a confirmation when it only looks for updates from then on', async () => {
    const board = follow({ address: BOARD.address });
    await board.clock.advance(10);
    board.asks();
    for (const line of RUNS) board.line(line);
    expect(board.seen.last?.runsRelease).toBe(true);
    await board.every(30_000, 3_600_000, () => {
      board.line(STARTED);
    });
    expect(board.seen.ended?.verdict).toEqual({ outcome: 'delivered', isRollbackEnabled: true });
  });

  it('is unknown when it looks for an update for as long as one is waited for, and never fetches it', async () => {
    const board = follow({ address: BOARD.address });
    await board.clock.advance(10);
    const tookMs = await board.every(30_000, 3_600_000, () => {
      board.line(STARTED);
    });
    expect(board.seen.ended?.verdict).toEqual({ outcome: 'unknown', missing: 'asked' });
    expect(tookMs).toBeLessThanOrEqual(10 + PATIENCE.firstSignMs);
  });

  it('has all the time it needs for a download that breaks off and is taken up again', async () => {
    const board = follow({ address: BOARD.address });
    await board.clock.advance(10);
    for (let offset = 100; offset <= 900; offset += 100) {
      board.asks();
      board.downloads(offset);
      board.breaksOffAt(offset);
      await board.clock.advance(100_000);
    }
    expect(board.seen.ended).toBeUndefined();
    expect(board.seen.last?.failures).toMatchObject([{ cause: 'download.aborted', times: 9 }]);
    await board.cancel();
  });

  it('may begin its download anew and come further slowly, but not for ever', async () => {
    const board = follow({ address: BOARD.address });
    await board.clock.advance(10);
    const tries = async (count: number): Promise<void> => {
      for (let i = 0; i < count && !board.isOver(); i++) {
        board.asks();
        for (let offset = 10; offset <= 500 && !board.isOver(); offset += 10) {
          board.downloads(offset);
          await board.clock.advance(10_000);
        }
        board.breaksOffAt(500);
      }
    };
    await tries(2);
    expect(board.seen.ended).toBeUndefined();
    await tries(10);
    expect(board.seen.ended?.verdict).toMatchObject({ outcome: 'failed', failure: { cause: 'download.aborted' } });
  });
});

describe('somebody who is perhaps the board', () => {
  const stranger = { address: '10.0.0.77', port: 5 };
  const met: Readonly<Record<string, Told<TransferEvent>>> = {
    'looks at the port without TLS': { kind: 'tlsFailed', client: stranger, cause: 'plainHttpOnTls', detail: 'GET /' },
    'asks for what is not there': {
      kind: 'requested',
      id: '9',
      client: stranger,
      method: 'GET',
      path: '/favicon.ico',
      status: 404,
      tls: TLS,
    },
    'is refused': { kind: 'refused', client: stranger, reason: 'publicAddress' },
  };

  it.each(Object.entries(met))(
    '%s: the board is waited for as long as before, and is not at fault',
    async (_, event) => {
      const board = follow();
      await board.clock.advance(60_000);
      board.server(event);
      await board.clock.advance(PATIENCE.firstSignMs - 60_000 - 1);
      expect(board.seen.ended).toBeUndefined();
      expect(board.seen.last?.steps.map(({ id }) => id)).toEqual(['published']);
      await board.clock.advance(1);
      expect(board.seen.ended?.verdict).toEqual({ outcome: 'unknown', missing: 'started' });
      expect(board.seen.ended?.client).toBeUndefined();
      expect(board.seen.ended?.failures).toMatchObject([{ stranger: stranger.address }]);
      expect(board.seen.ended?.failures[0]?.evidence.text).toContain(stranger.address);
    },
  );

  it('is no longer told of when the board has come', async () => {
    const board = follow();
    await board.clock.advance(10);
    for (const event of Object.values(met)) board.server(event);
    expect(board.seen.last?.failures).toHaveLength(3);
    board.asks();
    expect(board.seen.last?.client).toEqual({ address: BOARD.address, by: 'onlyCandidate' });
    expect(board.seen.last?.failures).toEqual([]);
    expect(board.seen.last?.steps.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'published done',
      'tls done',
      'asked done',
      'download running',
    ]);
    await board.cancel();
  });

  it('was the board when it comes for the release', async () => {
    const board = follow();
    await board.clock.advance(10);
    board.server({ kind: 'tlsFailed', client: BOARD, cause: 'closed', detail: 'reset' });
    board.asks();
    expect(board.seen.last?.failures).toMatchObject([{ cause: 'tls.closed' }]);
    expect(board.seen.last?.failures[0]).not.toHaveProperty('stranger');
    await board.cancel();
  });

  it('was the board when the board itself says that it failed in this way', async () => {
    const board = follow();
    await board.clock.advance(10);
    board.server({ kind: 'tlsFailed', client: stranger, cause: 'unknownAuthority', detail: 'alert 48' });
    board.line('E (5000) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700');
    await board.clock.advance(PATIENCE.retryMs);
    expect(board.seen.ended?.verdict).toMatchObject({ outcome: 'failed', failure: { cause: 'tls.unknownAuthority' } });
  });
});

describe('what was recorded of it', () => {
  it('is believed when it is read again, however often it failed', async () => {
    const board = follow();
    await board.clock.advance(10);
    for (let i = 0; i < 2000; i++) {
      const somebody = { address: `192.168.${i >> 8}.${i & 255}`, port: 1 };
      board.server({ kind: 'refused', client: somebody, reason: 'publicAddress' });
      board.line(`Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.`);
    }
    expect(board.seen.last?.failures.length).toBeGreaterThan(1);
    await board.cancel();
    const timeline = board.seen.ended;
    if (timeline === undefined) throw new Error('it has not ended');
    const record = { t: 'update', id: 'a', board: 'b', timeline } as const;
    expect(parseRecord(formatRecord(record))).toEqual(record);
  });
});
