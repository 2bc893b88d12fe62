import type { Socket } from 'node:net';
import { createSecureContext, DEFAULT_CIPHERS, TLSSocket, type SecureContext } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';
import type {} from './errors.ts';
import { headText, planText } from './response-plan.ts';
import { tlsFailure } from './tls-failure.ts';
import type { TlsFailureCause } from './transfer-events.ts';

/** Certificate (chain without the root, leaf first) and private key, both PEM. */
export interface ServerCredentials {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface HandshakeLimits {
  /** From the connection to the end of the TLS handshake (default 20 s: a slow chip needs two for RSA). */
  readonly handshakeTimeoutMs: number;
}

export interface HandshakeOptions {
  readonly secureContext: SecureContext;
  readonly limits: HandshakeLimits;
  /** Largest record that is sent after the handshake, in bytes; brought within 512 to 16384. */
  readonly maxFragmentBytes: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** At most once, and not after `onSecure`. */
  readonly onFailed: (cause: TlsFailureCause, detail: string) => void;
  readonly onSecure: () => void;
}

/** Node's own choice with AES-128 before AES-256: four rounds less for a board to compute (and for us, two hundred times over). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  ...DEFAULT_CIPHERS.split(':').filter((one) => one !== 'TLS_AES_128_GCM_SHA256'),
].join(':');
const PLAIN_HTTP = planText(400, 'This port speaks HTTPS: the URL has to begin with https://');
const PLAIN_HTTP_ANSWER = `${headText(PLAIN_HTTP, true)}${Buffer.from(PLAIN_HTTP.body).toString()}`;

/** What handshakes are made with. TLS 1.2 (unless told not to) and 1.3.
 * @throws {OtaError} `server.credentialsInvalid` */
export function secureContextOf(
  credentials: ServerCredentials | undefined,
  minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2',
): SecureContext {
  if (credentials === undefined) throw new OtaError('server.credentialsInvalid', { reason: 'missing' });
  try {
    return createSecureContext({
      cert: credentials.certificatePem,
      key: credentials.keyPem,
      minVersion,
      ciphers: CIPHERS,
      honorCipherOrder: true,
      sessionIdContext: 'esp32-ota',
    });
  } catch (error) {
    throw new OtaError('server.credentialsInvalid', { reason: systemCode(error) ?? 'unknown' }, { cause: error });
  }
}

/** The server's side of a handshake on a fresh connection. A client that speaks plain HTTP is told so in its language. */
export function shakeHands(raw: Socket, options: HandshakeOptions): TLSSocket {
  const { secureContext, limits, maxFragmentBytes, clock, logger } = options;
  const socket = new TLSSocket(raw, { isServer: true, secureContext });
  let isOver = false;
  const fail = (cause: TlsFailureCause, detail: string): void => {
    if (isOver) return;
    isOver = true;
    options.onFailed(cause, detail);
  };
  const deadline = clock.after(limits.handshakeTimeoutMs, () => {
    fail('timeout', raw.bytesRead === 0 ? 'noBytes' : 'handshake');
    raw.destroy();
  });
  const destroy = socket.destroy.bind(socket);
  // the TLS socket destroys itself when the handshake fails: the last moment to write to the connection below it
  socket.destroy = (error) => {
    if (isOver || error === undefined || tlsFailure(error).cause !== 'plainHttpOnTls') return destroy(error);
    raw.write(PLAIN_HTTP_ANSWER, () => destroy(error));
    return socket;
  };
  socket.on('error', (error: Error) => {
    logger.trace(`${raw.remoteAddress ?? ''}: ${String(error)}`);
    const { cause, detail } = tlsFailure(error);
    fail(cause, detail);
  });
  // only requests can be half open; a handshake can't be
  socket.once('end', () => {
    if (!isOver) raw.destroy();
  });
  socket.once('close', () => {
    deadline.dispose();
    // a port scanner connects and leaves, which is no failure
    if (raw.bytesRead > 0) fail('closed', 'inHandshake');
    raw.destroy();
  });
  socket.once('secure', () => {
    deadline.dispose();
    isOver = true;
    if (maxFragmentBytes !== undefined) socket.setMaxSendFragment(Math.min(16_384, Math.max(512, maxFragmentBytes)));
    options.onSecure();
  });
  return socket;
}
