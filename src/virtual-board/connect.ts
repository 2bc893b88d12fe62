import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.ts';
import { OtaError, systemCode } from '../base/ota-error.ts';
import type { AppOptions } from './board-setup.ts';
import { isAtLeast, type IdfVersion } from './idf-version.ts';
import type { Log } from './image-in-flash.ts';
import { Link } from './link.ts';
import { RecordInspector, type RecordNews } from './tls-records.ts';
import { judge, type Trust, type TrustVerdict } from './tls-trust.ts';

/** The network as the board has it. */
export interface Network {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly idf: IdfVersion;
  readonly log: Log;
  readonly hosts: Readonly<Record<string, string>>;
  readonly failsDns: boolean;
  /** A connection is there; hears its port on the board's side. */
  readonly onSocket?: (localPort: number) => void;
}

export interface TlsOptions {
  /** Undefined: no server verification was configured. */
  readonly trust: Trust | undefined;
  /** A PEM in the image that mbedTLS cannot use; the value it returns. */
  readonly trustProblem: number | undefined;
  readonly app: AppOptions;
  /** The firmware takes any certificate. */
  readonly trustsAnyone?: boolean;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** Suites of a default ESP-IDF build: ECDHE with AES in GCM and CBC mode; no ChaCha20 (off in Kconfig), no DHE.
 * @see ESP-IDF v5.5 components/mbedtls/Kconfig */
const CIPHERS = [
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-RSA-AES128-SHA256',
].join(':');
const STATIC_RSA_CIPHERS = ':AES256-GCM-SHA384:AES128-GCM-SHA256';

const hex4 = (code: number): string => `-0x${(-code).toString(16).toUpperCase().padStart(4, '0')}`;

function transportTag(idf: IdfVersion): string {
  if (isAtLeast(idf, 5, 0)) return 'transport_base';
  return isAtLeast(idf, 4, 3) ? 'TRANSPORT_BASE' : 'TRANS_SSL';
}

/** Opens TCP, and TLS over it, as `esp_transport` does, saying on the console what fails; undefined when there is no connection.
 * @see ESP-IDF v5.5 components/esp-tls/esp_tls.c, components/tcp_transport/transport_ssl.c
 * @throws {OtaError} `cancelled` when the board was reset meanwhile. */
export async function openLink(
  target: Target,
  tls: TlsOptions,
  timeoutMs: number,
  network: Network,
): Promise<Link | undefined> {
  const link = await tryOpen(target, tls, timeoutMs, network);
  if (link !== undefined) return link;
  if (network.signal.aborted) throw new OtaError('cancelled', { what: 'virtual board' });
  network.log('E', 'esp-tls', 'Failed to open new connection');
  const code = isAtLeast(network.idf, 5, 0) && !target.isTls ? ': 32772' : '';
  network.log('E', transportTag(network.idf), `Failed to open a new connection${code}`);
  return undefined;
}

async function tryOpen(
  target: Target,
  tls: TlsOptions,
  timeoutMs: number,
  network: Network,
): Promise<Link | undefined> {
  const tag = 'esp-tls-mbedtls';
  const socket = await openSocket(target, timeoutMs, network);
  if (socket === undefined) return undefined;
  if (!target.isTls) return new Link(socket, socket, network.clock, network.signal);
  if (tls.trust === undefined) {
    network.log('E', tag, 'No server verification option set in esp_tls_cfg_t structure. Check esp_tls API reference');
    network.log('E', tag, 'Failed to set client configurations, returned [0x8017] (ESP_ERR_MBEDTLS_SSL_SETUP_FAILED)');
  } else if (tls.trustProblem !== undefined) {
    network.log('E', tag, `mbedtls_x509_crt_parse of CA cert returned ${hex4(tls.trustProblem)}`);
    network.log(
      'E',
      tag,
      'Failed to set client configurations, returned [0x8015] (ESP_ERR_MBEDTLS_X509_CRT_PARSE_FAILED)',
    );
  } else {
    return handshake(socket, target, tls.trustsAnyone === true ? 'anyone' : tls.trust, tls.app, timeoutMs, network);
  }
  network.log('E', 'esp-tls', 'create_ssl_handle failed');
  socket.destroy();
  return undefined;
}

function connectProblem(error: unknown, host: string): string {
  const code = systemCode(error);
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `couldn't get hostname for :${host}: getaddrinfo() returns 202, addrinfo=0x0`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return '[sock=54] connect() error: Host is unreachable';
    default:
      return '[sock=54] delayed connect error: Connection reset by peer';
  }
}

