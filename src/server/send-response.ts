import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResponsePlan } from './response-plan.ts';
import type { Release } from './release-store.ts';

/** How much is handed to the socket at once, in bytes: what a slow client costs in memory. */
const PIECE_BYTES = 131072;

/** One request and where its answer goes. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly plan: ResponsePlan;
  /** Absent for errors and the manifest. */
  readonly release: Release | undefined;
  /** To be called with the number of body bytes that the system has taken since the last call. */
  readonly onSent: (bytes: number) => void;
}

/** Answers a request. {@link sendResponse} does it as planned; another one may do it worse, on purpose.
 * @returns whether everything was handed to the system; false when the connection was closed before */
export type Respond = (exchange: Exchange) => Promise<boolean>;

/** Sends the header, then the body, honouring back-pressure.
 *
 * The header goes out by itself: some versions of `esp_http_client` lose body bytes that arrive in the packet of the header. */
export const sendResponse: Respond = async (exchange) => {
  sendHeader(exchange);
  return sendBody(exchange);
};

/** Writes status line and headers at once, as few as HTTP allows. */
export function sendHeader({ request, response, plan }: Exchange): void {
  response.sendDate = false;
  // persistence goes without saying in HTTP/1.1; an older client is told that the connection ends
  if (request.httpVersion === '1.1' && response.shouldKeepAlive) response.removeHeader('Connection');
  else response.setHeader('Connection', 'close');
  response.writeHead(plan.status, plan.headers.flat());
  response.flushHeaders();
}

export function sendBody({ request, response, plan, onSent }: Exchange): Promise<boolean> {
  const { body } = plan;
  return new Promise((resolve) => {
    let offset = 0;
    const finish = (isSent: boolean) => () => {
      response.off('close', onClose);
      resolve(isSent);
    };
    const onClose = finish(false);
    const pump = (): void => {
      while (offset < body.length) {
        const piece = body.subarray(offset, offset + PIECE_BYTES);
        offset += piece.length;
        const goesOn = response.write(piece, (error) => {
          if (!error) onSent(piece.length);
        });
        if (!goesOn && offset < body.length) {
          response.once('drain', pump);
          return;
        }
      }
      response.end(finish(true));
    };
    // a pipelined request's response has no socket yet
    if (response.destroyed || request.socket.destroyed) {
      resolve(false);
      return;
    }
    response.once('close', onClose);
    pump();
  });
}
