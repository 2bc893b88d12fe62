import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { lanAddresses, serverNames } from '../../../src/server/lan-addresses.ts';

function entry(address: string, internal = false): NetworkInterfaceInfo {
  const shared = { address, netmask: '', mac: '00:00:00:00:00:00', internal, cidr: null };
  return address.includes(':') ? { ...shared, family: 'IPv6', scopeid: 0 } : { ...shared, family: 'IPv4' };
}

const INTERFACES = {
  lo: [entry('127.0.0.1', true), entry('::1', true)],
  docker0: [entry('172.17.0.1')],
  wlan0: [entry('fe80::1234'), entry('2001:db8::7'), entry('192.168.1.20')],
  'vEthernet (WSL)': [entry('172.29.0.1')],
  eth0: [entry('10.0.0.7'), entry('169.254.9.9')],
  ppp0: undefined,
};

describe('the addresses of this computer', () => {
  it('come with the likeliest first', () => {
    expect(lanAddresses(INTERFACES).map(({ address, kind }) => `${address} ${kind}`)).toEqual([
      '192.168.1.20 lan',
      '10.0.0.7 lan',
      '2001:db8::7 public',
      '172.17.0.1 virtual',
      '172.29.0.1 virtual',
      '169.254.9.9 linkLocal',
      'fe80::1234 linkLocal',
    ]);
  });

  it('are none without a network', () => {
    expect(lanAddresses({ lo: INTERFACES.lo })).toEqual([]);
  });
});

describe('the names in the certificate', () => {
  it('are every address a board could use, the host and its mDNS name', () => {
    expect(serverNames({ interfaces: INTERFACES, hostName: 'Desk' })).toEqual({
      dns: ['desk', 'desk.local', 'localhost'],
      ip: ['192.168.1.20', '10.0.0.7', '2001:db8::7', '172.17.0.1', '172.29.0.1', '169.254.9.9', '127.0.0.1', '::1'],
    });
  });

  it.each([
    ['ota.example.org', 'ota.example.org', undefined],
    ['192.168.1.99', undefined, '192.168.1.99'],
    ['[2001:DB8::9]', undefined, '2001:db8::9'],
    ['not a host!', undefined, undefined],
  ])('begin with the advertised host %s', (advertisedHost, dns, ip) => {
    const names = serverNames({ interfaces: {}, hostName: 'desk.example.org', advertisedHost });
    expect(names.dns).toEqual([...(dns === undefined ? [] : [dns]), 'desk.example.org', 'localhost']);
    expect(names.ip).toEqual([...(ip === undefined ? [] : [ip]), '127.0.0.1', '::1']);
  });

  it('stay few on a host with many addresses', () => {
    const many = { eth0: Array.from({ length: 100 }, (_, index) => entry(`10.0.0.${index}`)) };
    expect(serverNames({ interfaces: many, hostName: '' }).ip).toHaveLength(14);
  });
});