function openSocket(target: Target, timeoutMs: number, network: Network): Promise<Socket | undefined> {
  const { log, clock, signal } = network;
  if (network.failsDns && !/^[\d.]+$|:/.test(target.host)) {
    log('E', 'esp-tls', connectProblem(Object.assign(new Error(), { code: 'ENOTFOUND' }), target.host));
    return Promise.resolve(undefined);
  }
  return new Promise((resolve) => {
    const socket = connect({ host: network.hosts[target.host.toLowerCase()] ?? target.host, port: target.port });
    socket.setNoDelay(true);
    const finish = (result: Socket | undefined): void => {
      timer.dispose();
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', onError);
      socket.on('error', () => undefined);
      if (result === undefined) socket.destroy();
      resolve(result);
    };
    const onAbort = (): void => {
      finish(undefined);
    };
    const onError = (error: Error): void => {
      log('E', 'esp-tls', connectProblem(error, target.host));
      finish(undefined);
    };
    const timer = clock.after(timeoutMs, () => {
      log('E', 'esp-tls', '[sock=54] select() timeout');
      finish(undefined);
    });
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('error', onError);
    socket.once('connect', () => {
      if (socket.localPort !== undefined) network.onSocket?.(socket.localPort);
      finish(socket);
    });
    if (signal.aborted) onAbort();
  });
}

/** The bytes of the socket, shown to the inspector before TLS gets them. */
function tap(socket: Socket, inspect: (chunk: Buffer) => boolean): Duplex {
  const duplex = new Duplex({
    read() {
      socket.resume();
    },
    write(chunk: Uint8Array, _encoding, done) {
      socket.write(chunk, (error) => {
        done(error ?? null);
      });
    },
    final(done) {
      socket.end();
      done(null);
    },
  });
  socket.on('data', (chunk: Buffer) => {
    if (inspect(chunk) && !duplex.push(chunk)) socket.pause();
  });
  socket.on('end', () => duplex.push(null));
  socket.on('error', (error) => duplex.destroy(error));
  socket.on('close', () => duplex.destroy());
  return duplex;
}

/** How a handshake ended: 0, or what `mbedtls_ssl_handshake` returns. */
type Outcome =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly code: number; readonly verdict?: TrustVerdict }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'cancelled' };

function codeOfError(error: unknown, hasEnded: boolean): number {
  const code = systemCode(error) ?? '';
  if (code === 'ECONNRESET' || code === 'EPIPE') return hasEnded ? -0x7280 : -0x50;
  if (/ALERT/i.test(code) || /alert/i.test(String(error))) return -0x7780;
  return /VERSION|UNSUPPORTED_PROTOCOL/i.test(code) ? -0x6e80 : -0x6e00;
}

function secureContextFor(app: AppOptions, idf: IdfVersion): ReturnType<typeof createSecureContext> {
  return createSecureContext({
    minVersion: app.tls13 === 'only' ? 'TLSv1.3' : 'TLSv1.2',
    maxVersion: app.tls13 === 'off' ? 'TLSv1.2' : 'TLSv1.3',
    ciphers:
      CIPHERS + (isAtLeast(idf, 6, 0) ? '' : STATIC_RSA_CIPHERS) + ':TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256',
  });
}

