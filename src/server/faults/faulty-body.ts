import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { Disposable } from '../../base/disposable.ts';
import { sendBody, sendHeader, type Exchange, type Respond } from '../send-response.ts';

/** A chunk of a chunked answer, in bytes: no power of two, so that nothing falls together with the reader's buffers by chance. */
const CHUNK_BYTES = 5000;
/** How often a slow answer gets its next piece. */
const SLOW_STEP_MS = 50;

/** Sends what is in the plan and ends the connection there, whatever Content-Length has promised. */
export const sendAndClose: Respond = async (exchange) => {
  sendHeader(exchange);
  await sendBody(exchange);
  return false;
};

/** In chunks of its own, with a chunk extension and a trailer, which a reader has to pass over.
 * @see RFC 9112 §7.1 */
export const sendChunked: Respond = async (exchange) => {
  const { socket, plan, onSent } = exchange;
  sendHeader(exchange);
  if (exchange.request.method === 'HEAD') return socket.writable;
  for (let at = 0; at < plan.body.length; at += CHUNK_BYTES) {
    const piece = plan.body.subarray(at, at + CHUNK_BYTES);
    const size = Buffer.from(`${piece.length.toString(16)};part\r\n`);
    if (!(await write(socket, Buffer.concat([size, piece, Buffer.from('\r\n')])))) return false;
    onSent(piece.length);
  }
  return write(socket, Buffer.from('0\r\nX-End: 1\r\n\r\n'));
};

/** At a steady rate, in bytes per second. */
export function sendSlowly(bytesPerSecond: number): Respond {
  return async (exchange) => {
    const { socket, plan, clock, onSent } = exchange;
    sendHeader(exchange);
    const startMs = clock.now();
    let sent = 0;
    while (sent < plan.body.length) {
      const due = Math.floor(((clock.now() - startMs + SLOW_STEP_MS) * bytesPerSecond) / 1000);
      const piece = plan.body.subarray(sent, Math.max(due, sent + 1));
      if (!(await write(socket, piece))) return false;
      sent += piece.length;
      onSent(piece.length);
      // in step with the rate however long writing took
      const dueMs = startMs + (sent * 1000) / bytesPerSecond;
      if (sent < plan.body.length && !(await pause(socket, clock, Math.max(1, dueMs - clock.now())))) return false;
    }
    return true;
  };
}

/** Sends nothing for a while before byte `pauseAt` of the body, then the rest. */
export function sendStalling(pauseAt: number, pauseMs: number): Respond {
  return async (exchange) => {
    const { socket, plan, clock } = exchange;
    sendHeader(exchange);
    if (!(await sendBody(withBody(exchange, plan.body.subarray(0, pauseAt))))) return false;
    if (!(await pause(socket, clock, pauseMs))) return false;
    return sendBody(withBody(exchange, plan.body.subarray(pauseAt)));
  };
}

function withBody(exchange: Exchange, body: Uint8Array): Exchange {
  return { ...exchange, plan: { ...exchange.plan, body } };
}

/** @returns whether the system took it; false when the connection closed before */
function write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
  return settled(socket, (done) => {
    socket.write(bytes, (error) => {
      if (!error) done();
    });
    return undefined;
  });
}

/** @returns false when the connection closed in the meantime */
function pause(socket: Socket, clock: Clock, delayMs: number): Promise<boolean> {
  return settled(socket, (done) => clock.after(delayMs, done));
}

function settled(socket: Socket, begin: (done: () => void) => Disposable | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    if (!socket.writable) {
      resolve(false);
      return;
    }
    const onClose = (): void => {
      wait?.dispose();
      resolve(false);
    };
    socket.once('close', onClose);
    const wait = begin(() => {
      socket.off('close', onClose);
      resolve(true);
    });
  });
}
