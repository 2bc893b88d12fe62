import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Emitter } from '../../src/base/emitter.ts';
import { diskFiles } from '../../src/base/files.ts';
import { OtaError } from '../../src/base/ota-error.ts';
import type { DeliveryBoard } from '../../src/ota/deliver.ts';
import type { Delivery } from '../../src/ota/delivery.ts';
import { ConsoleSession } from '../../src/monitor/console-session.ts';
import { UpdateHistory } from '../../src/ota/history.ts';
import { httpRequest, resetBoard, sendUrl, waitForBoard } from '../../src/ota/triggers.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import { DeliveryBench, deliverRelease, virtual } from '../support/delivery-bench.ts';
import { HurryingClock } from '../support/hurrying-clock.ts';

let bench: DeliveryBench;
let folder = '';
const servers: Server[] = [];

beforeAll(async () => {
  bench = await DeliveryBench.start();
  folder = mkdtempSync(join(tmpdir(), 'deliver-'));
});
afterAll(async () => {
  for (const server of servers) server.close();
  await bench.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const ROLLBACK = { client: 'advanced', hasRollback: true } as const;
const BOOTLOADER = { bootloader: { hasRollback: true } } as const;

function outcomes({ updates }: Delivery): (string | undefined)[] {
  return updates.map(({ timeline }) => timeline.verdict?.outcome);
}

async function three(release: Parameters<DeliveryBench['urlOf']>[0]) {
  const app = { ...ROLLBACK, firmwareUrl: bench.urlOf(release) };
  return Promise.all([1, 2, 3].map(() => bench.board(app, {}, BOOTLOADER)));
}

/** A board's own web server, which starts an update when it is asked to. */
async function boardServer(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('a delivery', () => {
  it('does its steps in order and follows the board until it has confirmed', async () => {
    const release = bench.release('whole');
    const board = await bench.board({ ...ROLLBACK, firmwareUrl: bench.urlOf(release) }, {}, BOOTLOADER);
    const done: string[] = [];
    const step = (name: string, note?: string) => () => {
      done.push(name);
      return Promise.resolve(note === undefined ? {} : { note });
    };
    const { delivery } = await deliverRelease(bench, release, [virtual(board)], {
      isRollbackEnabled: true,
      steps: {
        check: step('check'),
        bump: step('bump', '1.0.0 → 1.1.0'),
        build: step('build'),
        checkImage: step('checkImage'),
      },
    });
    expect(done).toEqual(['check', 'bump', 'build', 'checkImage']);
    expect(delivery.work.map((one) => [one.id, one.outcome, one.note])).toEqual([
      ['check', 'done', undefined],
      ['bump', 'done', '1.0.0 → 1.1.0'],
      ['build', 'done', undefined],
      ['checkImage', 'done', undefined],
      ['publish', 'done', undefined],
    ]);
    expect(delivery).toMatchObject({ version: '1.1.0', end: { kind: 'finished' } });
    expect(outcomes(delivery)).toEqual(['confirmed']);
    expect(delivery.updates[0]?.timeline.client).toEqual({ address: '127.0.0.1', by: 'connection' });
    expect(delivery.updates[0]?.timeline.subject.previousVersion).toBe('1.0.0');
    expect(board.state.running?.version).toBe('1.1.0');
  });

  it('stops at a step that fails, and says which and why', async () => {
    const release = bench.release('stops');
    const board = await bench.board({ firmwareUrl: bench.urlOf(release) });
    const { delivery, error } = await deliverRelease(bench, release, [virtual(board)], {
      steps: { build: () => Promise.reject(new OtaError('timeout', { what: 'build', afterMs: 1 })) },
    });
    expect(error?.code).toBe('timeout');
    expect(delivery.end).toEqual({
      kind: 'stopped',
      at: 'build',
      code: 'timeout',
      details: { what: 'build', afterMs: 1 },
    });
    expect(delivery.updates).toEqual([]);
    expect(board.state.running?.version).toBe('1.0.0');
  });

  it.each(['check', 'bump', 'build', 'checkImage', 'publish'] as const)('is cancelled during %s', async (at) => {
    const release = bench.release(`cancel-${at}`);
    const stop = new AbortController();
    const { delivery, error } = await deliverRelease(bench, release, [], {
      signal: stop.signal,
      steps: {
        [at]: () => {
          stop.abort();
          return Promise.reject(new OtaError('cancelled', { what: at }));
        },
      },
    });
    expect(error).toBeUndefined();
    expect(delivery.end).toEqual({ kind: 'cancelled', at });
    expect(delivery.work.at(-1)).toMatchObject({ id: at, outcome: 'cancelled' });
  });

  it('is cancelled in the middle of the download, and the old version goes on', async () => {
    const release = bench.release('cancel-download', bench.bench.image({ totalSizeBytes: 256 * 1024 }));
    const board = await bench.board({ firmwareUrl: bench.urlOf(release) });
    board.configure({ knobs: { drainBytesPerSecond: 200_000 } });
    const stop = new AbortController();
    const { delivery } = await deliverRelease(bench, release, [virtual(board)], {
      signal: stop.signal,
      onTimeline: (_board, timeline) => {
        if ((timeline.download?.sentBytes ?? 0) > 0) stop.abort();
      },
    });
    expect(delivery.end).toEqual({ kind: 'cancelled', at: 'update' });
    expect(delivery.updates[0]?.timeline.verdict).toEqual({ outcome: 'cancelled', during: 'download' });
    expect(board.state.running?.version ?? '1.0.0').toBe('1.0.0');
  });

  it('is kept as it was, step by step and as a whole', async () => {
    const release = bench.release('kept');
    const board = await bench.board({ firmwareUrl: bench.urlOf(release) });
    const path = join(folder, 'kept.jsonl');
    const history = await UpdateHistory.open({ path, files: diskFiles });
    const { delivery, records } = await deliverRelease(bench, release, [virtual(board)], {
      onRecord: (record) => void history.append(record),
    });
    await history.settled();
    const again = await UpdateHistory.open({ path, files: diskFiles });
    expect(again.deliveries).toEqual([delivery]);
    expect(history.deliveries).toEqual([delivery]);
    expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(records.length);
    // what was kept when it had not ended yet has the same steps
    const steps = records.flatMap((record) => (record.t === 'step' ? [record.step.id] : []));
    expect(new Set(steps)).toEqual(new Set(delivery.updates[0]?.timeline.steps.map((one) => one.id)));
  });
});

describe('three boards', () => {
  it('are updated side by side, each with its own requests', async () => {
    const release = bench.release('side-by-side');
    const boards = await three(release);
    const { delivery } = await deliverRelease(
      bench,
      release,
      boards.map((board, index) => virtual(board, `board-${index}`)),
      { isRollbackEnabled: true },
    );
    expect(outcomes(delivery)).toEqual(['confirmed', 'confirmed', 'confirmed']);
    expect(delivery.updates.map(({ timeline }) => timeline.download?.requests)).toEqual([1, 1, 1]);
    expect(delivery.held).toBeUndefined();
  });

  it('the canary crashes and rolls back: the others are never told, and it says why', async () => {
    const release = bench.release('canary-crashes');
    const boards = await three(release);
    boards[0]?.configure({ knobs: { crashAfterUpdate: 'firstBoot' } });
    const before = bench.bench.of('requested').length;
    const { delivery } = await deliverRelease(
      bench,
      release,
      boards.map((board, index) => virtual(board, `board-${index}`)),
      { isCanary: true, isRollbackEnabled: true },
    );
    expect(outcomes(delivery)).toEqual(['rolledBack']);
    expect(delivery.held).toEqual({
      boards: [
        { id: 'board-1', name: 'board-1' },
        { id: 'board-2', name: 'board-2' },
      ],
      because: { id: 'board-0', name: 'board-0', outcome: 'rolledBack', cause: 'crashed' },
    });
    expect(bench.bench.of('requested').length - before).toBe(1);
    expect(boards.map((board) => board.state.running?.version)).toEqual(['1.0.0', '1.0.0', '1.0.0']);
  });

  it('the canary never confirms: the others are never told', async () => {
    const release = bench.release('canary-mute');
    const boards = await three(release);
    boards[0]?.configure({ knobs: { neverConfirms: true } });
    const { delivery } = await deliverRelease(
      bench,
      release,
      boards.map((board, index) => virtual(board, `board-${index}`)),
      { isCanary: true, isRollbackEnabled: true },
    );
    expect(outcomes(delivery)).toEqual(['delivered']);
    expect(delivery.held).toMatchObject({ because: { outcome: 'delivered' } });
    expect(delivery.held?.boards).toHaveLength(2);
  });

  it('the canary confirms and another rolls back: the verdict of each stands', async () => {
    const release = bench.release('canary-second');
    const boards = await three(release);
    boards[1]?.configure({ knobs: { failsDiagnostics: true } });
    const { delivery } = await deliverRelease(
      bench,
      release,
      boards.map((board, index) => virtual(board, `board-${index}`)),
      { isCanary: true, isRollbackEnabled: true },
    );
    expect(delivery.updates.map((one) => [one.id, one.timeline.verdict?.outcome]).sort()).toEqual([
      ['board-0', 'confirmed'],
      ['board-1', 'rolledBack'],
      ['board-2', 'confirmed'],
    ]);
    const [canary, ...others] = delivery.updates.map(({ timeline }) => timeline);
    for (const other of others) expect(other.startedMs).toBeGreaterThanOrEqual(canary?.endedMs ?? Infinity);
  });
});

describe('a board is told', () => {
  const patience = { confirmMs: 300, firstStepsMs: 200, retryMs: 300 };

  it('by a reset over its serial port', async () => {
    const release = bench.release('reset');
    const device = await bench.board({ firmwareUrl: bench.urlOf(release) });
    const board: DeliveryBoard = {
      id: '/dev/ttyUSB0',
      name: 'board',
      triggerKind: 'reset',
      trigger: resetBoard(() => {
        device.triggerUpdate();
        return Promise.resolve();
      }),
      onLine: device.onLine,
    };
    const { delivery } = await deliverRelease(bench, release, [board], {
      patience,
    });
    expect(delivery.updates[0]?.timeline.verdict).toEqual({ outcome: 'delivered', isRollbackEnabled: false });
    expect(delivery.updates[0]?.timeline.client).toEqual({ address: '127.0.0.1', by: 'address' });
    expect(delivery.updates[0]?.timeline.steps.map((one) => one.id)).toContain('triggered');
  });

  it('by its URL, typed into the console when it asks for it', async () => {
    const release = bench.release('typed');
    const device = await bench.board({ ...ROLLBACK, firmwareUrl: 'FROM_STDIN' }, {}, BOOTLOADER);
    const board: DeliveryBoard = {
      id: '/dev/ttyUSB0',
      name: 'board',
      triggerKind: 'sendUrl',
      trigger: sendUrl({
        onLine: device.onLine,
        write: (text) => {
          device.sendConsole(text);
        },
        reset: () => {
          device.triggerUpdate();
          return Promise.resolve();
        },
      }),
      onLine: device.onLine,
    };
    const { delivery } = await deliverRelease(bench, release, [board], { isRollbackEnabled: true, patience });
    expect(outcomes(delivery)).toEqual(['confirmed']);
    expect(delivery.updates[0]?.timeline.steps.find((one) => one.id === 'triggered')?.evidence.text).toContain(
      bench.urlOf(release),
    );
  });

  it.each(['reset', 'sendUrl'] as const)(
    'by %s over a cable on another computer, its console read there',
    async (triggerKind) => {
      const release = bench.release(`cable-${triggerKind}`);
      const firmwareUrl = triggerKind === 'reset' ? bench.urlOf(release) : 'FROM_STDIN';
      const device = await bench.board({ ...ROLLBACK, firmwareUrl }, {}, BOOTLOADER);
      device.configure({ app: { updateOnBoot: 'once' } }); // each reset is followed by one try
      const console = new ConsoleSession({
        address: await device.listen('rfc2217'),
        leases: new PortLeases(),
        open: (address, signal) => openPort(address, { signal }),
        words: ({ kind }) => kind,
        reset: 'classic',
      });
      await console.open();
      const reset = (): Promise<void> => console.reset();
      const board: DeliveryBoard = {
        id: console.address,
        name: 'board',
        triggerKind,
        trigger:
          triggerKind === 'reset'
            ? resetBoard(reset)
            : sendUrl({ onLine: console.onLine, write: (text) => console.type(text), reset }),
        onLine: console.onLine,
      };
      const { delivery } = await deliverRelease(bench, release, [board], { isRollbackEnabled: true, patience });
      await console.close();
      expect(outcomes(delivery)).toEqual(['confirmed']);
      expect(delivery.updates[0]?.timeline.client).toEqual({ address: '127.0.0.1', by: 'address' });
      expect(device.state.running?.version).toBe('1.1.0');
    },
  );

  it('by an HTTP request to the board, with the URL in it', async () => {
    const release = bench.release('asked');
    const device = await bench.board({ ...ROLLBACK, firmwareUrl: 'FROM_STDIN' }, {}, BOOTLOADER);
    const asked: string[] = [];
    const url = await boardServer((request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      const firmware = new URL(request.url ?? '', 'http://board').searchParams.get('url') ?? '';
      response.end('OK');
      device.onStateChange(({ phase }) => {
        if (phase === 'waitingForUrl') device.sendConsole(`${firmware}\n`);
      });
      device.triggerUpdate();
    });
    const board: DeliveryBoard = {
      id: '127.0.0.1',
      name: 'board',
      triggerKind: 'http',
      trigger: httpRequest({ template: `POST ${url}/ota?url={url}&version={version}`, version: '1.1.0' }),
      address: '127.0.0.1',
      onLine: device.onLine,
    };
    const { delivery } = await deliverRelease(bench, release, [board], { isRollbackEnabled: true, patience });
    expect(outcomes(delivery)).toEqual(['confirmed']);
    expect(asked).toEqual([`POST /ota?url=${encodeURIComponent(bench.urlOf(release))}&version=1.1.0`]);
    // what is kept has nothing of the query, where a token may stand
    const { evidence } = delivery.updates[0]?.timeline.steps.find((one) => one.id === 'triggered') ?? {};
    expect(evidence?.text).toMatch(/^POST http:\/\/127\.0\.0\.1:\d+\/ota → 200$/);
  });

  it('by an HTTP request to its host name: it is recognised by the address that the name has', async () => {
    const release = bench.release('by-name');
    const device = await bench.board({ ...ROLLBACK, firmwareUrl: bench.urlOf(release) }, {}, BOOTLOADER);
    const url = await boardServer((_request, response) => {
      response.end('OK');
      device.triggerUpdate();
    });
    const asked: DeliveryBoard = {
      id: 'asked',
      name: 'asked',
      triggerKind: 'http',
      trigger: httpRequest({ template: `${url.replace('127.0.0.1', 'localhost')}/ota`, version: '1.1.0' }),
    };
    // it could be that one too
    const silent: DeliveryBoard = { id: 'silent', name: 'silent', triggerKind: 'wait', trigger: waitForBoard };
    const { delivery } = await deliverRelease(bench, release, [asked, silent], {
      patience: { ...patience, firstSignMs: 1000 },
    });
    const timelines = Object.fromEntries(delivery.updates.map((one) => [one.id, one.timeline]));
    expect(timelines['asked']?.client).toEqual({ address: '127.0.0.1', by: 'address' });
    expect(timelines['asked']?.steps.map((one) => one.id)).toContain('download');
    expect(timelines['silent']?.verdict).toEqual({ outcome: 'unknown', missing: 'asked' });
  });

  it('by its URL, which it never asks for: the update fails with that', async () => {
    const release = bench.release('no-prompt');
    const board: DeliveryBoard = {
      id: '/dev/ttyUSB0',
      name: 'board',
      triggerKind: 'sendUrl',
      trigger: sendUrl(
        { onLine: new Emitter<string>().event, write: () => undefined, reset: () => Promise.resolve() },
        new HurryingClock(),
      ),
    };
    const { delivery } = await deliverRelease(bench, release, [board], { patience });
    expect(delivery.updates[0]?.timeline.verdict).toMatchObject({
      outcome: 'failed',
      failure: {
        step: 'triggered',
        cause: 'trigger.noPrompt',
        evidence: { source: 'trigger', text: '{"afterMs":60000}' },
      },
    });
  });

  it.each([
    ['an error', (response: ServerResponse) => response.writeHead(503).end(), 'trigger.refused'],
    ['a redirect', (response: ServerResponse) => response.writeHead(302, { location: '/' }).end(), 'trigger.refused'],
  ])('and answers with %s: the update fails with that', async (_name, answer, cause) => {
    const release = bench.release('refused');
    const url = await boardServer((_request, response) => {
      answer(response);
    });
    const board: DeliveryBoard = {
      id: 'b',
      name: 'b',
      triggerKind: 'http',
      trigger: httpRequest({ template: `${url}/ota`, version: '1' }),
    };
    const { delivery } = await deliverRelease(bench, release, [board], { patience });
    expect(delivery.updates[0]?.timeline.verdict).toMatchObject({
      outcome: 'failed',
      failure: { step: 'triggered', cause },
    });
  });

  it('by nobody: whoever fetches the release first is taken for it, and that is called a guess', async () => {
    const release = bench.release('guess');
    const device = await bench.board({ firmwareUrl: bench.urlOf(release) });
    const board: DeliveryBoard = { id: 'any', name: 'any', triggerKind: 'wait', trigger: waitForBoard };
    const { delivery } = await deliverRelease(bench, release, [board], {
      patience,
      onTimeline: (_board, timeline) => {
        if (timeline.steps.length === 1) device.triggerUpdate();
      },
    });
    const timeline = delivery.updates[0]?.timeline;
    expect(timeline?.client).toEqual({ address: '127.0.0.1', by: 'onlyCandidate' });
    expect(timeline?.verdict).toEqual({ outcome: 'unknown', missing: 'slotSet' });
    expect(timeline?.steps.map((one) => one.id)).toEqual(['published', 'tls', 'asked', 'download']);
  });

  it('by nobody, and nobody comes: unknown, with what is missing', async () => {
    const release = bench.release('nobody');
    const board: DeliveryBoard = { id: 'any', name: 'any', triggerKind: 'wait', trigger: waitForBoard };
    const { delivery } = await deliverRelease(bench, release, [board], { patience: { firstSignMs: 20 } });
    expect(delivery.updates[0]?.timeline.verdict).toEqual({ outcome: 'unknown', missing: 'asked' });
  });
});
