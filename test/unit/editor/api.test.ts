import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/emitter.ts';
import type { ApiSources } from '../../../src/editor/api/create-api.ts';
import { createExports } from '../../../src/editor/api/exports.ts';
import {
  deliveryInfo,
  frozen,
  serverInfo,
  slotsInfo,
  stepInfo,
  transferInfo,
  type ServerSnapshot,
} from '../../../src/editor/api/plain.ts';
import type { Delivery, DeliveryRecord } from '../../../src/ota/delivery.ts';
import { PortLeases } from '../../../src/serial/port-lease.ts';
import { ReleaseStore } from '../../../src/server/release-store.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';

const DELIVERY: Delivery = { id: 'd', kind: 'delivery', project: 'blink', startedMs: 1, work: [], updates: [] };

/** The parts of a window that the API is made of, with nothing behind them. */
function bench(isTrusted = true) {
  const changes = new Emitter<undefined>();
  const records = new Emitter<{ record: DeliveryRecord; delivery: Delivery }>();
  const errors: string[] = [];
  const server = {
    state: { kind: 'off' } as ServerSnapshot['state'],
    releases: new ReleaseStore({}),
    onChange: changes.event,
    onTransfer: new Emitter<TransferEvent>().event,
  };
  const session = {
    server,
    certificates: { peek: () => Promise.resolve({ trustPem: 'PEM', description: { fingerprint: 'f'.repeat(64) } }) },
    ports: { selected: 'virtual://board' },
    deliver: { onRecord: records.event },
    slots: { onRead: new Emitter<never>().event },
    files: { writeAtomic: () => Promise.resolve() },
    log: { error: (text: string) => errors.push(text) },
  } as unknown as ApiSources['session'];
  const leases = new PortLeases();
  const sources = { session, leases: () => Promise.resolve(leases), isTrusted: () => isTrusted, folder: '/trust' };
  return { ...createExports(sources), session, server, changes, records, leases, errors };
}

const PORT = 'virtual://board';

