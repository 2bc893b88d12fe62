import { describe, expect, it } from 'vitest';
import { deliveryInfo, frozen, serverInfo, slotsInfo, stepInfo, transferInfo } from '../../../src/editor/api/plain.ts';
import type { Delivery } from '../../../src/ota/delivery.ts';
import { ReleaseStore } from '../../../src/server/release-store.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';

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
const DELIVERY: Delivery = { id: 'd', kind: 'delivery', project: 'blink', startedMs: 1, work: [], updates: [] };

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
