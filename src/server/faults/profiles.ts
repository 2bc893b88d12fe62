import { OtaError } from '../../base/ota-error.ts';
import type {} from '../errors.ts';

/** What can go wrong on purpose. */
export const FAULT_IDS = [
  'cutBody',
  'cutHeader',
  'shortFile',
  'flippedByte',
  'randomData',
  'wrongChip',
  'otherApp',
  'olderVersion',
  'sameVersion',
  'slow',
  'stall',
  'chunked',
  'untilClose',
  'noRanges',
  'redirectAbsolute',
  'redirectRelative',
  'redirectToHttp',
  'status401',
  'status403',
  'status404',
  'status500',
  'status503',
  'unknownAuthority',
  'wrongName',
  'expired',
  'tls13Only',
  'smallRecords',
  'connectionRefused',
] as const;

export type FaultId = (typeof FAULT_IDS)[number];

/** What is wrong then: the bytes of the image, how they are sent, the answer instead of them, the TLS connection, or that there is none. */
export type FaultGroup = 'image' | 'transfer' | 'answer' | 'tls' | 'connection';

/** What a healthy firmware does.
 * - `keeps`: it says what is wrong, goes on running what it runs, and takes the next good image.
 * - `installs`: it takes the update all the same, because nothing is wrong with it.
 * - `either`: a matter of its ESP-IDF version, its configuration or its policy; it takes the next good image afterwards. */
export type HealthyReaction = 'keeps' | 'installs' | 'either';

export type FaultParameter =
  | {
      readonly id: string;
      readonly unit: 'percent' | 'bytes' | 'kilobytesPerSecond' | 'seconds' | 'count';
      readonly minimum: number;
      readonly maximum: number;
      readonly default: number;
    }
  /** At most 31 characters; the empty text lets the server choose. */
  | { readonly id: string; readonly unit: 'version'; readonly default: '' };

export interface FaultKind {
  readonly id: FaultId;
  readonly group: FaultGroup;
  readonly healthy: HealthyReaction;
  readonly parameters: readonly FaultParameter[];
}

/** A fault with its parameters' values, by their ids. Plain JSON. */
export interface FaultProfile {
  readonly id: FaultId;
  readonly parameters: Readonly<Record<string, number | string>>;
}

const PERCENT = { id: 'percent', unit: 'percent', minimum: 1, maximum: 99, default: 50 } as const;
const VERSION = { id: 'version', unit: 'version', default: '' } as const;
const HOPS = { id: 'count', unit: 'count', minimum: 1, maximum: 20, default: 3 } as const;

type Row = readonly [group: FaultGroup, healthy: HealthyReaction, ...parameters: FaultParameter[]];

