import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { withoutControls } from '../base/plain-text.ts';
import { announcedFacts } from './announced-facts.ts';
import type { FaultQuestion } from './faults/fault-switch.ts';
import type { FaultedAnswer } from './faults/faulted-answer.ts';
import type { HttpRequest } from './http-request.ts';
import { parseRange } from './range.ts';
import type { Release, ReleaseStore, Resolved } from './release-store.ts';
import { planResponse, planText, planUnsatisfiable, type Representation, type ResponsePlan } from './response-plan.ts';
import type { Exchange, Respond } from './send-response.ts';
import type { ClientIdentity, TransferEvent } from './transfer-events.ts';
import type { Transfer, TransferLedger } from './transfer-ledger.ts';
import { TransferRate } from './transfer-rate.ts';

/** Requests with a longer body are refused, in bytes; none of ours has any. */
const MAX_REQUEST_BODY_BYTES = 16 * 1024;
/** A request is told when the first bytes of its answer have gone out, and after this time at the latest. */
const TELL_REQUEST_WITHIN_MS = 20;
/** Least time between two progress events of a request. */
const PROGRESS_INTERVAL_MS = 100;
/** How long a client that was sent everything can still reset the connection before the transfer counts as complete. */
const VERDICT_AFTER_MS = 3000;

/** What is known of a connection, for the requests that come over it. */
export interface Connection {
  readonly number: number;
  readonly client: ClientIdentity;
  /** Undefined over plain HTTP. */
  readonly tls: () => { readonly version: string; readonly cipher: string } | undefined;
  requests: number;
  /** Ends the wait for the last answer's verdict: the next request has come (`false`) or the connection has closed. */
  settle?: ((wasReset: boolean) => void) | undefined;
}

export interface RequestContext {
  readonly store: ReleaseStore;
  readonly ledger: TransferLedger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly respond: Respond;
  /** The answer with the fault that is in force, if any. The question is made only for one. */
  readonly fault: (question: () => FaultQuestion) => FaultedAnswer | undefined;
  readonly emit: (event: TransferEvent) => void;
  readonly nextId: () => string;
}

interface Decision {
  readonly plan: ResponsePlan;
  readonly release?: Release;
  readonly transfer?: Transfer;
  /** How it is answered, when not as usual. */
  readonly respond?: Respond;
}

/** Answers one request and tells what became of it. Never rejects.
 * @returns once everything was handed to the system (what the client makes of it may be told later), whether the connection may serve
 * another request */
export async function handleRequest(
  context: RequestContext,
  connection: Connection,
  request: HttpRequest,
  socket: Socket,
): Promise<boolean> {
  const { clock, emit, ledger } = context;
  connection.settle?.(false);
  connection.requests += 1;
  const id = context.nextId();
  const { plan, release, transfer, respond } = withFault(
    context,
    connection,
    request,
    id,
    decide(context, connection, request),
  );
  const isLast = request.isLast || plan.isLast === true;
  const startMs = clock.now();
  const identity = { id, client: connection.client, ...(transfer && { transferId: transfer.id }) };
  const rate = new TransferRate(startMs);
  let sentBytes = 0;
  let toldMs = startMs;

  const onSent = (bytes: number): void => {
    tellRequested();
    sentBytes += bytes;
    if (transfer !== undefined) ledger.sent(transfer, plan.startBytes + sentBytes);
    const atMs = clock.now();
    const isDue = sentBytes === plan.body.length || atMs - toldMs >= PROGRESS_INTERVAL_MS;
    if (release === undefined || !isDue) return;
    const bytesPerSecond = rate.note(atMs, sentBytes);
    toldMs = atMs;
    const offsetBytes = plan.startBytes + sentBytes;
    const totalBytes = release.bytes.length;
    emit({
      kind: 'progress',
      atMs,
      ...identity,
      releaseId: release.id,
      sentBytes,
      offsetBytes,
      totalBytes,
      bytesPerSecond,
    });
  };

  let isTold = false;
  const tellRequested = (): void => {
    if (isTold) return;
    isTold = true;
    emit({
      kind: 'requested',
      atMs: startMs,
      ...identity,
      ...describe(request, connection),
      status: plan.status,
      ...(release && { releaseId: release.id }),
    });
  };

  if (transfer !== undefined) ledger.opened(transfer);
  // told once the answer is on its way: whoever listens does not make a board wait
  const latest = clock.after(TELL_REQUEST_WITHIN_MS, tellRequested);
  const isSent = await respondSafely(context, respond ?? context.respond, {
    request,
    socket,
    plan,
    isLast,
    release,
    clock,
    onSent,
  });
  latest.dispose();
  tellRequested();
  if (transfer !== undefined) ledger.closed(transfer);

  const conclude = (isKept: boolean): void => {
    const atMs = clock.now();
    emit({
      kind: 'ended',
      atMs,
      ...identity,
      ...(release && { releaseId: release.id, startBytes: plan.startBytes, totalBytes: release.bytes.length }),
      outcome: !isKept ? 'aborted' : plan.status >= 400 ? 'failed' : 'complete',
      sentBytes,
      status: plan.status,
      durationMs: atMs - startMs,
    });
  };
  if (isSent && plan.body.length > 0 && release !== undefined) untilKept(connection, socket, clock, conclude);
  else conclude(isSent);
  return isSent && !isLast;
}

