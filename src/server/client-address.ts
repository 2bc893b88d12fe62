import { BlockList, isIPv4, isIPv6 } from 'node:net';

const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8, 'ipv4');
LOCAL.addSubnet('10.0.0.0', 8, 'ipv4');
LOCAL.addSubnet('172.16.0.0', 12, 'ipv4');
LOCAL.addSubnet('192.168.0.0', 16, 'ipv4');
LOCAL.addSubnet('169.254.0.0', 16, 'ipv4');
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addSubnet('fe80::', 10, 'ipv6');
LOCAL.addSubnet('fc00::', 7, 'ipv6');

/** The address in its plain form: no zone (`%eth0`), and IPv4 when it is an IPv4-mapped IPv6 address, however that is spelled. */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  const text = address.split('%', 1)[0] ?? '';
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1];
  if (dotted !== undefined && isIPv4(dotted)) return dotted;
  const hex = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/i.exec(text);
  if (hex?.[1] === undefined || hex[2] === undefined) return text;
  const [high, low] = [Number.parseInt(hex[1], 16), Number.parseInt(hex[2], 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Whether the address is one of a local network: private, loopback, link-local or unique-local, IPv4 or IPv6.
 * @see RFC 1918, RFC 3927, RFC 4193, RFC 4291 */
export function isLocalAddress(address: string): boolean {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return LOCAL.check(plain, 'ipv4');
  return isIPv6(plain) && LOCAL.check(plain, 'ipv6');
}
