import type { FaultId } from './faults/profiles.ts';

/** Who is on the other side. `address` is in its plain form: an IPv4 address that came in over an IPv6 socket is written as IPv4. */
export interface ClientIdentity {
  readonly address: string;
  readonly port: number;
}

/** What a board says about itself in its request headers (Arduino's and Tasmota's updaters do, plain `esp_https_ota` does not). */
export interface AnnouncedFacts {
  /** Station MAC address, lower case with colons. */
  readonly mac?: string;
  readonly runningVersion?: string;
  readonly freeSpaceBytes?: number;
  readonly sketchSizeBytes?: number;
  /** Lower-case hexadecimal. */
  readonly sketchSha256?: string;
  readonly sketchMd5?: string;
  readonly chipSizeBytes?: number;
  readonly sdkVersion?: string;
}

/**
 * Why no TLS connection came about.
 * - `unknownAuthority`: the client does not trust the authority that issued our certificate (alert `unknown_ca` or `certificate_unknown`).
 * - `certificateRefused`: the client refused the certificate itself. Mbed TLS sends `bad_certificate` when the name does not match,
 *   `certificate_expired` and `unsupported_certificate` (key usage) when that is what it minds.
 * - `plainHttpOnTls`: an `http://` request came to the HTTPS port; the client was told so.
 * - `tlsOnPlainHttp`: an `https://` request came to the plain HTTP port.
 * - `noSharedVersion`, `noSharedCipher`: client and server have none in common.
 * - `timeout`: the handshake was not finished in time.
 * - `closed`: the client went away in the handshake, or right after it without asking for anything (`detail` is `afterHandshake`: a
 *   client that checks the certificate itself leaves in this way when it does not like it).
 * @see Mbed TLS v3.6 `ssl_tls.c`, `ssl_parse_certificate_verify`, for which alert it sends when
 */
export type TlsFailureCause =
  | 'unknownAuthority'
  | 'certificateRefused'
  | 'plainHttpOnTls'
  | 'tlsOnPlainHttp'
  | 'noSharedVersion'
  | 'noSharedCipher'
  | 'timeout'
  | 'closed'
  | 'other';

/** What the server saw, as it saw it. Plain JSON values. `atMs` is milliseconds since 1970, `id` names one request, `transferId` one
 * download of one release by one client: it stays the same over the requests (HEAD, ranges, resumption) that make it up. */
export type TransferEvent =
  | {
      readonly kind: 'tlsFailed';
      readonly atMs: number;
      readonly client: ClientIdentity;
      readonly cause: TlsFailureCause;
      /** The alert or the TLS library's code, for the log. */
      readonly detail: string;
    }
  | {
      /** A connection was closed unanswered. */
      readonly kind: 'refused';
      readonly atMs: number;
      readonly client: ClientIdentity;
      readonly reason: 'publicAddress' | 'tooManyConnections';
    }
  | {
      /** A connection or a request gets a deliberate fault, told before anything of it is answered. */
      readonly kind: 'fault';
      readonly atMs: number;
      readonly client: ClientIdentity;
      readonly fault: FaultId;
      /** The request's; absent where the whole connection is faulty. */
      readonly id?: string;
    }
  | {
      readonly kind: 'requested';
      readonly atMs: number;
      readonly id: string;
      readonly transferId?: string;
      readonly client: ClientIdentity;
      /** Absent over plain HTTP. */
      readonly tls?: { readonly version: string; readonly cipher: string };
      readonly userAgent?: string;
      readonly method: string;
      /** As the client sent it, query included, cut to 1024 characters. */
      readonly path: string;
      /** The value of the Range header as sent, cut to 256 characters. */
      readonly range?: string;
      readonly releaseId?: string;
      readonly status: number;
      readonly announced?: AnnouncedFacts;
    }
  | {
      readonly kind: 'progress';
      readonly atMs: number;
      readonly id: string;
      readonly transferId?: string;
      readonly client: ClientIdentity;
      readonly releaseId: string;
      /** Body bytes of this request that were handed to the system; the client has at most these. */
      readonly sentBytes: number;
      /** Position in the image: where the range began plus `sentBytes`. */
      readonly offsetBytes: number;
      /** Size of the whole image. */
      readonly totalBytes: number;
      /** Over the last three seconds. */
      readonly bytesPerSecond: number;
    }
  | {
      readonly kind: 'ended';
      readonly atMs: number;
      readonly id: string;
      readonly transferId?: string;
      readonly client: ClientIdentity;
      readonly releaseId?: string;
      /** `complete`: everything was sent and the client did not reset the connection on it. `aborted`: the client went away or was cut
       * off. `failed`: the answer was an error (status ≥ 400). */
      readonly outcome: 'complete' | 'aborted' | 'failed';
      /** Body bytes of this request that were handed to the system; the client has at most these. */
      readonly sentBytes: number;
      /** Position in the image where this request's bytes began. */
      readonly startBytes?: number;
      /** Size of the whole image. */
      readonly totalBytes?: number;
      readonly status: number;
      readonly durationMs: number;
    };

export type TransferEventOf<Kind extends TransferEvent['kind']> = Extract<TransferEvent, { kind: Kind }>;
