import type { Socket } from 'node:net';
import type { Clock } from '../base/clock.ts';
import type { HttpRequest } from './http-request.ts';
import type { Release } from './release-store.ts';
import { headText, type ResponsePlan } from './response-plan.ts';

/** What is handed to the socket at once, in bytes: four TLS records, which go out while the client is busy with the four before. */
const PIECE_BYTES = 64 * 1024;
/** The same for a client that takes its time: its progress is seen more often, and it holds less memory. */
const SLOW_PIECE_BYTES = 16 * 1024;
/** A piece that took longer than this to hand over went to a slow client. */
const SLOW_MS = 50;

/** One request and where its answer goes. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly socket: Socket;
  readonly plan: ResponsePlan;
  /** Whether the connection ends with this answer. */
  readonly isLast: boolean;
  /** Absent for errors and the manifest. */
  readonly release: Release | undefined;
  readonly clock: Clock;
  /** To be called with the number of body bytes that the system has taken since the last call. */
  readonly onSent: (bytes: number) => void;
}

/** Answers a request. {@link sendResponse} does it as planned; another one may do it worse, on purpose.
 * @returns whether everything was handed to the system; false when the connection was closed before */
export type Respond = (exchange: Exchange) => Promise<boolean>;

/** Sends the header, then the body, honouring back-pressure.
 *
 * The header goes out by itself (its own TLS record, its own packet): some versions of `esp_http_client` lose body bytes that come with it. */
export const sendResponse: Respond = (exchange) => {
  sendHeader(exchange);
  return sendBody(exchange);
};

export function sendHeader({ socket, plan, isLast }: Exchange): void {
  if (socket.writable) socket.write(headText(plan, isLast), 'latin1');
}

export function sendBody({ socket, plan: { body }, clock, onSent }: Exchange): Promise<boolean> {
  return new Promise((resolve) => {
    let offset = 0;
    let takenBytes = 0;
    let pieceBytes = PIECE_BYTES;
    let sinceMs = clock.now();
    const finish = (isSent: boolean): void => {
      socket.off('close', onClose);
      resolve(isSent);
    };
    const onClose = (): void => {
      finish(false);
    };
    const send = (): void => {
      const piece = body.subarray(offset, offset + pieceBytes);
      offset += piece.length;
      socket.write(piece, (error) => {
        if (!error) onTaken(piece.length);
      });
    };
    const onTaken = (bytes: number): void => {
      const nowMs = clock.now();
      pieceBytes = nowMs - sinceMs > SLOW_MS ? SLOW_PIECE_BYTES : PIECE_BYTES;
      sinceMs = nowMs;
      if (offset < body.length) send();
      takenBytes += bytes;
      onSent(bytes);
      if (takenBytes === body.length) finish(true);
    };
    if (!socket.writable || body.length === 0) {
      resolve(socket.writable);
      return;
    }
    socket.once('close', onClose);
    send();
  });
}
