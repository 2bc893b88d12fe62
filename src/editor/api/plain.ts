import type { ChipSlots } from '../../flash/slots.ts';
import type { Delivery, DeliveryRecord } from '../../ota/delivery.ts';
import type { Release } from '../../server/release-store.ts';
import type { TransferEvent } from '../../server/transfer-events.ts';
import type {
  BoardResult,
  DeliveryInfo,
  ReleaseInfo,
  ServerInfo,
  SlotsInfo,
  TransferInfo,
  UpdateStepInfo,
} from './api.ts';

/** What is handed out is a value: nobody changes it behind another one's back. */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const one of Object.values(value)) frozen(one);
  return Object.freeze(value);
}

export interface ServerSnapshot {
  readonly state:
    | { readonly kind: 'off' | 'starting' }
    | { readonly kind: 'on'; readonly url: string; readonly protocol: 'https' | 'http'; readonly port: number };
  readonly releases: readonly Release[];
}

export function serverInfo({ state, releases }: ServerSnapshot): ServerInfo {
  if (state.kind !== 'on') return frozen({ state: state.kind, releases: [] });
  const { url, protocol, port } = state;
  return frozen({ state: 'on', url, protocol, port, releases: releases.map((one) => releaseInfo(one, url)) });
}

function releaseInfo({ name, project, version, sha256, bytes, paths }: Release, url: string): ReleaseInfo {
  return {
    name,
    project,
    version,
    sha256,
    sizeBytes: bytes.length,
    url: `${url}${paths.newest}`,
    pinnedUrl: `${url}${paths.pinned}`,
  };
}

/** Undefined for what is not for others: deliberate faults belong to tests of the user's own. */
export function transferInfo(event: TransferEvent): TransferInfo | undefined {
  const { atMs } = event;
  const client = event.client.address;
  switch (event.kind) {
    case 'fault':
      return undefined;
    case 'tlsFailed':
      return frozen({ kind: 'tlsFailed', atMs, client, cause: event.cause });
    case 'refused':
      return frozen({ kind: 'refused', atMs, client, cause: event.reason });
    case 'requested':
      return frozen({ kind: 'requested', atMs, client, ...transferOf(event), status: event.status });
    case 'progress': {
      const { offsetBytes, totalBytes } = event;
      return frozen({ kind: 'progress', atMs, client, ...transferOf(event), offsetBytes, totalBytes });
    }
    case 'ended': {
      const { outcome, status, sentBytes, totalBytes } = event;
      const size = totalBytes === undefined ? {} : { totalBytes };
      return frozen({ kind: 'ended', atMs, client, ...transferOf(event), status, outcome, sentBytes, ...size });
    }
  }
}

function transferOf({ transferId }: { readonly transferId?: string }): { readonly transferId?: string } {
  return transferId === undefined ? {} : { transferId };
}

/** Undefined for a record that is not about a step. */
export function stepInfo(record: DeliveryRecord, delivery: Delivery): UpdateStepInfo | undefined {
  if (record.t !== 'step') return undefined;
  const { id, outcome, startedMs, endedMs } = record.step;
  return frozen({
    deliveryId: delivery.id,
    project: delivery.project,
    board: record.board,
    step: id,
    outcome,
    startedMs,
    ...(endedMs === undefined ? {} : { endedMs }),
  });
}

/** Undefined while it goes on. */
export function deliveryInfo(delivery: Delivery): DeliveryInfo | undefined {
  const { id, kind, project, version, startedMs, endedMs, end, updates } = delivery;
  if (end === undefined) return undefined;
  return frozen({
    id,
    kind,
    project,
    ...(version === undefined ? {} : { version }),
    startedMs,
    ...(endedMs === undefined ? {} : { endedMs }),
    end: end.kind,
    ...(end.kind === 'stopped' ? { error: end.code } : {}),
    boards: updates.flatMap(({ id: board, name, timeline: { verdict } }): BoardResult[] =>
      verdict === undefined
        ? []
        : [
            {
              board,
              name,
              outcome: verdict.outcome,
              ...('failure' in verdict ? { cause: verdict.failure.cause } : {}),
            },
          ],
    ),
  });
}

export function slotsInfo(port: string, { slots, readAtMs }: ChipSlots): SlotsInfo {
  const boots = slots.find(({ isNext }) => isNext)?.partition.label;
  return frozen({
    port,
    readAtMs,
    ...(boots === undefined ? {} : { boots }),
    slots: slots.map(({ partition, description, problem, isNext }) => ({
      label: partition.label,
      offsetBytes: partition.offset,
      sizeBytes: partition.size,
      ...(description === undefined
        ? {}
        : {
            project: description.projectName,
            version: description.version,
            elfSha256: description.elfSha256,
          }),
      ...(problem === undefined ? {} : { problem }),
      isNext,
    })),
  });
}
