import type { SecureContext } from 'node:tls';
import type { Clock } from '../../base/clock.ts';
import { toDisposable, type Disposable } from '../../base/disposable.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { ListeningPort } from '../listening-port.ts';
import { secureContextOf, type ServerCredentials } from '../tls-handshake.ts';
import type { ClientIdentity, TransferEvent } from '../transfer-events.ts';
import { FaultSwitch, type FaultEnd } from './fault-switch.ts';
import { isCertificateFault, needsHttps, numberOf, type FaultProfile } from './profiles.ts';

export interface FaultOptions {
  /** How often it happens before it goes off by itself, as `FaultSwitch` counts; until it is turned off when left out. Not for
   * `connectionRefused`, which nobody can count: its time is a parameter. */
  readonly requests?: number;
  /** What `faultCredentials` has made for `unknownAuthority`, `wrongName` and `expired`. */
  readonly credentials?: ServerCredentials;
}

export interface ServerFaultsOptions {
  readonly protocol: 'https' | 'http';
  readonly credentials: () => ServerCredentials | undefined;
  readonly port: ListeningPort;
  readonly clock: Clock;
  readonly emit: (event: TransferEvent) => void;
}

/** What a connection with a fault of TLS is made with. What is left out is as usual. */
export interface FaultyConnection {
  readonly secureContext?: SecureContext | undefined;
  readonly maxFragmentBytes?: number;
}

/** The faults of one server: what a {@link FaultSwitch} decides, with the certificates and the port that it takes. */
export class ServerFaults implements Disposable {
  readonly switch: FaultSwitch;
  readonly #options: ServerFaultsOptions;
  #context: SecureContext | undefined;
  #refusal: Disposable | undefined;

  constructor(options: ServerFaultsOptions) {
    this.#options = options;
    this.switch = new FaultSwitch(options.clock, options.emit);
  }

  /** @throws {OtaError} as `FirmwareServer.setFault` */
  async set(profile: FaultProfile | undefined, options: FaultOptions = {}): Promise<void> {
    const context = profile === undefined ? undefined : this.#contextFor(profile, options);
    this.#refusal?.dispose();
    this.#refusal = undefined;
    await this.#comeBack('stopped');
    if (profile === undefined) return;
    this.#context = context;
    if (profile.id !== 'connectionRefused') {
      this.switch.begin(profile, options.requests);
      return;
    }
    this.#options.port.shut();
    this.switch.begin(profile, undefined);
    const timer = this.#options.clock.after(numberOf(profile, 'seconds') * 1000, () => {
      void this.#comeBack('elapsed').catch(() => undefined);
    });
    this.#refusal = toDisposable(() => {
      timer.dispose();
    });
  }

  /** How a new connection is made when a fault of TLS is in force. */
  connection(client: ClientIdentity): FaultyConnection | undefined {
    const profile = this.switch.connection(client);
    if (profile === undefined) return undefined;
    return profile.id === 'smallRecords'
      ? { maxFragmentBytes: numberOf(profile, 'bytes') }
      : { secureContext: this.#context };
  }

  dispose(): void {
    this.#refusal?.dispose();
    this.switch.dispose();
  }

  /** A refusal ends when the port is listened on, not before. */
  #comeBack(why: FaultEnd): Promise<void> {
    return this.#options.port.reopen(() => {
      this.switch.end(why);
    });
  }

  #contextFor({ id: fault }: FaultProfile, { credentials }: FaultOptions): SecureContext | undefined {
    if (needsHttps(fault) && this.#options.protocol === 'http') throw new OtaError('server.faultNeedsHttps', { fault });
    if (fault === 'tls13Only') return secureContextOf(this.#options.credentials(), 'TLSv1.3');
    if (!isCertificateFault(fault)) return undefined;
    if (credentials === undefined) throw new OtaError('server.faultNeedsAuthority', { fault });
    return secureContextOf(credentials);
  }
}