async function respondSafely(context: RequestContext, respond: Respond, exchange: Exchange): Promise<boolean> {
  try {
    return await respond(exchange);
  } catch (error) {
    context.logger.error(`answering ${exchange.request.target} failed: ${String(error)}`);
    exchange.socket.destroy();
    return false;
  }
}

/** Everything is with the system, some of it perhaps not yet with the client. A client that resets the connection now did not want the
 * rest; one that closes it, asks for something else or simply stays has it all. */
function untilKept(connection: Connection, socket: Socket, clock: Clock, conclude: (isKept: boolean) => void): void {
  if (socket.destroyed) {
    conclude(socket.errored === null);
    return;
  }
  const settle = (wasReset: boolean): void => {
    timer.dispose();
    connection.settle = undefined;
    conclude(!wasReset);
  };
  const timer = clock.after(VERDICT_AFTER_MS, () => {
    settle(false);
  });
  connection.settle = settle;
}

function decide(context: RequestContext, connection: Connection, request: HttpRequest): Decision {
  const { method, bodyBytes } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    const headers = [['Allow', 'GET, HEAD']] as const;
    return { plan: planText(405, 'Only GET and HEAD are answered here.', { isLast: true, headers }) };
  }
  const isHead = method === 'HEAD';
  if (bodyBytes === undefined || bodyBytes > MAX_REQUEST_BODY_BYTES) {
    return { plan: planText(413, 'A request needs no body here.', { isHead, isLast: true }) };
  }
  const resolved = context.store.resolve(request.target);
  if (resolved === undefined)
    return { plan: planText(404, 'Not found: no release is published under this path.', { isHead }) };
  if (resolved.kind === 'manifest')
    return { plan: planResponse(method, request.headers, manifestOf(resolved.release)) };
  return decideRelease(context, connection, request, method, resolved);
}

function decideRelease(
  context: RequestContext,
  connection: Connection,
  request: HttpRequest,
  method: 'GET' | 'HEAD',
  resolved: Resolved,
): Decision {
  const { headers } = request;
  const newest = resolved.release;
  const condition = headers['if-range'];
  const tag = condition !== undefined ? /^\s*"([\da-f]{64})"\s*$/.exec(condition)?.[1] : undefined;
  const ifRange = tag === undefined || resolved.kind === 'pinned' ? undefined : context.store.find(newest.name, tag);
  // a condition that no release meets asks for the whole of the newest, RFC 9110 §13.1.5
  const isRangeDropped = condition !== undefined && tag !== (ifRange ?? newest).sha256;
  // only where the range begins matters here, which does not depend on the size of the release
  const range = isRangeDropped ? undefined : parseRange(headers['range'], Number.MAX_SAFE_INTEGER);
  const isSuffix = /=\s*-/.test(headers['range'] ?? '');
  const transfer = context.ledger.assign(
    {
      address: connection.client.address,
      path: newest.paths[resolved.kind === 'pinned' ? 'pinned' : 'newest'],
      method,
      rangeStart: typeof range === 'object' && !isSuffix ? range.start : undefined,
      connection: connection.number,
      mac: announcedFacts(headers)?.mac,
      ifRange,
    },
    newest,
  );
  if (transfer === undefined) return { plan: planUnsatisfiable(newest.bytes.length), release: newest };
  const { release } = transfer;
  const plan = planResponse(method, headers, {
    bytes: release.bytes,
    sha256: release.sha256,
    contentType: 'application/octet-stream',
  });
  return { plan, release, transfer };
}

/** The decision with the fault that is in force. An answer that sends nothing of the release is no part of a transfer. */
function withFault(
  context: RequestContext,
  connection: Connection,
  request: HttpRequest,
  id: string,
  decision: Decision,
): Decision {
  const { plan, release, transfer } = decision;
  if (release === undefined || transfer === undefined) return decision;
  const faulted = context.fault(() => {
    const runningVersion = announcedFacts(request.headers)?.runningVersion;
    return { id, client: connection.client, request, plan, release, transfer, runningVersion };
  });
  if (faulted === undefined) return decision;
  return faulted.plan.status >= 300 ? faulted : { ...faulted, release, transfer };
}

function manifestOf({ manifest }: Release): Representation {
  const bytes = new TextEncoder().encode(manifest);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), contentType: 'application/json' };
}

function describe(request: HttpRequest, connection: Connection) {
  const tls = connection.tls();
  const shown = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : withoutControls(text).slice(0, 256);
  const userAgent = shown(request.headers['user-agent']);
  const range = shown(request.headers['range']);
  const announced = announcedFacts(request.headers);
  return {
    method: request.method,
    path: withoutControls(request.target).slice(0, 1024),
    ...(tls && { tls }),
    ...(userAgent !== undefined && { userAgent }),
    ...(range !== undefined && { range }),
    ...(announced && { announced }),
  };
}
