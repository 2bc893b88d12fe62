import { describe, expect, it } from 'vitest';
import { hostFindings } from '../../../src/doctor/checks/host.ts';
import type { DoctorFacts, HostFacts, ServerFacts } from '../../../src/doctor/facts.ts';
import { makeApp } from '../../support/make-image.ts';
import { factsOf, idsOf } from './project-facts.ts';

const lan = (address: string) => ({ address, family: 'IPv4', interfaceName: 'eth0', kind: 'lan' }) as const;
const SERVER: ServerFacts = {
  state: 'off',
  protocol: 'https',
  port: 8070,
  host: '192.168.61.67',
  bindHost: '0.0.0.0',
  paths: [],
};

async function check(facts: Partial<DoctorFacts> = {}, options: Parameters<typeof factsOf>[1] = {}) {
  return hostFindings(await factsOf('v5.5', { ...options, facts }));
}

describe('the server', () => {
  it('is in order', async () => {
    expect(await check()).toEqual([]);
  });

  it('has a port that somebody else has', async () => {
    expect(await check({ server: { ...SERVER, isPortTaken: true } })).toMatchObject([
      { id: 'host-port-taken', severity: 'error', fixes: [{ command: 'changePort' }] },
    ]);
    expect(await check({ server: { ...SERVER, isPortTaken: true, state: 'on' } })).toEqual([]);
  });

  it.each(['127.0.0.1', '::1', 'localhost'])('listens on %s, where no board gets', async (bindHost) => {
    expect(await check({ server: { ...SERVER, bindHost } })).toMatchObject([
      { id: 'host-loopback', severity: 'error' },
    ]);
    const own = { ...SERVER, bindHost, host: '127.0.0.1' };
    expect(await check({ server: own })).toMatchObject([{ id: 'host-loopback', severity: 'information' }]);
  });
});

describe('several addresses', () => {
  const addresses = [lan('192.168.61.67'), lan('10.0.0.4')];
  it('leave open which network the boards are in, until the URL says it', async () => {
    const other = { config: ['CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="FROM_STDIN"'] };
    expect(await check({ addresses }, other)).toMatchObject([
      { id: 'host-several-addresses', details: { addresses: '192.168.61.67, 10.0.0.4' } },
    ]);
    expect(await check({ addresses })).toEqual([]);
    expect(await check({ addresses, server: { ...SERVER, host: 'desk.local' } }, other)).toEqual([]);
    expect(await check({ addresses, server: { ...SERVER, isAddressChosen: true } }, other)).toEqual([]);
    expect(await check({ addresses: addresses.slice(0, 1) }, other)).toEqual([]);
  });
});

describe('an address that changed', () => {
  const image = (url: string) => ({
    files: { 'build/simple_ota.bin': makeApp({ extra: Buffer.from(`esp_https_ota\0${url}\0`) }) },
  });
  it('is still asked by the image that was built', async () => {
    expect(await check({}, image('https://192.168.61.5:8070/simple_ota.bin'))).toMatchObject([
      { id: 'host-address-changed', details: { host: '192.168.61.5', expected: '192.168.61.67' } },
    ]);
    expect(await check({}, image('https://192.168.61.67:8070/simple_ota.bin'))).toEqual([]);
    expect(await check({}, image('https://example.org/simple_ota.bin'))).toEqual([]);
    expect(await check({}, image('https://192.168.61.5:8070/other.bin'))).toEqual([]);
  });
});

describe('the computer', () => {
  const host = (more: Partial<HostFacts>): Partial<DoctorFacts> => ({
    host: { platform: 'linux', isWsl: false, isContainer: false, isRemote: false, names: [], ...more },
  });
  const nat = [lan('172.21.240.1')];

  it('is WSL behind the address translation of Windows', async () => {
    const server = { ...SERVER, host: '172.21.240.1' };
    expect(idsOf(await check({ ...host({ isWsl: true }), addresses: nat, server }))).toEqual(['host-wsl']);
    expect(await check(host({ isWsl: true }))).toEqual([]);
  });

  it('is a container, or another computer than the window’s', async () => {
    expect(await check(host({ isContainer: true }))).toMatchObject([{ id: 'host-container', severity: 'warning' }]);
    expect(idsOf(await check(host({ isRemote: true })))).toEqual(['host-remote']);
  });

  it.each([{ isWsl: true }, { isContainer: true }])('tells boards an address outside of it: %o', async (kind) => {
    const server = { ...SERVER, host: '192.168.61.2' };
    expect(await check({ ...host(kind), addresses: nat, server })).toEqual([]);
    const inside = { ...SERVER, host: '172.21.240.1' };
    expect(await check({ ...host(kind), addresses: nat, server: inside })).toMatchObject([{ severity: 'warning' }]);
  });

  it('may be whatever it is for the virtual board', async () => {
    const server = { ...SERVER, host: '127.0.0.1' };
    expect(await check({ ...host({ isContainer: true }), server })).toMatchObject([{ severity: 'information' }]);
  });
});

describe('a board that begins', () => {
  const NOW = Date.UTC(2026, 10, 22);
  const on = { ...SERVER, state: 'on' } as const;
  const traffic = (seconds: number, contact?: number): Partial<DoctorFacts> => ({
    server: on,
    nowMs: NOW,
    traffic: {
      connectingMs: NOW - seconds * 1000,
      ...(contact === undefined ? {} : { lastContactMs: NOW - contact * 1000 }),
    },
  });

  it('and is not seen for 30 seconds does not get here', async () => {
    expect(await check(traffic(30))).toMatchObject([
      { id: 'host-no-request', severity: 'error', details: { seconds: 30, platform: 'linux', port: 8070 } },
    ]);
    expect(idsOf(await check(traffic(30, 40)))).toEqual(['host-no-request']);
  });

  it('has time, has come, or was long ago', async () => {
    expect(await check(traffic(29))).toEqual([]);
    expect(await check(traffic(40, 35))).toEqual([]);
    expect(await check(traffic(700))).toEqual([]);
    expect(await check({ ...traffic(40), server: SERVER })).toEqual([]);
  });
});