describe('the API', () => {
  it('is given for the versions that there are, the same to everybody', async () => {
    const { exports } = bench();
    expect(exports.apiVersions).toEqual([1]);
    expect(Object.isFrozen(exports)).toBe(true);
    expect(await exports.getApi(1)).toBe(await exports.getApi(1));
    const other = (version: number): Promise<unknown> => exports.getApi(version as 1);
    await expect(other(2)).rejects.toMatchObject({ code: 'api.unknownVersion' });
  });

  it('says that the server changed when it did, and not for every piece of a download', async () => {
    const { exports, server, changes } = bench();
    const api = await exports.getApi(1);
    const told: string[] = [];
    api.onDidChangeServer(({ state }) => told.push(state));
    changes.fire(undefined);
    server.state = { kind: 'on', url: 'https://10.0.0.2:8070', protocol: 'https', port: 8070 };
    changes.fire(undefined);
    changes.fire(undefined);
    expect(told).toEqual(['on']);
  });

  it('goes on when a listener of somebody else throws', async () => {
    const { exports, records, errors } = bench();
    const api = await exports.getApi(1);
    const ends: string[] = [];
    api.onDidEndDelivery(() => {
      throw new Error('theirs');
    });
    api.onDidEndDelivery(({ id }) => ends.push(id));
    const delivery: Delivery = { ...DELIVERY, end: { kind: 'finished' } };
    records.fire({ record: { t: 'end', id: 'd', atMs: 1, end: { kind: 'finished' } }, delivery });
    expect(ends).toEqual(['d']);
    expect(errors.join()).toContain('theirs');
  });

  it('takes a port from the monitor, and gives it back when the lease ends', async () => {
    const { exports, leases } = bench();
    const told: string[] = [];
    await leases.acquire(PORT, {
      holder: 'monitor',
      onYield: (to) => {
        told.push(`yielded to ${to}`);
        return Promise.resolve();
      },
      onResume: () => told.push('resumed'),
    });
    const api = await exports.getApi(1);
    const lease = await api.leasePort(PORT, { name: ' My\u001b[2JTool\n' });
    expect(await api.portHolder(PORT)).toBe('My [2JTool');
    expect(lease.isHeld).toBe(true);
    await lease.release();
    lease.dispose();
    expect(lease.isHeld).toBe(false);
    expect(told).toEqual(['yielded to My [2JTool', 'resumed']);
  });

  it('gives no port without trust, and none that cannot be given away', async () => {
    await expect((await bench(false).exports.getApi(1)).leasePort(PORT, { name: 'x' })).rejects.toMatchObject({
      code: 'command.untrusted',
    });
    const { exports, leases } = bench();
    await leases.acquire(PORT, { holder: 'Flashing' });
    await expect((await exports.getApi(1)).leasePort(PORT, { name: 'x' })).rejects.toMatchObject({
      code: 'serial.inUse',
    });
  });

  it('gets the port back from an extension whose callbacks return nothing', async () => {
    const { exports, leases } = bench();
    const api = await exports.getApi(1);
    const told: string[] = [];
    const lease = await api.leasePort(PORT, {
      name: 'theirs',
      // what plain JavaScript may give
      onYield: ((to: string) => void told.push(`to ${to}`)) as never,
      onResume: () => told.push('back'),
    });
    const flash = await leases.acquire(PORT, { holder: 'Flashing' });
    expect(lease.isHeld).toBe(false);
    await flash.release();
    expect(told).toEqual(['to Flashing', 'back']);
  });

  it('says who has the port when a callback of theirs throws, and goes on', async () => {
    const { exports, leases, errors } = bench();
    const api = await exports.getApi(1);
    let isWilling = false;
    const throws = (): never => {
      throw new Error('theirs');
    };
    const lease = await api.leasePort(PORT, {
      name: 'theirs',
      onYield: () => (isWilling ? Promise.resolve() : throws()),
      onResume: () => Promise.reject(new Error('theirs')),
    });
    await expect(leases.acquire(PORT, { holder: 'Flashing' })).rejects.toMatchObject({ code: 'serial.inUse' });
    expect(lease.isHeld).toBe(true);
    isWilling = true;
    await (await leases.acquire(PORT, { holder: 'Flashing' })).release();
    await expect.poll(() => errors.join()).toContain('resuming theirs');
  });

  it('says what is wrong with what it was called with, by a code', async () => {
    const api = await bench().exports.getApi(1);
    const lease = async (...values: unknown[]): Promise<unknown> =>
      api.leasePort(...(values as Parameters<typeof api.leasePort>));
    for (const values of [
      [PORT],
      [PORT, null],
      [PORT, {}],
      [PORT, { name: 7 }],
      [PORT, { name: ' \u0007' }],
      [PORT, { name: 'x', signal: true }],
      [PORT, { name: 'x', onYield: 'no' }],
      [PORT, { name: 'x', onResume: {} }],
      [7, { name: 'x' }],
    ])
      await expect(lease(...values), JSON.stringify(values)).rejects.toMatchObject({ code: 'api.badOption' });
    await expect(api.portHolder(undefined as never)).rejects.toMatchObject({ code: 'api.badOption' });
  });

  it('keeps the names by which we know who has a port', async () => {
    const api = await bench().exports.getApi(1);
    for (const name of ['monitor', 'Monitor\n', 'ESP-IDF'])
      await expect(api.leasePort(PORT, { name })).rejects.toMatchObject({ code: 'api.badOption' });
  });

  it('names the file by what is trusted, so that a new certificate of the server makes no other', async () => {
    const { exports, session } = bench();
    const api = await exports.getApi(1);
    const first = await api.trustedCertificate();
    const peek = (trustPem: string, fingerprint: string) => () =>
      Promise.resolve({ trustPem, description: { fingerprint: fingerprint.repeat(64) } });
    Object.assign(session.certificates, { peek: peek('PEM', 'e') });
    expect(await api.trustedCertificate()).toEqual(first);
    Object.assign(session.certificates, { peek: peek('OTHER', 'e') });
    expect((await api.trustedCertificate())?.path).not.toBe(first?.path);
  });

  it('can be asked for again after it could not be made, and a window that closes is not told of it', async () => {
    const { exports, server, ...made } = bench();
    const { onChange } = server;
    Object.assign(server, {
      onChange: () => {
        throw new Error('once');
      },
    });
    await expect(exports.getApi(1)).rejects.toThrow('once');
    Object.assign(server, { onChange });
    expect(await exports.getApi(1)).toBeDefined();
    made.dispose();
  });

  it('ends with the extension: leases are free, events silent, calls refused', async () => {
    const made = bench();
    const { exports, leases, records } = made;
    const api = await exports.getApi(1);
    const heard: unknown[] = [];
    api.onDidUpdateStep((event) => heard.push(event));
    const lease = await api.leasePort(PORT, { name: 'x' });
    made.dispose();
    await expect.poll(() => leases.holderOf(PORT)).toBeUndefined();
    expect(lease.isHeld).toBe(false);
    const step = { id: 'tls', outcome: 'done', startedMs: 1, evidence: { source: 'console', text: '' } } as const;
    records.fire({ record: { t: 'step', id: 'd', board: 'b', step }, delivery: DELIVERY });
    expect(heard).toEqual([]);
    expect(api.server()).toMatchObject({ state: 'off' });
    for (const call of [
      api.leasePort(PORT, { name: 'x' }),
      api.portHolder(PORT),
      api.trustedCertificate(),
      exports.getApi(1),
    ])
      await expect(call).rejects.toMatchObject({ code: 'api.ended' });
  });
});

/** Every object in a value, itself included. */
function objectsIn(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(objectsIn)];
}

