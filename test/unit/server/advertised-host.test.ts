import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { watchAddresses } from '../../../src/server/address-watch.ts';
import { advertisedHost, isHostChosen, needsPick } from '../../../src/server/advertised-host.ts';
import type { Interfaces } from '../../../src/server/lan-addresses.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';

function ipv4(address: string): NetworkInterfaceInfo {
  return { address, netmask: '', mac: '00:00:00:00:00:00', internal: false, cidr: null, family: 'IPv4' };
}

const ONE_NETWORK = { wlan0: [ipv4('192.168.1.20')], docker0: [ipv4('172.17.0.1')] };
const TWO_NETWORKS = { ...ONE_NETWORK, eth0: [ipv4('10.0.0.7')] };
const GUESS = { set: '', picked: undefined, bindAddress: '0.0.0.0' };

describe('the host that boards are told', () => {
  it('is what is set, whatever was picked', () => {
    const choice = { ...GUESS, set: 'desk.local', picked: '10.0.0.7' };
    expect(advertisedHost(choice, TWO_NETWORKS)).toBe('desk.local');
    expect(isHostChosen(choice, TWO_NETWORKS)).toBe(true);
    expect(needsPick(choice, TWO_NETWORKS)).toBe(false);
  });

  it('is the likeliest address as long as nobody has said, who is asked on several networks', () => {
    expect(advertisedHost(GUESS, TWO_NETWORKS)).toBe('192.168.1.20');
    expect(isHostChosen(GUESS, TWO_NETWORKS)).toBe(false);
    expect(needsPick(GUESS, TWO_NETWORKS)).toBe(true);
    // of containers and virtual machines nobody is asked
    expect(needsPick(GUESS, ONE_NETWORK)).toBe(false);
  });

  it.each(['10.0.0.7', '172.17.0.1', '127.0.0.1'])('is the address that was picked: %s', (picked) => {
    const choice = { ...GUESS, picked };
    expect(advertisedHost(choice, TWO_NETWORKS)).toBe(picked);
    expect(isHostChosen(choice, TWO_NETWORKS)).toBe(true);
  });

  it('is a guess again on another network', () => {
    const choice = { ...GUESS, picked: '192.168.7.7' };
    expect(advertisedHost(choice, TWO_NETWORKS)).toBe('192.168.1.20');
    expect(isHostChosen(choice, TWO_NETWORKS)).toBe(false);
    expect(needsPick(choice, TWO_NETWORKS)).toBe(true);
  });

  it('is asked for no more when a network or this computer was picked', () => {
    for (const picked of ['10.0.0.7', '127.0.0.1']) expect(needsPick({ ...GUESS, picked }, TWO_NETWORKS)).toBe(false);
  });

  it('is an address that the server listens on, and this computer without a network', () => {
    expect(advertisedHost({ ...GUESS, bindAddress: '10.0.0.7' }, TWO_NETWORKS)).toBe('10.0.0.7');
    expect(advertisedHost(GUESS, {})).toBe('127.0.0.1');
  });
});

it('an address that comes or goes is told once, and none after the end', async () => {
  const clock = new ManualClock();
  let interfaces: Interfaces = ONE_NETWORK;
  let told = 0;
  const watch = watchAddresses(
    () => (told += 1),
    clock,
    () => interfaces,
  );
  await clock.advance(60_000);
  expect(told).toBe(0);
  interfaces = TWO_NETWORKS;
  await clock.advance(5000);
  await clock.advance(60_000);
  expect(told).toBe(1);
  interfaces = {};
  await clock.advance(5000);
  expect(told).toBe(2);
  watch.dispose();
  interfaces = ONE_NETWORK;
  await clock.advance(60_000);
  expect(told).toBe(2);
  expect(clock.waiting).toBe(0);
});
