import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { formatPortAddress, parsePortAddress } from '../../../src/serial/port-address.ts';
import { caught } from '../../support/caught.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);

describe('a port address', () => {
  it.each([
    ['/dev/ttyUSB0', { kind: 'device', path: '/dev/ttyUSB0' }],
    ['/dev/serial/by-id/usb-1a86_USB-if00', { kind: 'device', path: '/dev/serial/by-id/usb-1a86_USB-if00' }],
    [' COM12 ', { kind: 'device', path: 'COM12' }],
    ['\\\\.\\COM12', { kind: 'device', path: '\\\\.\\COM12' }],
    ['socket://localhost:3333', { kind: 'socket', host: 'localhost', port: 3333 }],
    ['SOCKET://10.0.0.7:1', { kind: 'socket', host: '10.0.0.7', port: 1 }],
    ['socket://[::1]:65535', { kind: 'socket', host: '::1', port: 65535 }],
    ['socket://[fe80::1%eth0]:23', { kind: 'socket', host: 'fe80::1%eth0', port: 23 }],
    ['rfc2217://pi.local:2217', { kind: 'rfc2217', host: 'pi.local', port: 2217, ignoresSetControl: false }],
    [
      'rfc2217://host.docker.internal:4000?ign_set_control',
      { kind: 'rfc2217', host: 'host.docker.internal', port: 4000, ignoresSetControl: true },
    ],
    ['rfc2217://a:1/?ign_set_control', { kind: 'rfc2217', host: 'a', port: 1, ignoresSetControl: true }],
    ['virtual://esp32s3', { kind: 'virtual', name: 'esp32s3' }],
  ])('%s is read', (text, address) => {
    expect(parsePortAddress(text)).toEqual(address);
  });

  it.each([
    ['', 0, 'empty'],
    ['   ', 0, 'empty'],
    ['localhost:3333', 0, 'notAPath'],
    ['ttyUSB0', 0, 'notAPath'],
    ['/dev/', 0, 'notAPath'],
    ['http://a:1', 0, 'unknownScheme'],
    ['socket://', 9, 'noHost'],
    ['socket://:80', 9, 'noHost'],
    ['socket://a b:80', 9, 'badHost'],
    ['socket://::1:80', 9, 'noHost'],
    ['socket://[::1', 10, 'badHost'],
    ['socket://[]:80', 10, 'badHost'],
    ['socket://[host]:80', 10, 'badHost'],
    ['socket://host', 13, 'noPort'],
    ['socket://host:', 13, 'noPort'],
    ['socket://host:abc', 13, 'badPort'],
    ['socket://host:0', 14, 'badPort'],
    ['socket://host:65536', 14, 'badPort'],
    ['socket://host:80x', 14, 'badPort'],
    ['  socket://host:99999', 16, 'badPort'],
    ['rfc2217://host:1?timeout=3', 17, 'unknownOption'],
    ['rfc2217://host:1?ign_set_control&x', 33, 'unknownOption'],
    ['socket://host:1?ign_set_control', 16, 'unknownOption'],
    ['/dev/tty\u0007', 8, 'control'],
    ['virtual://', 10, 'noHost'],
    ['virtual://a/b', 10, 'badHost'],
  ])('%j is refused at %i: %s', async (text, position, problem) => {
    const error = await caught(() => parsePortAddress(text), 'serial.badAddress');
    expect(error.details).toEqual({ address: text, position, problem });
  });

  it('is written so that it is read back the same', () => {
    for (const text of [
      '/dev/ttyACM1',
      'socket://[::1]:80',
      'rfc2217://h:1?ign_set_control',
      'rfc2217://h:1',
      'virtual://x',
    ])
      expect(formatPortAddress(parsePortAddress(text))).toBe(text);
  });

  it('of any text is an address that is read back the same, or a coded error inside the text', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('socket://', 'rfc2217://', 'virtual://', '/dev/', 'COM'), fc.string(), fc.string())
        .map((parts) => parts.join('')),
      fc.stringMatching(/^(socket|rfc2217):\/\/[\w.[\]:%-]*:?\d*\??[a-z_&]*$/),
    );
    fc.assert(
      fc.property(text, (address) => {
        try {
          const parsed = parsePortAddress(address);
          expect(parsePortAddress(formatPortAddress(parsed))).toEqual(parsed);
        } catch (error) {
          if (!isOtaError(error, 'serial.badAddress')) throw error;
          expect(error.details.position).toBeGreaterThanOrEqual(0);
          expect(error.details.position).toBeLessThanOrEqual(address.length);
        }
      }),
      { numRuns: RUNS },
    );
  });
});
