import { createServer, STATUS_CODES, type Server } from 'node:http';
import { isIPv6, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, DEFAULT_CIPHERS, TLSSocket, type SecureContext } from 'node:tls';
import { throwIfCancelled } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';
import { plainAddress } from './client-address.ts';
import { ConnectionGate, type AllowedClients, type ConnectionLimits } from './connection-gate.ts';
import type {} from './errors.ts';
import type { ReleaseStore } from './release-store.ts';
import { handleRequest, type Connection, type RequestContext } from './request-handler.ts';
import { sendResponse, type Respond } from './send-response.ts';
import { tlsFailure } from './tls-failure.ts';
import type { ClientIdentity, TlsFailureCause, TransferEvent } from './transfer-events.ts';
import { TransferLedger } from './transfer-ledger.ts';

/** Certificate (chain without the root, leaf first) and private key, both PEM. */
export interface ServerCredentials {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface ServerLimits extends ConnectionLimits {
  /** From the connection to the end of the TLS handshake (default 20 s: a slow chip needs two for RSA). */
  readonly handshakeTimeoutMs: number;
  /** From a request's first byte to the end of its header (default 15 s). */
  readonly headersTimeoutMs: number;
  /** How long an idle connection is kept for the next request (default 75 s: a board writes flash in between, and a
   * connection that closes just then is an error to it). */
  readonly keepAliveMs: number;
  /** How long a client may take nothing of an answer (default 5 min). */
  readonly stallTimeoutMs: number;
  /** Request line and headers together (default 8 KiB). */
  readonly maxHeaderBytes: number;
}

/** What can be changed while the server runs. */
export interface ServerSettings {
  /** Needed for HTTPS. */
  readonly credentials?: ServerCredentials;
  /** Largest TLS record that is sent, 512 to 16384 bytes (default 16384): `CONFIG_MBEDTLS_SSL_IN_CONTENT_LEN` of the firmware, which
   * does not ask for smaller ones by itself. */
  readonly maxFragmentBytes?: number;
  /** Default `private`. */
  readonly allowedClients?: AllowedClients;
  /** Host of {@link FirmwareServer.url}, name or address (default: the bind address, or `localhost`). */
  readonly advertisedHost?: string;
}

export interface FirmwareServerOptions extends ServerSettings {
  /** Default `https`. */
  readonly protocol?: 'https' | 'http';
  /** Bind address (default: all, IPv6 and IPv4). */
  readonly host?: string;
  /** Default 8070; 0 takes any free one. */
  readonly port?: number;
  readonly limits?: Partial<ServerLimits>;
  /** Answers requests (default: as planned). Where deliberate faults plug in. */
  readonly respond?: Respond;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface FirmwareServer extends Disposable {
  readonly protocol: 'https' | 'http';
  readonly port: number;
  /** Without a slash at the end, such as `https://192.168.1.20:8070`. */
  readonly url: string;
  readonly onTransfer: Event<TransferEvent>;
  readonly connectionCount: number;
  /** Takes new settings in force, for the connections made from now on. What is not named stays.
   * @throws {OtaError} `server.credentialsInvalid` (the old ones stay in force) */
  configure(settings: ServerSettings): void;
  /** Ends every connection and frees the port. The releases stay: a server can be started on them again. */
  stop(): Promise<void>;
}

const DEFAULT_PORT = 8070;
const DEFAULT_LIMITS: ServerLimits = {
  maxConnections: 2048,
  maxConnectionsPerAddress: 1024,
  handshakeTimeoutMs: 20_000,
  headersTimeoutMs: 15_000,
  keepAliveMs: 75_000,
  stallTimeoutMs: 300_000,
  maxHeaderBytes: 8192,
};
/** Node's own choice with AES-128 before AES-256: four rounds less for a board to compute (and for us, two hundred times over). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  ...DEFAULT_CIPHERS.split(':').filter((one) => one !== 'TLS_AES_128_GCM_SHA256'),
].join(':');
/** First byte of a TLS record that holds a ClientHello, RFC 8446 §5.1. */
const TLS_HANDSHAKE = 0x16;

/** Serves the store's releases over HTTPS (TLS 1.2 and 1.3) or plain HTTP, until stopped or the signal is aborted.
 * @throws {OtaError} `server.portInUse`, `server.portForbidden`, `server.addressUnavailable`, `server.listenFailed`,
 * `server.credentialsInvalid`, `cancelled` */
export async function startFirmwareServer(
  options: FirmwareServerOptions,
  releases: ReleaseStore,
  signal?: AbortSignal,
): Promise<FirmwareServer> {
  throwIfCancelled(signal, 'startFirmwareServer');
  const { protocol = 'https', host, port = DEFAULT_PORT, clock = systemClock, logger = silentLogger } = options;
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  let settings: ServerSettings = options;
  let secureContext = protocol === 'https' ? secureContextOf(options.credentials) : undefined;

  const transfers = new Emitter<TransferEvent>();
  const ledger = new TransferLedger(releases, clock);
  const gate = new ConnectionGate(limits);
  const sockets = new Set<Socket>();
  const connections = new WeakMap<Duplex, Connection>();
  let connectionNumber = 0;
  let requestNumber = 0;
  let isStopping = false;

  const emit = (event: TransferEvent): void => {
    try {
      transfers.fire(event);
    } catch (error) {
      logger.error(`a listener of ${event.kind} failed: ${String(error)}`);
    }
  };
  const context: RequestContext = {
    store: releases,
    ledger,
    clock,
    logger,
    emit,
    respond: options.respond ?? sendResponse,
    nextId: () => `r${(requestNumber += 1)}`,
  };

  const server = createServer({
    noDelay: true,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.headersTimeoutMs * 2,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(5000, Math.max(50, limits.headersTimeoutMs / 4)),
  });
  server.timeout = limits.stallTimeoutMs;
  // each connection is looked at before HTTP gets it, and TLS is done on our own terms
  const [toHttp] = server.listeners('connection') as ((this: Server, socket: Duplex) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', accept);
  server.on('request', (request, response) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) request.socket.destroy();
    else void handleRequest(context, connection, request, response);
  });
  server.on('clientError', refuseRequest);

