import { hostname, networkInterfaces, type NetworkInterfaceInfo } from 'node:os';
import { isIP } from 'node:net';
import { isLocalAddress, plainAddress } from './client-address.ts';
import type { ServerNames } from './selfsigned.ts';

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** An address under which boards may reach this computer. */
export interface LanAddress {
  readonly address: string;
  readonly family: 'IPv4' | 'IPv6';
  readonly interfaceName: string;
  /** `lan`: most likely the network the boards are in. `virtual`: of containers, virtual machines, VPNs. `linkLocal`: without a router;
   * an IPv6 one works in a URL only together with the board's own interface. `public`: not a private address. */
  readonly kind: 'lan' | 'public' | 'virtual' | 'linkLocal';
}

/** Interfaces that lead to containers, virtual machines or tunnels, by their names on Linux, macOS and Windows. */
const VIRTUAL =
  /^(docker|br-|veth|virbr|vmnet|vboxnet|lxc|lxd|podman|cni|flannel|cali|kube|tun|tap|utun|wg|zt|tailscale|ppp|ipsec|gif|stf|awdl|llw|bridge\d|vethernet|vmware|virtualbox|hyper-v|loopback pseudo)|virtual|\(wsl|vpn/i;

const KINDS = ['lan', 'public', 'virtual', 'linkLocal'] as const;
/** Each address costs about 40 bytes of a certificate that boards have to hold in memory. */
const MAX_NAMED_ADDRESSES = 12;

/** This computer's addresses, the likeliest for a board first: IPv4 before IPv6, networks before virtual ones, loopback not at all. */
export function lanAddresses(interfaces: Interfaces = networkInterfaces()): readonly LanAddress[] {
  const found = Object.entries(interfaces).flatMap(([interfaceName, addresses = []]) =>
    addresses
      .filter(({ internal }) => !internal)
      .map(({ address, family }): LanAddress => {
        const plain = plainAddress(address);
        return { address: plain, family, interfaceName, kind: kindOf(plain, interfaceName) };
      }),
  );
  return found
    .map((one, index) => ({ one, rank: rankOf(one) * 1000 + index }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one);
}

/** This computer's addresses that a server listens on, the likeliest for a board first.
 * @param bindAddress what it is bound to: `0.0.0.0` and `::` are all of a kind and all */
export function servedAddresses(
  bindAddress: string,
  interfaces: Interfaces = networkInterfaces(),
): readonly LanAddress[] {
  const addresses = lanAddresses(interfaces);
  if (bindAddress === '0.0.0.0') return addresses.filter((one) => one.family === 'IPv4');
  return bindAddress === '::' ? addresses : addresses.filter((one) => one.address === bindAddress);
}

/** What the server's certificate has to name: every address that a board could use, the loopback ones, the host's name, its mDNS name, and
 * the advertised host. Link-local IPv6 is left out, it needs a zone that no certificate can hold. */
export function serverNames(
  options: {
    readonly interfaces?: Interfaces;
    readonly hostName?: string;
    /** Name or address that the URL has, if set by the user. */
    readonly advertisedHost?: string;
  } = {},
): ServerNames {
  const { interfaces = networkInterfaces(), hostName = hostname(), advertisedHost = '' } = options;
  const host = hostName.toLowerCase().replace(/\.$/, '');
  const advertised = plainAddress(advertisedHost.replace(/^\[|\]$/g, '')).toLowerCase();
  const isAddress = isIP(advertised) !== 0;
  const addresses = lanAddresses(interfaces)
    .filter(({ kind, family }) => kind !== 'linkLocal' || family === 'IPv4')
    .slice(0, MAX_NAMED_ADDRESSES)
    .map(({ address }) => address.toLowerCase());
  const local = host === '' || isIP(host) !== 0 ? [] : host.includes('.') ? [host] : [host, `${host}.local`];
  return {
    dns: unique([...(isAddress ? [] : [advertised]), ...local, 'localhost'].filter(isHostName)),
    ip: unique([...(isAddress ? [advertised] : []), ...addresses, '127.0.0.1', '::1']),
  };
}

function kindOf(address: string, interfaceName: string): LanAddress['kind'] {
  if (/^(169\.254\.|fe[89ab])/i.test(address)) return 'linkLocal';
  if (VIRTUAL.test(interfaceName)) return 'virtual';
  return isLocalAddress(address) ? 'lan' : 'public';
}

function rankOf({ kind, family, address }: LanAddress): number {
  const net = ['192.168.', '10.', '172.'].findIndex((prefix) => address.startsWith(prefix));
  return KINDS.indexOf(kind) * 10 + (family === 'IPv4' ? (net < 0 ? 3 : net) : 5);
}

function isHostName(name: string): boolean {
  return /^[a-z\d_]([a-z\d_.-]{0,251}[a-z\d_])?$/.test(name);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
