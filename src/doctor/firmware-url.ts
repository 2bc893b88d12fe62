import { isIP } from 'node:net';
import { isLocalAddress, plainAddress } from '../server/client-address.ts';
import type { DoctorFacts } from './facts.ts';

/** The parts of a firmware URL that the server has to match. */
export interface FirmwareUrl {
  readonly scheme: 'https' | 'http';
  /** Lower case, an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** With the leading slash, without query. */
  readonly path: string;
}

/** The parts of a URL; undefined when it is none for HTTP. An address without brackets and more than one colon is none. */
export function firmwareUrl(text: string): FirmwareUrl | undefined {
  if (!/^https?:\/\/[^/]/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port);
  return host === '' ? undefined : { scheme, host, port, path: url.pathname };
}

/** The firmware URL of the project's configuration; undefined when there is none, it is asked for on the console, or it is no URL. */
export function configuredUrl({ project }: DoctorFacts): FirmwareUrl | undefined {
  const { firmwareUrl: configured, isUrlFromConsole } = project.ota;
  return configured === undefined || isUrlFromConsole ? undefined : firmwareUrl(configured.value);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** The host is this computer: an address or a name of it, the one that firmware is told, or the loopback. */
export function isOurs({ addresses, host, server }: DoctorFacts, name: string): boolean {
  const plain = plainAddress(name).toLowerCase();
  return (
    isLoopback(plain) ||
    server?.host.toLowerCase() === plain ||
    addresses.some(({ address }) => address.toLowerCase() === plain) ||
    host.names.includes(plain)
  );
}

/** A private address, or a name that only a local network knows. */
export function isPrivateHost(host: string): boolean {
  if (isIP(host) !== 0) return isLocalAddress(host);
  return !host.includes('.') || /\.(?:local|lan|home|internal|home\.arpa)$/.test(host);
}

/** A host as it stands in a URL: an IPv6 address in brackets. */
export function hostForUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
