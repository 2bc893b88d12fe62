import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { ClientList, withEvent, type SeenClients } from '../../../src/ota/clients.ts';
import { ReleaseStore } from '../../../src/server/release-store.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';

const store = new ReleaseStore();
const release = store.publish({
  project: 'blink',
  version: '1.2.0',
  fileName: 'blink.bin',
  bytes: new Uint8Array(1000).fill(7),
});
const versions = new Map([[release.id, release.version]]);

function after(...events: (Partial<TransferEvent> & { kind: TransferEvent['kind'] })[]): SeenClients {
  return events.reduce<SeenClients>((clients, event, index) => {
    const whole = { atMs: index + 1, id: 'r1', client: { address: '10.0.0.5', port: 1 }, ...event } as TransferEvent;
    return withEvent(clients, whole, versions);
  }, new Map());
}

const GET = {
  kind: 'requested',
  method: 'GET',
  path: '/blink.bin',
  status: 200,
  releaseId: release.id,
  userAgent: 'ESP32 HTTP Client/1.0',
} as const;
const HALF = {
  kind: 'progress',
  releaseId: release.id,
  sentBytes: 500,
  offsetBytes: 500,
  totalBytes: 1000,
  bytesPerSecond: 2,
} as const;
const END = {
  kind: 'ended',
  releaseId: release.id,
  outcome: 'complete',
  sentBytes: 1000,
  startBytes: 0,
  totalBytes: 1000,
  status: 200,
  durationMs: 1,
} as const;

describe('clients of the server', () => {
  it('show how far their download is, and of which version', () => {
    const client = after(GET, HALF).get('10.0.0.5');
    expect(client?.current).toMatchObject({ version: '1.2.0', offsetBytes: 500, totalBytes: 1000 });
    expect(client?.userAgent).toBe('ESP32 HTTP Client/1.0');
  });

  it('show what they fetched when the last byte is out', () => {
    const client = after(GET, HALF, END).get('10.0.0.5');
    expect(client?.current).toBeUndefined();
    expect(client?.fetched).toMatchObject({ version: '1.2.0', atMs: 3 });
  });

  it('go on between the ranges of one download', () => {
    const client = after({ ...GET, status: 206 }, HALF, { ...END, sentBytes: 500, status: 206 }).get('10.0.0.5');
    expect(client?.current?.offsetBytes).toBe(500);
    expect(client?.fetched).toBeUndefined();
  });

  it('show where they broke off', () => {
    const client = after(GET, HALF, { ...END, outcome: 'aborted', sentBytes: 600 }).get('10.0.0.5');
    expect(client?.trouble).toEqual({ kind: 'aborted', atBytes: 600, totalBytes: 1000 });
    expect(client?.current).toBeUndefined();
  });

  it('keep their trouble until they ask again', () => {
    const failed = { kind: 'tlsFailed', cause: 'unknownAuthority', detail: 'alert 48' } as const;
    expect(after(failed).get('10.0.0.5')?.trouble).toMatchObject({ kind: 'tls', cause: 'unknownAuthority' });
    expect(after(failed, GET).get('10.0.0.5')?.trouble).toBeUndefined();
    expect(after({ ...GET, status: 404, path: '/x' }).get('10.0.0.5')?.trouble).toEqual({
      kind: 'status',
      status: 404,
      path: '/x',
    });
  });

  it('are forgotten, the longest unseen first, when there are too many', () => {
    const many = Array.from({ length: 300 }, (_, index) => ({
      ...GET,
      client: { address: `10.0.1.${index}`, port: 1 },
    }));
    const clients = after(...many);
    expect(clients.size).toBe(256);
    expect(clients.has('10.0.1.0')).toBe(false);
    expect(clients.has('10.0.1.299')).toBe(true);
  });
});

describe('the list of a server’s clients', () => {
  it('names versions that are served no longer, and does not keep their bytes', async () => {
    const list = new ClientList();
    const few = new ReleaseStore({ keepPerName: 1 });
    const publish = (version: string): { readonly id: string; readonly bytes: WeakRef<Uint8Array> } => {
      const bytes = new Uint8Array(1000).fill(version.length);
      const published = few.publish({ project: 'blink', version, fileName: 'blink.bin', bytes });
      list.know(published);
      return { id: published.id, bytes: new WeakRef(published.bytes) };
    };
    const old = publish('1.0.0');
    publish('1.0.10');
    setFlagsFromString('--expose_gc');
    const collect = runInNewContext('gc') as () => void;
    await expect
      .poll(() => {
        collect();
        return old.bytes.deref() === undefined;
      })
      .toBe(true);
    list.hear({ atMs: 1, id: 'r1', client: { address: '10.0.0.5', port: 1 }, ...HALF, releaseId: old.id });
    expect(list.clients.get('10.0.0.5')?.current?.version).toBe('1.0.0');
  });
});