  function accept(raw: Socket): void {
    const client: ClientIdentity = { address: plainAddress(raw.remoteAddress ?? ''), port: raw.remotePort ?? 0 };
    const entry = isStopping ? 'tooManyConnections' : gate.admit(client.address, settings.allowedClients ?? 'private');
    if (typeof entry === 'string') {
      if (!isStopping && client.address !== '') emit({ kind: 'refused', atMs: clock.now(), client, reason: entry });
      raw.destroy();
      return;
    }
    sockets.add(raw);
    raw.once('close', () => {
      sockets.delete(raw);
      entry.dispose();
    });
    raw.on('error', (error) => {
      logger.trace(`${client.address}: ${error.message}`);
    });
    raw.setNoDelay(true);
    const tlsFailed = (cause: TlsFailureCause, detail: string): void => {
      if (!isStopping) emit({ kind: 'tlsFailed', atMs: clock.now(), client, cause, detail });
    };
    const deadline = clock.after(limits.handshakeTimeoutMs, () => {
      if (secureContext !== undefined) tlsFailed('timeout', 'noBytes');
      raw.destroy();
    });
    const leave = (): void => {
      raw.destroy();
    };
    raw.once('end', leave);
    raw.once('close', () => {
      deadline.dispose();
    });
    raw.once('data', (first: Buffer) => {
      deadline.dispose();
      raw.off('end', leave);
      raw.pause();
      const isTls = first[0] === TLS_HANDSHAKE;
      if (secureContext === undefined) {
        if (isTls) {
          tlsFailed('tlsOnPlainHttp', 'clientHello');
          raw.destroy();
          return;
        }
        raw.unshift(first);
        toRequests(raw, client);
        raw.resume();
      } else if (!isTls && isLetter(first[0])) {
        tlsFailed('plainHttpOnTls', requestLine(first));
        raw.end(rawResponse(400, 'This port speaks HTTPS: the URL has to begin with https://'));
        destroyUnlessClosed(raw);
      } else {
        raw.unshift(first);
        shakeHands(raw, client, secureContext, tlsFailed);
      }
    });
  }

  function shakeHands(
    raw: Socket,
    client: ClientIdentity,
    secureContext: SecureContext,
    tlsFailed: (cause: TlsFailureCause, detail: string) => void,
  ): void {
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    let isSecure = false;
    let hasFailed = false;
    const fail = (cause: TlsFailureCause, detail: string): void => {
      if (!hasFailed && !isSecure) tlsFailed(cause, detail);
      hasFailed = true;
    };
    const deadline = clock.after(limits.handshakeTimeoutMs, () => {
      fail('timeout', 'handshake');
      raw.destroy();
    });
    socket.on('error', (error: Error) => {
      logger.trace(`${client.address}: ${String(error)}`);
      const { cause, detail } = tlsFailure(error);
      fail(cause, detail);
    });
    // HTTP wants connections that can be half open; a handshake can't be
    socket.once('end', () => {
      if (!isSecure) raw.destroy();
    });
    socket.once('close', () => {
      deadline.dispose();
      fail('closed', 'inHandshake');
      raw.destroy();
    });
    socket.once('secure', () => {
      deadline.dispose();
      isSecure = true;
      if (settings.maxFragmentBytes !== undefined) {
        socket.setMaxSendFragment(Math.min(16_384, Math.max(512, settings.maxFragmentBytes)));
      }
      const tls = { version: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().name };
      const connection = toRequests(socket, client, tls);
      socket.once('close', () => {
        if (connection.requests === 0) tlsFailed('closed', 'afterHandshake');
      });
    });
  }