const ROWS: Readonly<Record<FaultId, Row>> = {
  /** The connection ends after N % of the image. */
  cutBody: ['transfer', 'keeps', PERCENT],
  /** A file that ends within the image's header and description, as `truncated_header` of ESP-IDF's `test_advanced_https_ota.py`. */
  cutHeader: ['image', 'keeps', { id: 'bytes', unit: 'bytes', minimum: 1, maximum: 1023, default: 180 }],
  /** A file that ends after N % of the image, with a Content-Length that says so: `truncated_bin` there. */
  shortFile: ['image', 'keeps', PERCENT],
  flippedByte: ['image', 'keeps', PERCENT],
  /** As many bytes as the image has, the first one 0: `random` there. */
  randomData: ['image', 'keeps'],
  wrongChip: ['image', 'keeps'],
  otherApp: ['image', 'either'],
  olderVersion: ['image', 'either', VERSION],
  sameVersion: ['image', 'either', VERSION],
  slow: [
    'transfer',
    'installs',
    { id: 'kilobytesPerSecond', unit: 'kilobytesPerSecond', minimum: 1, maximum: 10_240, default: 20 },
  ],
  /** Nothing comes for so long, then the rest: `esp_https_ota_perform` waits, an application of its own may not. */
  stall: ['transfer', 'either', PERCENT, { id: 'seconds', unit: 'seconds', minimum: 0.1, maximum: 240, default: 30 }],
  chunked: ['transfer', 'installs'],
  untilClose: ['transfer', 'installs'],
  noRanges: ['transfer', 'either'],
  /** `esp_https_ota` follows; an application with a client of its own may not, as ESP-IDF's `native_ota_example`. */
  redirectAbsolute: ['answer', 'either', HOPS],
  /** Refused over HTTPS from ESP-IDF 5.5.5 and 6.1 on. */
  redirectRelative: ['answer', 'either', HOPS],
  redirectToHttp: ['answer', 'keeps'],
  status401: ['answer', 'keeps'],
  status403: ['answer', 'keeps'],
  status404: ['answer', 'keeps'],
  status500: ['answer', 'keeps'],
  status503: ['answer', 'keeps'],
  unknownAuthority: ['tls', 'keeps'],
  wrongName: ['tls', 'keeps'],
  /** Firmware without `CONFIG_MBEDTLS_HAVE_TIME_DATE` (the default) does not look at dates. */
  expired: ['tls', 'either'],
  /** Firmware without `CONFIG_MBEDTLS_SSL_PROTO_TLS1_3` (the default) speaks TLS 1.2 only. */
  tls13Only: ['tls', 'either'],
  smallRecords: ['tls', 'installs', { id: 'bytes', unit: 'bytes', minimum: 512, maximum: 16_384, default: 512 }],
  connectionRefused: [
    'connection',
    'keeps',
    { id: 'seconds', unit: 'seconds', minimum: 0.1, maximum: 3600, default: 30 },
  ],
};

/** Every fault, in the order in which they are offered. */
export const FAULTS: readonly FaultKind[] = FAULT_IDS.map(faultKind);

export function faultKind(id: FaultId): FaultKind {
  const [group, healthy, ...parameters] = ROWS[id];
  return { id, group, healthy, parameters };
}

/** A fault with these values, and the defaults for the others.
 * @throws {OtaError} `server.faultParameter` naming the parameter and its range */
export function faultProfile(id: FaultId, given: Readonly<Record<string, number | string>> = {}): FaultProfile {
  const { parameters } = faultKind(id);
  const stray = Object.keys(given).find((name) => !parameters.some((one) => one.id === name));
  if (stray !== undefined) throw new OtaError('server.faultParameter', { fault: id, parameter: stray, range: '' });
  const values = parameters.map((parameter) => {
    const value = given[parameter.id] ?? parameter.default;
    if (!isAllowed(parameter, value)) {
      throw new OtaError('server.faultParameter', { fault: id, parameter: parameter.id, range: rangeOf(parameter) });
    }
    return [parameter.id, value] as const;
  });
  return { id, parameters: Object.fromEntries(values) };
}

/** Whether a value is one that the parameter takes. */
export function isAllowed(parameter: FaultParameter, value: number | string): boolean {
  if (parameter.unit === 'version') return typeof value === 'string' && Buffer.byteLength(value) <= 31;
  return typeof value === 'number' && value >= parameter.minimum && value <= parameter.maximum;
}

/** `1 – 99`, or nothing for a text. */
export function rangeOf(parameter: FaultParameter): string {
  return parameter.unit === 'version' ? '' : `${parameter.minimum} – ${parameter.maximum}`;
}

/** A parameter's value as a number. */
export function numberOf({ id, parameters }: FaultProfile, parameter: string): number {
  const value = parameters[parameter] ?? faultKind(id).parameters.find((one) => one.id === parameter)?.default;
  return typeof value === 'number' ? value : 0;
}

export function textOf({ parameters }: FaultProfile, parameter: string): string {
  const value = parameters[parameter];
  return typeof value === 'string' ? value : '';
}

/** Faults of the TLS connection need a server that speaks HTTPS, and so does the way down from it. */
export function needsHttps(id: FaultId): boolean {
  return faultKind(id).group === 'tls' || id === 'redirectToHttp';
}

/** Faults that are served with a certificate made for them. */
export type CertificateFaultId = 'unknownAuthority' | 'wrongName' | 'expired';

export function isCertificateFault(id: FaultId): id is CertificateFaultId {
  return id === 'unknownAuthority' || id === 'wrongName' || id === 'expired';
}
