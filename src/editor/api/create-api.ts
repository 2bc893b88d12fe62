import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DisposableStore, toDisposable, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Logger } from '../../base/logger.ts';
import { OtaError } from '../../base/ota-error.ts';
import { OWN_HOLDERS } from '../../serial/holders.ts';
import type { LeaseRequest, PortLeases } from '../../serial/port-lease.ts';
import type { WindowSession } from '../window-session.ts';
import type { ApiDisposable, ApiEvent, Esp32OtaApi, LeaseOptions, PortLease } from './api.ts';
import { BORROWER } from '../interop/port-loans.ts';
import { deliveryInfo, frozen, serverInfo, slotsInfo, stepInfo, transferInfo } from './plain.ts';

/** Semantic version of what {@link createApi} gives. */
export const API_VERSION = '1.0.0';

const LONGEST_NAME = 60;
/** A name stands in a terminal and in messages. */
const CONTROLS = /[\x00-\x1f\x7f-\x9f]+/g;
/** Names by which we know who has a port. */
const RESERVED: ReadonlySet<string> = new Set([...OWN_HOLDERS, BORROWER.toLowerCase()]);

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
      // by what is trusted: the server's own certificate is another one at each change of addresses
      const digest = createHash('sha256').update(certificate.trustPem).digest('hex');
      const path = join(folder, `trusted-${digest.slice(0, 16)}.pem`);
      await files.writeAtomic(path, certificate.trustPem);
      return frozen({ path, pem: certificate.trustPem });
    },
    onDidChangeServer: serverChanges.event,
    onDidTransfer: transfers.event,
    selectedPort: () => ports.selected,
    portHolder: async (port) => {
      requireRunning();
      requireOption(typeof port === 'string', 'port', 'text');
      return (await leases()).holderOf(port);
    },
    leasePort: async (port, options) => {
      requireRunning();
      if (!isTrusted()) throw new OtaError('command.untrusted', {});
      const request = checkedRequest(port, options, log);
      const lease = await takePort(await leases(), port, request, (ended) => held.delete(ended));
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
  request: LeaseRequest,
  onEnd: (lease: PortLease) => void,
): Promise<PortLease> {
  const lease = await leases.acquire(port, request);
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

/** What another extension calls {@link Esp32OtaApi.leasePort} with, whatever its own compiler has let pass.
 * @throws {OtaError} `api.badOption` */
function checkedRequest(port: unknown, options: unknown, log: Logger): LeaseRequest {
  requireOption(typeof port === 'string', 'port', 'text');
  requireOption(typeof options === 'object' && options !== null, 'options', 'an object');
  const { name, signal, onYield, onResume } = options as Partial<Record<keyof LeaseOptions, unknown>>;
  const holder = typeof name === 'string' ? shownName(name) : '';
  requireOption(holder !== '' && !RESERVED.has(holder.toLowerCase()), 'name', 'a name of its own');
  requireOption(signal === undefined || signal instanceof AbortSignal, 'signal', 'an AbortSignal');
  requireOption(onYield === undefined || typeof onYield === 'function', 'onYield', 'a function');
  requireOption(onResume === undefined || typeof onResume === 'function', 'onResume', 'a function');
  const { onYield: yields, onResume: resumes } = options as LeaseOptions;
  return {
    holder,
    ...(signal === undefined ? {} : { signal }),
    // their function may return nothing, or throw at once
    ...(yields === undefined
      ? {}
      : {
          onYield: async (requester) => {
            await yields(requester);
          },
        }),
    ...(resumes === undefined
      ? {}
      : {
          onResume: () => {
            void (async () => {
              await resumes();
            })().catch((error: unknown) => {
              log.error(`resuming ${holder} failed: ${String(error)}`);
            });
          },
        }),
  };
}

function requireOption(isGood: boolean, option: string, allowed: string): asserts isGood {
  if (!isGood) throw new OtaError('api.badOption', { option, allowed });
}

/** What the user reads of who has a port. */
function shownName(name: string): string {
  return name.replaceAll(CONTROLS, ' ').trim().slice(0, LONGEST_NAME);
}
