import { describe, expect, it } from 'vitest';
import { announcedFacts } from '../../../src/server/announced-facts.ts';
import { isLocalAddress, plainAddress } from '../../../src/server/client-address.ts';
import { ConnectionGate } from '../../../src/server/connection-gate.ts';
import { TransferRate } from '../../../src/server/transfer-rate.ts';
import { tlsFailure } from '../../../src/server/tls-failure.ts';

describe('an address', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.3.4',
    '::1',
    'fe80::1%eth0',
    'febf::1',
    'fd12:3456::1',
    'fc00::1',
    '::ffff:192.168.1.1',
    '::FFFF:c0a8:101',
  ])('%s is local', (address) => {
    expect(isLocalAddress(address)).toBe(true);
  });

  it.each([
    '8.8.8.8',
    '172.15.255.255',
    '172.32.0.1',
    '192.169.0.1',
    '11.0.0.1',
    '100.64.0.1',
    '0.0.0.0',
    '2001:4860::8888',
    'fec0::1',
    '::ffff:8.8.8.8',
    '::ffff:808:808',
    '::',
    '',
    'localhost',
    '10.0.0.1.example.org',
  ])('"%s" is not', (address) => {
    expect(isLocalAddress(address)).toBe(false);
  });

  it('has one plain form', () => {
    expect(['::ffff:10.0.0.1', '::ffff:a00:1', '10.0.0.1', 'fe80::1%eth0', '::1'].map(plainAddress)).toEqual([
      '10.0.0.1',
      '10.0.0.1',
      '10.0.0.1',
      'fe80::1',
      '::1',
    ]);
  });
});

describe('what a board announces', () => {
  it('is read from the headers of the Arduino updater', () => {
    expect(
      announcedFacts({
        'x-esp32-sta-mac': 'A4:CF:12:00:00:01',
        'x-esp32-version': '1.2.3',
        'x-esp32-free-space': '1310720',
        'x-esp32-sketch-size': '900000',
        'x-esp32-sketch-sha256': 'AB'.repeat(32),
        'x-esp32-sketch-md5': 'cd'.repeat(16),
        'x-esp32-sdk-version': 'v5.1.4',
        'x-esp32-chip-size': '4194304',
      }),
    ).toEqual({
      mac: 'a4:cf:12:00:00:01',
      runningVersion: '1.2.3',
      freeSpaceBytes: 1310720,
      sketchSizeBytes: 900000,
      sketchSha256: 'ab'.repeat(32),
      sketchMd5: 'cd'.repeat(16),
      sdkVersion: 'v5.1.4',
      chipSizeBytes: 4194304,
    });
  });

  it('has no control characters, which Latin-1 has above 127 too', () => {
    expect(announcedFacts({ 'x-esp32-version': '1.0\u009d52;c;ZXZpbA==\u009c\u0085' })).toEqual({
      runningVersion: '1.052;c;ZXZpbA==',
    });
  });

  it('leaves out what is not of the expected shape', () => {
    expect(announcedFacts({ 'x-esp32-sta-mac': 'nonsense', 'x-esp32-free-space': '-1' })).toBeUndefined();
    expect(announcedFacts({ 'user-agent': 'ESP32 HTTP Client/1.0' })).toBeUndefined();
    expect(announcedFacts({ 'x-esp32-version': 'v'.repeat(1000) })?.runningVersion).toHaveLength(128);
  });
});

describe('the gate', () => {
  const limits = { maxConnections: 3, maxConnectionsPerAddress: 2 };

  it('lets in so many of one address and so many of all', () => {
    const gate = new ConnectionGate(limits);
    const first = gate.admit('10.0.0.1', 'private');
    expect(typeof gate.admit('10.0.0.1', 'private')).toBe('object');
    expect(gate.admit('10.0.0.1', 'private')).toBe('tooManyConnections');
    expect(typeof gate.admit('10.0.0.2', 'private')).toBe('object');
    expect(gate.admit('10.0.0.3', 'private')).toBe('tooManyConnections');
    if (typeof first === 'object') first.dispose();
    expect(typeof gate.admit('10.0.0.3', 'private')).toBe('object');
  });

  it('lets in public addresses only when it is widened', () => {
    const gate = new ConnectionGate(limits);
    expect(gate.admit('8.8.8.8', 'private')).toBe('publicAddress');
    expect(typeof gate.admit('8.8.8.8', 'any')).toBe('object');
  });
});

describe('a rate', () => {
  it('is that of the last three seconds', () => {
    const rate = new TransferRate(0);
    expect(rate.note(1000, 50_000)).toBe(50_000);
    expect(rate.note(2000, 60_000)).toBe(30_000);
    for (const second of [3, 4, 5, 6, 7]) rate.note(second * 1000, 60_000);
    expect(rate.note(8000, 60_000)).toBe(0);
    expect(rate.note(8000, 60_000)).toBe(0);
  });
});

describe('a failed handshake', () => {
  it.each([
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'unknownAuthority'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN', 'unknownAuthority'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'certificateRefused'],
    ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'certificateRefused'],
    ['ERR_SSL_UNSUPPORTED_PROTOCOL', 'noSharedVersion'],
    ['ERR_SSL_NO_SHARED_CIPHER', 'noSharedCipher'],
    ['ERR_SSL_HTTP_REQUEST', 'plainHttpOnTls'],
    ['ECONNRESET', 'closed'],
    ['ERR_SSL_SOMETHING_NEW', 'other'],
  ])('with %s means %s', (code, cause) => {
    expect(tlsFailure(Object.assign(new Error(code), { code }))).toEqual({ cause, detail: code });
  });

  it('without a code is of another cause', () => {
    expect(tlsFailure('?')).toEqual({ cause: 'other', detail: 'unknown' });
  });
});