async function handshake(
  socket: Socket,
  target: Target,
  trust: Trust | 'anyone',
  app: AppOptions,
  timeoutMs: number,
  network: Network,
): Promise<Link | undefined> {
  const { idf, log, clock, signal } = network;
  const hostName = app.skipsCommonNameCheck ? undefined : target.host;
  const nowMs = app.checksDates ? clock.now() : undefined;
  const verdictOn = (chain: readonly Uint8Array[]): TrustVerdict =>
    trust === 'anyone' ? { flags: 0, code: 0, alert: 0, lines: [] } : judge(chain, { trust, idf, hostName, nowMs });
  const inspector = new RecordInspector(app.tlsInContentLenBytes);
  let link: Link | undefined;
  let settle: (outcome: Outcome) => void = () => undefined;
  let wasJudged = false;
  let hasEnded = false;

  const refuse = (code: number, verdict?: TrustVerdict): false => {
    if (link !== undefined) {
      log('E', 'esp-tls-mbedtls', `read error :${hex4(code)}:`);
      link.fail({ kind: 'failed', errno: 5 });
    }
    settle(verdict === undefined ? { kind: 'refused', code } : { kind: 'refused', code, verdict });
    return false;
  };
  const hear = (news: RecordNews): boolean => {
    switch (news.kind) {
      case 'notTls':
      case 'tooLarge':
        return refuse(-0x7200);
      case 'alert':
        return news.isFatal ? refuse(-0x7780) : true;
      case 'certificates': {
        const verdict = verdictOn(news.chain);
        wasJudged = true;
        if (verdict.code === 0) return true;
        socket.write(Uint8Array.of(21, 3, 3, 0, 2, 2, verdict.alert));
        return refuse(verdict.code, verdict);
      }
    }
  };
  const duplex = tap(socket, (chunk) => inspector.feed(chunk).every(hear));
  socket.once('end', () => {
    hasEnded = true;
    if (!inspector.isEncrypted) refuse(-0x7280);
  });
  const outcome = await new Promise<Outcome>((resolve) => {
    const timer = clock.after(timeoutMs, () => {
      settle({ kind: 'timeout' });
    });
    const onAbort = (): void => {
      settle({ kind: 'cancelled' });
    };
    settle = (result) => {
      timer.dispose();
      signal.removeEventListener('abort', onAbort);
      resolve(result);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const secure = new TLSSocket(duplex, {
      isServer: false,
      // mbedTLS's rules differ from OpenSSL's (dates, pinned leaves, IP names): judged here, on the same certificates
      rejectUnauthorized: false,
      secureContext: secureContextFor(app, idf),
    });
    if (hostName !== undefined) sendServerName(secure, hostName);
    secure.once('secure', () => {
      // TLS 1.3 hides the certificate on the wire: it is judged once the handshake is through
      if (!wasJudged) {
        const verdict = verdictOn(chainOf(secure));
        if (verdict.code !== 0) {
          refuse(verdict.code, verdict);
          return;
        }
      }
      link = new Link(secure, socket, clock, signal);
      settle({ kind: 'open' });
    });
    secure.on('error', (error) => {
      if (link === undefined) refuse(codeOfError(error, hasEnded));
    });
    secure.on('close', () => {
      if (link === undefined) refuse(hasEnded ? -0x7280 : -0x50);
    });
    // an empty write begins the handshake; tls.connect() would refuse an IP address as SNI, which the board does send
    secure.write('');
  });
  if (outcome.kind === 'open') return link;
  closeSoon(socket, duplex);
  if (outcome.kind === 'timeout') log('E', 'esp-tls', 'Failed to open new connection in specified timeout');
  if (outcome.kind === 'refused') {
    for (const line of outcome.verdict?.lines.filter(({ level }) => level === 'E') ?? []) {
      log(line.level, line.tag, line.message);
    }
    log('E', 'esp-tls-mbedtls', `mbedtls_ssl_handshake returned ${hex4(outcome.code)}`);
    for (const line of outcome.verdict?.lines.filter(({ level }) => level !== 'E') ?? []) {
      log(line.level, line.tag, line.message);
    }
  }
  return undefined;
}

/** SNI carries the host even when it is an IP address, as mbedTLS sends it. Node's types leave `setServername` out. */
function sendServerName(secure: TLSSocket, hostName: string): void {
  (secure as TLSSocket & { setServername?: (name: string) => void }).setServername?.(hostName);
}

function chainOf(secure: TLSSocket): readonly Uint8Array[] {
  const chain: Buffer[] = [];
  let certificate = secure.getPeerCertificate(true);
  while (Buffer.isBuffer(certificate.raw)) {
    chain.push(certificate.raw);
    if (certificate.issuerCertificate === certificate || chain.length > 10) break;
    // the end of the chain has no issuerCertificate, whatever its type says
    const next = certificate.issuerCertificate as typeof certificate | undefined;
    if (next === undefined || chain.some((known) => known.equals(next.raw))) break;
    certificate = next;
  }
  return chain;
}

/** Lets an alert that was written leave before the socket goes. */
function closeSoon(socket: Socket, duplex: Duplex): void {
  duplex.on('error', () => undefined);
  socket.end(() => {
    socket.destroy();
    duplex.destroy();
  });
  socket.resume();
}
