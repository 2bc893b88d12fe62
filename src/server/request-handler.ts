import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { announcedFacts } from './announced-facts.ts';
import { parseRange } from './range.ts';
import type { Release, ReleaseStore, Resolved } from './release-store.ts';
import { planResponse, planText, planUnsatisfiable, type Representation, type ResponsePlan } from './response-plan.ts';
import type { Exchange, Respond } from './send-response.ts';
import type { ClientIdentity, TransferEvent } from './transfer-events.ts';
import type { Transfer, TransferLedger } from './transfer-ledger.ts';
import { TransferRate } from './transfer-rate.ts';

/** Requests with a longer body are refused, in bytes; none of ours has any. */
const MAX_REQUEST_BODY_BYTES = 16 * 1024;
/** Least time between two progress events of a request. */
const PROGRESS_INTERVAL_MS = 100;
/** How long a client that was sent everything can still reset the connection before the transfer counts as complete. */
const VERDICT_AFTER_MS = 3000;

/** What is known of a connection, for the requests that come over it. */
export interface Connection {
  readonly number: number;
  readonly client: ClientIdentity;
  readonly tls?: { readonly version: string; readonly cipher: string };
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
  readonly emit: (event: TransferEvent) => void;
  readonly nextId: () => string;
}

interface Decision {
  readonly plan: ResponsePlan;
  readonly release?: Release;
  readonly transfer?: Transfer;
}

/** Answers one request and tells what became of it. Never rejects. */
export async function handleRequest(
  context: RequestContext,
  connection: Connection,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { clock, emit, ledger } = context;
  connection.settle?.(false);
  connection.requests += 1;
  const { plan, release, transfer } = decide(context, connection, request, response);
  const startMs = clock.now();
  const identity = {
    id: context.nextId(),
    client: connection.client,
    ...(transfer && { transferId: transfer.id }),
  };
  emit({
    kind: 'requested',
    atMs: startMs,
    ...identity,
    ...describe(request, connection),
    status: plan.status,
    ...(release && { releaseId: release.id }),
  });

  let sentBytes = 0;
  let toldMs = startMs;
  const rate = new TransferRate(startMs);
  const tellProgress = (isLast: boolean): void => {
    const atMs = clock.now();
    const bytesPerSecond = rate.note(atMs, sentBytes);
    if (release === undefined || (!isLast && atMs - toldMs < PROGRESS_INTERVAL_MS)) return;
    toldMs = atMs;
    emit({
      kind: 'progress',
      atMs,
      ...identity,
      releaseId: release.id,
      sentBytes,
      offsetBytes: plan.startBytes + sentBytes,
      totalBytes: release.bytes.length,
      bytesPerSecond,
    });
  };
  const onSent = (bytes: number): void => {
    sentBytes += bytes;
    if (transfer !== undefined) ledger.sent(transfer, plan.startBytes + sentBytes);
    tellProgress(sentBytes === plan.body.length);
  };

  const hold = release && context.store.hold(release);
  if (transfer !== undefined) ledger.opened(transfer);
  const isSent = await respondSafely(context, { request, response, plan, release, onSent });
  if (transfer !== undefined) ledger.closed(transfer);
  const isTaken =
    isSent && (plan.body.length === 0 || release === undefined || (await isKept(connection, response, clock)));
  hold?.dispose();
  emit({
    kind: 'ended',
    atMs: clock.now(),
    ...identity,
    ...(release && { releaseId: release.id, startBytes: plan.startBytes, totalBytes: release.bytes.length }),
    outcome: !isTaken ? 'aborted' : plan.status >= 400 ? 'failed' : 'complete',
    sentBytes,
    status: plan.status,
    durationMs: clock.now() - startMs,
  });
}

async function respondSafely(context: RequestContext, exchange: Exchange): Promise<boolean> {
  try {
    return await context.respond(exchange);
  } catch (error) {
    context.logger.error(`answering ${exchange.request.url ?? ''} failed: ${String(error)}`);
    exchange.response.destroy();
    return false;
  }
}

/** Everything is with the system, some of it perhaps not yet with the client. A client that resets the connection now did not want the
 * rest; one that closes it, asks for something else or simply stays has it all. */
function isKept(connection: Connection, response: ServerResponse, clock: Clock): Promise<boolean> {
  if (response.req.socket.destroyed) return Promise.resolve(response.req.socket.errored === null);
  return new Promise((resolve) => {
    const settle = (wasReset: boolean): void => {
      timer.dispose();
      if (connection.settle === settle) connection.settle = undefined;
      resolve(!wasReset);
    };
    const timer = clock.after(VERDICT_AFTER_MS, () => {
      settle(false);
    });
    connection.settle = settle;
  });
}

function decide(
  context: RequestContext,
  connection: Connection,
  request: IncomingMessage,
  response: ServerResponse,
): Decision {
  const { method } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.shouldKeepAlive = false;
    return { plan: planText(405, 'Only GET and HEAD are answered here.', { headers: [['Allow', 'GET, HEAD']] }) };
  }
  const isHead = method === 'HEAD';
  const bodyBytes = Number(request.headers['content-length'] ?? 0);
  if (request.headers['transfer-encoding'] !== undefined || bodyBytes > MAX_REQUEST_BODY_BYTES) {
    response.shouldKeepAlive = false;
    return { plan: planText(413, 'A request needs no body here.', { isHead }) };
  }
  const resolved = context.store.resolve(request.url ?? '');
  if (resolved === undefined)
    return { plan: planText(404, 'Not found: no release is published under this path.', { isHead }) };
  if (resolved.kind === 'manifest')
    return { plan: planResponse(method, request.headers, manifestOf(resolved.release)) };
  return decideRelease(context, connection, request, method, resolved);
}

function decideRelease(
  context: RequestContext,
  connection: Connection,
  request: IncomingMessage,
  method: 'GET' | 'HEAD',
  resolved: Resolved,
): Decision {
  const { headers } = request;
  const newest = resolved.release;
  const tag = /^\s*"([\da-f]{64})"\s*$/.exec(String(headers['if-range'] ?? ''))?.[1];
  const ifRange = tag === undefined || resolved.kind === 'pinned' ? undefined : context.store.find(newest.name, tag);
  // a condition that no release meets asks for the whole of the newest, RFC 9110 §13.1.5
  const isRangeDropped = headers['if-range'] !== undefined && tag !== (ifRange ?? newest).sha256;
  // only where the range begins matters here, which does not depend on the size of the release
  const range = isRangeDropped ? undefined : parseRange(headers.range, Number.MAX_SAFE_INTEGER);
  const isSuffix = /=\s*-/.test(headers.range ?? '');
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

function manifestOf({ manifest }: Release): Representation {
  const bytes = new TextEncoder().encode(manifest);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex'), contentType: 'application/json' };
}

function describe(request: IncomingMessage, connection: Connection) {
  const userAgent = request.headers['user-agent']?.slice(0, 256);
  const range = request.headers.range?.slice(0, 256);
  const announced = announcedFacts(request.headers);
  return {
    method: (request.method ?? '').slice(0, 32),
    path: (request.url ?? '').slice(0, 1024),
    ...(connection.tls && { tls: connection.tls }),
    ...(userAgent !== undefined && { userAgent }),
    ...(range !== undefined && { range }),
    ...(announced && { announced }),
  };
}
