import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { HttpRequest } from '../http-request.ts';
import type { Release } from '../release-store.ts';
import type { Representation, ResponsePlan } from '../response-plan.ts';
import type { ClientIdentity, TransferEvent } from '../transfer-events.ts';
import type { Transfer } from '../transfer-ledger.ts';
import { faultedAnswer, faultyImage, hopsOf, imageAnswer, type FaultedAnswer } from './faulted-answer.ts';
import { faultKind, type FaultProfile } from './profiles.ts';

/** The fault in force. */
export interface FaultState {
  readonly profile: FaultProfile;
  readonly sinceMs: number;
  /** How often it is to happen before it goes off by itself; undefined: until it is stopped. */
  readonly requests: number | undefined;
  /** How often it has happened. */
  readonly used: number;
}

/** `spent`: it has happened as often as it was to. `elapsed`: its time is over. `stopped`: somebody turned it off, or another one on. */
export type FaultEnd = 'spent' | 'elapsed' | 'stopped';

export type FaultChange =
  | { readonly kind: 'on' | 'used'; readonly state: FaultState }
  | { readonly kind: 'off'; readonly state: FaultState; readonly why: FaultEnd };

export interface FaultQuestion {
  readonly id: string;
  readonly client: ClientIdentity;
  readonly request: HttpRequest;
  readonly plan: ResponsePlan;
  readonly release: Release;
  readonly transfer: Transfer;
  /** What the client has said that it runs. */
  readonly runningVersion: string | undefined;
}

/** How long the end of the last chain of redirections is waited for. */
const CHAIN_MS = 10_000;

/** Which fault is in force, and for how long. Knows nothing of sockets.
 *
 * What is counted: downloads where the image is faulty (all requests of a download get the same bytes, even after the fault is off);
 * connections where TLS is; requests else (a chain of redirections is one). */
export class FaultSwitch {
  readonly #clock: Clock;
  readonly #emit: (event: TransferEvent) => void;
  readonly #changes = new Emitter<FaultChange>();
  readonly #images = new WeakMap<Transfer, Representation>();
  #made:
    | {
        readonly profile: FaultProfile;
        readonly release: Release;
        readonly version: string | undefined;
        readonly image: Representation;
      }
    | undefined;
  #isDisposed = false;
  #wasOn = false;
  #state: FaultState | undefined;
  #timer: Disposable | undefined;

  readonly onChange = this.#changes.event;

  constructor(clock: Clock, emit: (event: TransferEvent) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  get state(): FaultState | undefined {
    return this.#state;
  }

  /** Whether a fault is in force or was: downloads that began under one end with it. */
  get wasOn(): boolean {
    return this.#wasOn;
  }

  begin(profile: FaultProfile, requests: number | undefined): void {
    this.end('stopped');
    if (this.#isDisposed) return;
    this.#wasOn = true;
    this.#state = { profile, sinceMs: this.#clock.now(), requests, used: 0 };
    this.#changes.fire({ kind: 'on', state: this.#state });
  }

  end(why: FaultEnd): void {
    this.#timer?.dispose();
    this.#timer = undefined;
    const state = this.#state;
    this.#state = undefined;
    this.#made = undefined;
    if (state !== undefined) this.#changes.fire({ kind: 'off', state, why });
  }

  /** The fault that a new connection gets, which counts as one. */
  connection(client: ClientIdentity): FaultProfile | undefined {
    const profile = this.#state?.profile;
    if (profile === undefined || faultKind(profile.id).group !== 'tls') return undefined;
    this.#emit({ kind: 'fault', atMs: this.#clock.now(), client, fault: profile.id });
    this.#use();
    return profile;
  }

  /** Whether plain HTTP is answered on a port of HTTPS: where the way down is what goes wrong. */
  get isPlainAnswered(): boolean {
    return this.#state?.profile.id === 'redirectToHttp';
  }

  /** The answer to a request of a release with the fault in it, or undefined when it goes as planned. */
  answer(question: FaultQuestion, origin: string): FaultedAnswer | undefined {
    const { request, plan, release, transfer } = question;
    const begun = this.#images.get(transfer);
    if (begun !== undefined) return imageAnswer(request, begun);
    const profile = this.#state?.profile;
    if (profile === undefined) return undefined;
    if (profile.id.startsWith('redirect') && this.#isChainOver(request.target)) return undefined;
    const image = isBeginning(request) ? this.#imageFor(profile, release, question.runningVersion) : undefined;
    if (image !== undefined) this.#images.set(transfer, image);
    const answer =
      image === undefined ? faultedAnswer(profile, request, plan, release, origin) : imageAnswer(request, image);
    if (answer === undefined) return undefined;
    this.#emit({
      kind: 'fault',
      atMs: this.#clock.now(),
      client: question.client,
      fault: profile.id,
      id: question.id,
    });
    if (this.#isCounted(profile, request, image)) this.#use();
    return answer;
  }

  /** The same bytes for all downloads of a release under one fault, in memory once. */
  #imageFor(profile: FaultProfile, release: Release, version: string | undefined): Representation | undefined {
    const made = this.#made;
    if (made?.profile === profile && made.release === release && made.version === version) return made.image;
    const image = faultyImage(profile, release, version);
    this.#made = image && { profile, release, version, image };
    return image;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.end('stopped');
    this.#changes.dispose();
  }

  #isCounted({ id }: FaultProfile, request: HttpRequest, image: Representation | undefined): boolean {
    if (image !== undefined || id.startsWith('status')) return true;
    return request.method === 'GET' && hopsOf(request.target) === 0;
  }

  /** The last chain that was to be redirected has come to its end, or its client has given it up. */
  #isChainOver(target: string): boolean {
    const state = this.#state;
    if (state?.requests === undefined || state.used < state.requests) return false;
    const isNew = hopsOf(target) === 0;
    const count = state.profile.parameters['count'];
    const isEnd = hopsOf(target) >= (typeof count === 'number' ? count : 1);
    if (isNew || isEnd) this.end('spent');
    return isNew || isEnd;
  }

  #use(): void {
    if (this.#state === undefined) return;
    const state = { ...this.#state, used: this.#state.used + 1 };
    this.#state = state;
    this.#changes.fire({ kind: 'used', state });
    if (state.requests === undefined || state.used < state.requests) return;
    if (!state.profile.id.startsWith('redirect')) {
      this.end('spent');
      return;
    }
    this.#timer = this.#clock.after(CHAIN_MS, () => {
      this.end('spent');
    });
  }
}

/** A range from further on belongs to a download that has begun on the good image. */
function isBeginning({ method, headers }: HttpRequest): boolean {
  const { range } = headers;
  return method === 'HEAD' || range === undefined || /^bytes=\s*0-/i.test(range);
}
