import { join } from 'node:path';
import { DisposableStore, toDisposable, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { PortLeases } from '../../serial/port-lease.ts';
import type { WindowSession } from '../window-session.ts';
import type { ApiDisposable, ApiEvent, Esp32OtaApi, LeaseOptions, PortLease } from './api.ts';
import { deliveryInfo, frozen, serverInfo, slotsInfo, stepInfo, transferInfo } from './plain.ts';

/** Semantic version of what {@link createApi} gives. */
export const API_VERSION = '1.0.0';

const LONGEST_NAME = 60;
/** A name stands in a terminal and in messages. */
const CONTROLS = /[\x00-\x1f\x7f-\x9f]+/g;

export interface ApiSources {
  readonly session: Pick<WindowSession, 'server' | 'certificates' | 'ports' | 'deliver' | 'slots' | 'files' | 'log'>;
  readonly leases: () => Promise<PortLeases>;
  readonly isTrusted: () => boolean;
  /** Where the certificate is put that others may read. */
  readonly folder: string;
}

/** The API of major version 1. Disposing ends it: leases are released, events fall silent, calls are refused. */
export function createApi({
  session,
  leases,
  isTrusted,
  folder,
}: ApiSources): { readonly api: Esp32OtaApi } & Disposable {
  const { server, certificates, ports, deliver, slots, files, log } = session;
  const store = new DisposableStore();
  const held = new Set<PortLease>();
  const source = <T>(): { fire: (value: T | undefined) => void; event: ApiEvent<T> } => {
    const emitter = store.add(new Emitter<T>());
    return {
      fire: (value) => {
        if (value !== undefined) emitter.fire(value);
      },
      event: (listener, thisArgs, disposables) => {
        const subscription = emitter.event((value) => {
          try {
            listener.call(thisArgs, value);
          } catch (error) {
            log.error(`a listener of another extension failed: ${String(error)}`);
          }
        });
        disposables?.push(subscription);
        return subscription;
      },
    };
  };
  const serverChanges = source<ReturnType<Esp32OtaApi['server']>>();
  const transfers = source<NonNullable<ReturnType<typeof transferInfo>>>();
  const steps = source<NonNullable<ReturnType<typeof stepInfo>>>();
  const deliveries = source<NonNullable<ReturnType<typeof deliveryInfo>>>();
  const reads = source<ReturnType<typeof slotsInfo>>();

  const serverNow = (): ReturnType<Esp32OtaApi['server']> =>
    serverInfo({ state: server.state, releases: server.releases.newest() });
  let told = JSON.stringify(serverNow());
  store.add(
    server.onChange(() => {
      // every piece of a download is a change of the session, too
      const now = serverNow();
      const key = JSON.stringify(now);
      if (key === told) return;
      told = key;
      serverChanges.fire(now);
    }),
  );
  store.add(
    server.onTransfer((event) => {
      transfers.fire(transferInfo(event));
    }),
  );
  store.add(
    deliver.onRecord(({ record, delivery }) => {
      steps.fire(stepInfo(record, delivery));
      if (record.t === 'end') deliveries.fire(deliveryInfo(delivery));
    }),
  );
  store.add(
    slots.onRead(({ address, slots: read }) => {
      reads.fire(slotsInfo(address, read));
    }),
  );
  store.add(
    toDisposable(() => {
      for (const lease of held) lease.dispose();
    }),
  );

  const requireRunning = (): void => {
    if (store.isDisposed) throw new OtaError('api.ended', {});
  };
  const api: Esp32OtaApi = {
    version: API_VERSION,
    server: serverNow,
    trustedCertificate: async () => {
      requireRunning();
      if (server.state.kind === 'on' && server.state.protocol === 'http') return undefined;
      const certificate = await certificates.peek();
      if (certificate?.trustPem === undefined) return undefined;
      const path = join(folder, `trusted-${certificate.description.fingerprint.slice(0, 16)}.pem`);
      await files.writeAtomic(path, certificate.trustPem);
      return frozen({ path, pem: certificate.trustPem });
    },
    onDidChangeServer: serverChanges.event,
    onDidTransfer: transfers.event,
    selectedPort: () => ports.selected,
    portHolder: async (port) => {
      requireRunning();
      return (await leases()).holderOf(port);
    },
    leasePort: async (port, options) => {
      requireRunning();
      if (!isTrusted()) throw new OtaError('command.untrusted', {});
      const lease = await takePort(await leases(), port, options, (ended) => held.delete(ended));
      held.add(lease);
      // while it was taken the extension may have ended
      if (store.isDisposed) {
        await lease.release();
        requireRunning();
      }
      return lease;
    },
    onDidUpdateStep: steps.event,
    onDidEndDelivery: deliveries.event,
    onDidReadSlots: reads.event,
  };
  return {
    api: Object.freeze(api),
    dispose: () => {
      store.dispose();
    },
  };
}

async function takePort(
  leases: PortLeases,
  port: string,
  { name, signal, onYield, onResume }: LeaseOptions,
  onEnd: (lease: PortLease) => void,
): Promise<PortLease> {
  const lease = await leases.acquire(port, {
    holder: shownName(name),
    ...(signal === undefined ? {} : { signal }),
    ...(onYield === undefined ? {} : { onYield }),
    ...(onResume === undefined ? {} : { onResume }),
  });
  const release = async (): Promise<void> => {
    onEnd(outer);
    await lease.release();
  };
  const outer: PortLease & ApiDisposable = Object.freeze({
    port,
    get isHeld() {
      return lease.isHeld;
    },
    release,
    dispose: () => {
      void release();
    },
  });
  return outer;
}

/** What the user reads of who has a port. */
function shownName(name: string): string {
  const shown = name.replaceAll(CONTROLS, ' ').trim().slice(0, LONGEST_NAME);
  return shown === '' ? 'another extension' : shown;
}