  function toRequests(socket: Socket, client: ClientIdentity, tls?: Connection['tls']): Connection {
    connectionNumber += 1;
    const connection: Connection = { number: connectionNumber, client, requests: 0, ...(tls && { tls }) };
    connections.set(socket, connection);
    socket.once('close', () => {
      connection.settle?.(socket.errored !== null);
    });
    toHttp?.call(server, socket);
    return connection;
  }

  function refuseRequest(error: Error, socket: Duplex): void {
    const code = systemCode(error);
    logger.debug(`request refused: ${code ?? error.message}`);
    if (!socket.writable || code === 'ECONNRESET' || code === 'EPIPE') {
      socket.destroy();
      return;
    }
    const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
    socket.end(rawResponse(status, 'The request could not be understood.'));
    destroyUnlessClosed(socket);
  }

  /** A client that was told goodbye gets a second to read it. */
  function destroyUnlessClosed(socket: Duplex): void {
    socket.resume();
    const timer = clock.after(1000, () => {
      socket.destroy();
    });
    socket.once('close', () => {
      timer.dispose();
    });
  }

  await listen(server, port, host);
  const listening = server.address() as AddressInfo;
  server.on('error', (error) => {
    logger.error(`server: ${error.message}`);
  });

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopped ??= new Promise((resolve) => {
      isStopping = true;
      onAbort.dispose();
      server.close(() => {
        ledger.dispose();
        resolve();
      });
      for (const socket of sockets) socket.destroy();
    }));
  const abort = (): void => void stop();
  const onAbort = toDisposable(() => signal?.removeEventListener('abort', abort));
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) {
    await stop();
    throwIfCancelled(signal, 'startFirmwareServer');
  }

  return {
    protocol,
    port: listening.port,
    get url() {
      return `${protocol}://${urlHost(settings.advertisedHost ?? concreteHost(host))}:${listening.port}`;
    },
    onTransfer: transfers.event,
    get connectionCount() {
      return sockets.size;
    },
    configure: (changes) => {
      if (protocol === 'https' && changes.credentials !== undefined)
        secureContext = secureContextOf(changes.credentials);
      settings = { ...settings, ...changes };
    },
    stop,
    dispose: abort,
  };
}

function secureContextOf(credentials: ServerCredentials | undefined): SecureContext {
  if (credentials === undefined) throw new OtaError('server.credentialsInvalid', { reason: 'missing' });
  try {
    return createSecureContext({
      cert: credentials.certificatePem,
      key: credentials.keyPem,
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      honorCipherOrder: true,
      sessionIdContext: 'esp32-ota',
    });
  } catch (error) {
    throw new OtaError('server.credentialsInvalid', { reason: systemCode(error) ?? 'unknown' }, { cause: error });
  }
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(listenError(error, port, host));
    });
    server.listen({ port, ...(host !== undefined && host !== '' && { host }) }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenError(cause: Error, port: number, host: string | undefined): OtaError {
  const reason = systemCode(cause) ?? 'unknown';
  switch (reason) {
    case 'EADDRINUSE':
      return new OtaError('server.portInUse', { port }, { cause });
    case 'EACCES':
      return new OtaError('server.portForbidden', { port }, { cause });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new OtaError('server.addressUnavailable', { host: host ?? '' }, { cause });
    default:
      return new OtaError('server.listenFailed', { port, reason }, { cause });
  }
}

function concreteHost(host: string | undefined): string {
  return host === undefined || host === '' || host === '::' || host === '0.0.0.0' ? 'localhost' : host;
}

function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x41 && byte <= 0x5a;
}

function requestLine(bytes: Buffer): string {
  return /^[\x20-\x7e]*/.exec(bytes.toString('latin1', 0, 256))?.[0] ?? '';
}

function rawResponse(status: number, text: string): string {
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${text.length + 1}`,
    'Connection: close',
    '',
    `${text}\n`,
  ].join('\r\n');
}
