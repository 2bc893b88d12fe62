import { OtaError } from '../base/ota-error.ts';
import type { AddressProblem } from './errors.ts';

/** Where a board is, parsed. `host` has no brackets. */
export type PortAddress =
  | { readonly kind: 'device'; readonly path: string }
  | { readonly kind: 'socket'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'rfc2217';
      readonly host: string;
      readonly port: number;
      /** The server does not acknowledge DTR and RTS, so nobody waits for it (`?ign_set_control`, as in pyserial). */
      readonly ignoresSetControl: boolean;
    }
  | { readonly kind: 'virtual'; readonly name: string };

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** POSIX paths, `COM7`, and `\\.\COM12`. */
const DEVICE = /^(?:\/.*[^/]|COM[1-9]\d{0,3}|\\\\[.?]\\[^\\]+)$/i;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?$/i;
const IPV6 = /^[0-9a-f:.]*:[0-9a-f:.]*(?:%[\w.-]+)?$/i;
const CONTROL = /\p{Cc}/u;

/** Reads an address as it stands in the settings or the picker: a device path, `socket://host:port`, `rfc2217://host:port` with an optional
 * `?ign_set_control`, or `virtual://name`. IPv6 hosts stand in brackets. Blanks around it are ignored.
 * @throws {OtaError} `serial.badAddress` with the position of the first wrong character */
export function parsePortAddress(text: string): PortAddress {
  const bad = (position: number, problem: AddressProblem): OtaError =>
    new OtaError('serial.badAddress', { address: text, position, problem });
  const start = text.length - text.trimStart().length;
  const address = text.trim();
  if (address === '') throw bad(0, 'empty');
  const control = CONTROL.exec(address);
  if (control !== null) throw bad(start + control.index, 'control');
  const scheme = SCHEME.exec(address);
  if (scheme === null) {
    if (!DEVICE.test(address)) throw bad(start, 'notAPath');
    return { kind: 'device', path: address };
  }
  const kind = scheme[1]?.toLowerCase();
  const from = scheme[0].length;
  const rest = address.slice(from);
  if (kind === 'virtual') {
    if (!/^[\w.-]+$/.test(rest)) throw bad(start + from, rest === '' ? 'noHost' : 'badHost');
    return { kind, name: rest };
  }
  if (kind !== 'socket' && kind !== 'rfc2217') throw bad(start, 'unknownScheme');
  const question = rest.indexOf('?');
  const authority = (question < 0 ? rest : rest.slice(0, question)).replace(/\/$/, '');
  const { host, port } = parseAuthority(authority, (position, problem) => bad(start + from + position, problem));
  const options = question < 0 ? [] : rest.slice(question + 1).split('&');
  const wrong = options.find((option) => kind !== 'rfc2217' || option !== 'ign_set_control');
  if (wrong !== undefined) throw bad(start + from + rest.indexOf(wrong, question + 1), 'unknownOption');
  return kind === 'socket' ? { kind, host, port } : { kind, host, port, ignoresSetControl: options.length > 0 };
}

function parseAuthority(
  authority: string,
  bad: (position: number, problem: AddressProblem) => OtaError,
): { host: string; port: number } {
  let host: string;
  let after: number;
  if (authority.startsWith('[')) {
    after = authority.indexOf(']') + 1;
    host = authority.slice(1, Math.max(1, after - 1));
    if (after === 0 || !IPV6.test(host)) throw bad(1, 'badHost');
  } else {
    const colon = authority.indexOf(':');
    after = colon < 0 ? authority.length : colon;
    host = authority.slice(0, after);
    if (host === '') throw bad(0, 'noHost');
    if (!HOST_NAME.test(host)) throw bad(0, 'badHost');
  }
  const port = authority.slice(after);
  if (!/^:\d/.test(port)) throw bad(after, port.length > 1 ? 'badPort' : 'noPort');
  const value = Number(port.slice(1));
  if (!/^:\d{1,5}$/.test(port) || value < 1 || value > 65535) throw bad(after + 1, 'badPort');
  return { host, port: value };
}

/** The one spelling of an address, which parses back to the same value. */
export function formatPortAddress(address: PortAddress): string {
  switch (address.kind) {
    case 'device':
      return address.path;
    case 'virtual':
      return `virtual://${address.name}`;
    case 'socket':
      return `socket://${authorityOf(address)}`;
    case 'rfc2217':
      return `rfc2217://${authorityOf(address)}${address.ignoresSetControl ? '?ign_set_control' : ''}`;
  }
}

function authorityOf(address: { readonly host: string; readonly port: number }): string {
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
