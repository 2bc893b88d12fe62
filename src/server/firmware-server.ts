import { createServer, isIPv6, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { throwIfCancelled } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { plainAddress } from './client-address.ts';
import type { FaultChange, FaultState } from './faults/fault-switch.ts';
import type { FaultProfile } from './faults/profiles.ts';
import { ServerFaults, type FaultOptions } from './faults/server-faults.ts';
import { ConnectionGate, type AllowedClients, type ConnectionLimits } from './connection-gate.ts';
import { serveHttp, type HttpLimits } from './http-connection.ts';
import { ListeningPort } from './listening-port.ts';
import type { ReleaseStore } from './release-store.ts';
import { handleRequest, type Connection, type RequestContext } from './request-handler.ts';
import { sendResponse, type Respond } from './send-response.ts';
import { secureContextOf, shakeHands, type HandshakeLimits, type ServerCredentials } from './tls-handshake.ts';
import type { ClientIdentity, TlsFailureCause, TransferEvent } from './transfer-events.ts';
import { TransferLedger } from './transfer-ledger.ts';

export type ServerLimits = ConnectionLimits & HandshakeLimits & HttpLimits;

export type { FaultOptions, ServerCredentials };

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
  /** The fault in force. */
  readonly fault: FaultState | undefined;
  /** On, used, off, whoever did it. */
  readonly onFault: Event<FaultChange>;
  /** Puts a fault in force in place of the one there is, for what comes from now on, or turns it off. Resolves when that is so: after
   * `connectionRefused`, when the port is listened on again.
   * @throws {OtaError} `server.faultNeedsHttps`, `server.faultNeedsAuthority` (no credentials given), `server.credentialsInvalid`; after
   * `connectionRefused`, `server.portInUse` and the others of the start, while it is still tried to get the port back */
  setFault(profile: FaultProfile | undefined, options?: FaultOptions): Promise<void>;
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
  // a client that has said all it wants to say may still be listening
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  const listening = new ListeningPort(server, host, clock, logger);
  const origin = (): string =>
    `${protocol}://${urlHost(settings.advertisedHost ?? concreteHost(host))}:${listening.port}`;
  const credentials = (): ServerCredentials | undefined => settings.credentials;
  const faults = new ServerFaults({ protocol, credentials, port: listening, clock, emit });
  const context: RequestContext = {
    store: releases,
    ledger,
    clock,
    logger,
    emit,
    respond: options.respond ?? sendResponse,
    fault: (question) => (faults.switch.wasOn ? faults.switch.answer(question(), origin()) : undefined),
    nextId: () => `r${(requestNumber += 1)}`,
  };

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
    const onFailed = (cause: TlsFailureCause, detail: string): void => {
      if (!isStopping) emit({ kind: 'tlsFailed', atMs: clock.now(), client, cause, detail });
    };
    if (secureContext === undefined) {
      raw.once('data', (first: Buffer) => {
        if (first[0] !== TLS_HANDSHAKE) return;
        onFailed('tlsOnPlainHttp', 'clientHello');
        raw.destroy();
      });
      toRequests(raw, client, () => undefined).begin();
      return;
    }
    const base = secureContext;
    const greet = (): void => {
      const fault = faults.connection(client);
      const largest = fault?.maxFragmentBytes ?? Infinity;
      const maxFragmentBytes = Math.min(largest, settings.maxFragmentBytes ?? Infinity);
      let isSecure = false;
      const onSecure = (): void => {
        isSecure = true;
        begin();
      };
      const socket = shakeHands(raw, {
        secureContext: fault?.secureContext ?? base,
        limits,
        maxFragmentBytes: maxFragmentBytes === Infinity ? undefined : maxFragmentBytes,
        clock,
        logger,
        onFailed,
        onSecure,
      });
      // made ready while the client does its part of the handshake
      const { connection, begin } = toRequests(socket, client, () => agreedWith(socket));
      socket.once('close', () => {
        if (isSecure && connection.requests === 0) onFailed('closed', 'afterHandshake');
      });
    };
    if (!faults.switch.isPlainAnswered) {
      greet();
      return;
    }
    firstByte(raw, limits.handshakeTimeoutMs, clock, (byte) => {
      if (byte === TLS_HANDSHAKE) greet();
      else toRequests(raw, client, () => undefined).begin();
    });
  }

  function toRequests(socket: Socket, client: ClientIdentity, tls: Connection['tls']) {
    connectionNumber += 1;
    const connection: Connection = { number: connectionNumber, client, requests: 0, tls };
    socket.once('close', () => {
      connection.settle?.(socket.errored !== null);
    });
    const { begin } = serveHttp(socket, limits, clock, (request) =>
      handleRequest(context, connection, request, socket),
    );
    return { connection, begin };
  }

  await listening.open(port);

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopped ??= new Promise((resolve) => {
      isStopping = true;
      onAbort.dispose();
      faults.dispose();
      listening.stop(() => {
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
      return origin();
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
    get fault() {
      return faults.switch.state;
    },
    onFault: faults.switch.onChange,
    setFault: (profile, more) => faults.set(profile, more),
    stop,
    dispose: abort,
  };
}

/** What was agreed with a client; of one that has gone meanwhile nothing is known any more, whatever the types say. */
function agreedWith(socket: TLSSocket): { readonly version: string; readonly cipher: string } {
  const cipher = socket.getCipher() as { readonly name: string } | null | undefined;
  return { version: socket.getProtocol() ?? 'unknown', cipher: cipher?.name ?? 'unknown' };
}

/** The first byte that comes, which stays to be read again. A connection on which none comes is closed. */
function firstByte(socket: Socket, timeoutMs: number, clock: Clock, use: (byte: number) => void): void {
  const timer = clock.after(timeoutMs, () => {
    socket.destroy();
  });
  socket.once('close', () => {
    timer.dispose();
  });
  socket.once('readable', () => {
    timer.dispose();
    const first = socket.read() as Buffer | null;
    if (first === null) {
      socket.destroy();
      return;
    }
    socket.unshift(first);
    use(first[0] ?? 0);
  });
}

function concreteHost(host: string | undefined): string {
  return host === undefined || host === '' || host === '::' || host === '0.0.0.0' ? 'localhost' : host;
}

function urlHost(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
