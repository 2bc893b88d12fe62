import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import { parseRequestHead, type HttpRequest } from './http-request.ts';
import { headText, planText } from './response-plan.ts';

export interface HttpLimits {
  /** From a connection's or a request's first byte to the end of the request's head (default 15 s). */
  readonly headersTimeoutMs: number;
  /** How long an idle connection is kept for the next request (default 75 s: a board writes flash in between, and a connection that closes
   * just then is an error to it). */
  readonly keepAliveMs: number;
  /** How long a client may take nothing of an answer (default 5 min). */
  readonly stallTimeoutMs: number;
  /** Request line and headers together (default 8 KiB). */
  readonly maxHeaderBytes: number;
}

/** How long a client has to close its side after the last answer. */
const LINGER_MS = 5000;
const NOTHING = Buffer.alloc(0);

/**
 * Takes requests from a connection, one after the other, and closes it after the last one. Node's own HTTP server is not used: it costs
 * a third of a millisecond for each connection (a board makes one for each part of a download), reads ahead without limit what a client
 * sends while it is being answered, and has no way to answer badly on purpose.
 *
 * @returns `begin`, to be called when requests can come (after the handshake): time counts from then on
 * @param handle answers one request; says whether the connection may serve another one. The next request is read only then.
 */
export function serveHttp(
  socket: Socket,
  limits: HttpLimits,
  clock: Clock,
  handle: (request: HttpRequest) => Promise<boolean>,
): { readonly begin: () => void } {
  let received: Buffer = NOTHING;
  /** Body bytes of the last request that are still to be skipped. */
  let toSkip = 0;
  let isBusy = false;
  let isOver = false;
  let hasEnded = false;
  let isAwaitingHead = false;
  let timer: Disposable | undefined;

  const wait = (afterMs: number, run: () => void): void => {
    timer?.dispose();
    isAwaitingHead = false;
    timer = clock.after(afterMs, run);
  };
  const close = (): void => {
    if (isOver) return;
    isOver = true;
    received = NOTHING;
    socket.resume();
    socket.end();
    wait(LINGER_MS, () => {
      socket.destroy();
    });
  };
  const refuse = (status: 400 | 408 | 431 | 505): void => {
    const plan = planText(status, 'The request could not be understood.');
    socket.write(`${headText(plan, true)}${Buffer.from(plan.body).toString()}`);
    close();
  };
  const awaitHead = (): void => {
    wait(limits.headersTimeoutMs, () => {
      refuse(408);
    });
    isAwaitingHead = true;
  };

  const next = (): void => {
    if (isBusy || isOver) return;
    const skipped = Math.min(toSkip, received.length);
    toSkip -= skipped;
    if (skipped > 0) received = received.subarray(skipped);
    const text = received.toString('latin1', 0, limits.maxHeaderBytes + 4);
    // empty lines before a request are passed over, RFC 9112 §2.2
    const start = /^[\r\n]*/.exec(text)?.[0].length ?? 0;
    const end = /\r?\n\r?\n/.exec(text.slice(start));
    if (end === null) {
      if (text.length > limits.maxHeaderBytes) refuse(431);
      else if (hasEnded) close();
      return;
    }
    const head = parseRequestHead(text.slice(start, start + end.index));
    if (typeof head === 'number') {
      refuse(head);
      return;
    }
    timer?.dispose();
    isAwaitingHead = false;
    received = received.subarray(start + end.index + end[0].length);
    toSkip = head.bodyBytes ?? 0;
    isBusy = true;
    void handle(head).then((goesOn) => {
      isBusy = false;
      if (!goesOn || head.isLast || socket.destroyed) {
        close();
        return;
      }
      if (received.length > 0) awaitHead();
      else
        wait(limits.keepAliveMs, () => {
          socket.destroy();
        });
      socket.resume();
      next();
    });
  };

  socket.setTimeout(limits.stallTimeoutMs, () => {
    socket.destroy();
  });
  socket.on('data', (piece: Buffer) => {
    if (isOver) return;
    if (!isBusy && !isAwaitingHead) awaitHead();
    received = received.length === 0 ? piece : Buffer.concat([received, piece]);
    // what a client sends while it is being answered is not read without limit
    if (isBusy && received.length > limits.maxHeaderBytes) socket.pause();
    next();
  });
  socket.on('end', () => {
    hasEnded = true;
    if (!isBusy) close();
  });
  socket.once('close', () => {
    isOver = true;
    timer?.dispose();
  });
  return { begin: awaitHead };
}