function isPlainAndFrozen(value: unknown): boolean {
  return (
    objectsIn(value).every((one) => Object.isFrozen(one)) &&
    JSON.stringify(value) === JSON.stringify(structuredClone(value))
  );
}

const client = { address: '10.0.0.3', port: 50_000 };

describe('what other extensions are given', () => {
  it('is frozen through and through', () => {
    const value = frozen({ a: [{ b: 1 }], c: 'x' });
    expect(isPlainAndFrozen(value)).toBe(true);
    expect(() => {
      (value.a as { b: number }[]).push({ b: 2 });
    }).toThrow(TypeError);
  });

  it('of the server is its state, and URLs only while it is on', () => {
    const store = new ReleaseStore({});
    const release = store.publish({
      project: 'blink',
      version: '1.0.0',
      fileName: 'blink.bin',
      bytes: new Uint8Array(3),
    });
    const on = serverInfo({
      state: { kind: 'on', url: 'https://10.0.0.2:8070', protocol: 'https', port: 8070 },
      releases: store.newest(),
    });
    expect(on).toEqual({
      state: 'on',
      url: 'https://10.0.0.2:8070',
      protocol: 'https',
      port: 8070,
      releases: [
        {
          name: 'blink.bin',
          project: 'blink',
          version: '1.0.0',
          sha256: release.sha256,
          sizeBytes: 3,
          url: 'https://10.0.0.2:8070/blink.bin',
          pinnedUrl: `https://10.0.0.2:8070${release.paths.pinned}`,
        },
      ],
    });
    expect(isPlainAndFrozen(on)).toBe(true);
    // the bytes that are served are nobody else's
    expect(Object.isFrozen(release.bytes)).toBe(false);
    expect(serverInfo({ state: { kind: 'off' }, releases: store.newest() })).toEqual({ state: 'off', releases: [] });
  });

  it('of a transfer is what happened, without the path that a client asked for', () => {
    const requested: TransferEvent = {
      kind: 'requested',
      atMs: 1,
      id: 'r',
      transferId: 't',
      client,
      method: 'GET',
      path: '/blink.bin?token=geheim',
      status: 200,
    };
    expect(transferInfo(requested)).toEqual({
      kind: 'requested',
      atMs: 1,
      client: '10.0.0.3',
      transferId: 't',
      status: 200,
    });
    const failed: TransferEvent = { kind: 'tlsFailed', atMs: 1, client, cause: 'unknownAuthority', detail: 'alert' };
    expect(transferInfo(failed)).toEqual({ kind: 'tlsFailed', atMs: 1, client: '10.0.0.3', cause: 'unknownAuthority' });
    expect(transferInfo({ kind: 'fault', atMs: 1, client, fault: 'truncate' as never })).toBeUndefined();
  });

  it('of an update is each step, and its end once it has come', () => {
    const evidence = { source: 'console', text: 'x' } as const;
    const step = { id: 'tls', outcome: 'done', startedMs: 5, endedMs: 6, evidence } as const;
    expect(stepInfo({ t: 'step', id: 'd', board: 'virtual', step }, DELIVERY)).toEqual({
      deliveryId: 'd',
      project: 'blink',
      board: 'virtual',
      step: 'tls',
      outcome: 'done',
      startedMs: 5,
      endedMs: 6,
    });
    expect(stepInfo({ t: 'version', id: 'd', version: '1.0.0' }, DELIVERY)).toBeUndefined();
    expect(deliveryInfo(DELIVERY)).toBeUndefined();
    const end = { kind: 'stopped', at: 'check', code: 'deliver.blocked', details: {} } as const;
    const ended = deliveryInfo({ ...DELIVERY, endedMs: 9, end });
    expect(ended).toMatchObject({ id: 'd', end: 'stopped', error: 'deliver.blocked', boards: [] });
    expect(isPlainAndFrozen(ended)).toBe(true);
  });

  it('of slots is what lies in them', () => {
    const partition = {
      label: 'ota_0',
      type: 0,
      subtype: 16,
      offset: 0x1_0000,
      size: 0x10_0000,
      isEncrypted: false,
      isReadonly: false,
    };
    const info = slotsInfo('COM5', {
      tableOffset: 0x8000,
      partitions: [partition],
      slots: [{ partition, problem: 'empty', isNext: false }],
      boot: { target: undefined, reason: 'defaultFactory', order: [], writes: [] },
      rollbackEnabled: false,
      bytesRead: 0,
      readAtMs: 3,
    });
    expect(info).toEqual({
      port: 'COM5',
      readAtMs: 3,
      slots: [{ label: 'ota_0', offsetBytes: 0x1_0000, sizeBytes: 0x10_0000, problem: 'empty', isNext: false }],
    });
    // what the extension goes on working with is not frozen along with the copy
    expect(Object.isFrozen(partition)).toBe(false);
  });
});
