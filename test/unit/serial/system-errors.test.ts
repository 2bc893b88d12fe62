import { describe, expect, it } from 'vitest';
import { isUnsupportedBaud, isWithoutModemLines, openCause } from '../../../src/serial/system-errors.ts';

describe('the cause of a failure to open', () => {
  it.each([
    ['Error: No such file or directory, cannot open /dev/ttyUSB7', '/dev/ttyUSB7', 'noSuchPort'],
    ['Error: Permission denied, cannot open /dev/ttyUSB0', '/dev/ttyUSB0', 'noPermission'],
    ['Error Resource temporarily unavailable Cannot lock port', '/dev/ttyUSB0', 'busy'],
    ['Error: Device or resource busy, cannot open /dev/ttyUSB0', '/dev/ttyUSB0', 'busy'],
    ['Error: Resource busy, cannot open /dev/cu.usbmodem1', '/dev/cu.usbmodem1', 'busy'],
    ['Opening COM5: Access denied', 'COM5', 'busy'],
    ['Opening COM5: File not found', 'COM5', 'noSuchPort'],
    ['Opening COM5: Unknown error code 31', 'COM5', 'gone'],
    ['Opening COM5: Unknown error code 121', 'COM5', 'gone'],
    ['Opening COM5: Unknown error code 1167', 'COM5', 'gone'],
    ['Opening COM5: Unknown error code 3110', 'COM5', 'other'],
    ['Open (GetCommState): Invalid handle', 'COM5', 'notASerialDevice'],
    ['Open (SetCommState): The parameter is incorrect', 'COM5', 'unsupportedBaud'],
    ['Error: Is a directory, cannot open /dev', '/dev', 'notASerialDevice'],
    ['Error: Inappropriate ioctl for device setting custom baud rate of 115200', '/dev/null', 'notASerialDevice'],
    ['Error: Invalid argument || while setting custom baud rate of 7', '/dev/ttyUSB0', 'unsupportedBaud'],
    ['Error baud rate of -1 is not supported on your platform', '/dev/ttyUSB0', 'unsupportedBaud'],
    ['Error: Input/output error setting custom baud rate of 115200', '/dev/ttyS7', 'notASerialDevice'],
    ['Error: Input/output error, cannot open /dev/ttyUSB0', '/dev/ttyUSB0', 'gone'],
    ['Error: Device not configured, cannot open /dev/cu.usbmodem1', '/dev/cu.usbmodem1', 'gone'],
    ['something new', '/dev/ttyUSB0', 'other'],
  ])('%s', (message, path, cause) => {
    expect(openCause(message, path)).toBe(cause);
  });
});

describe('a failure on an open port', () => {
  it('is a line without DTR and RTS, or not', () => {
    expect(isWithoutModemLines('Error: Inappropriate ioctl for device, cannot set')).toBe(true);
    expect(isWithoutModemLines('Error: Input/output error, cannot set')).toBe(false);
  });

  it('is a rate that is not possible, or not', () => {
    expect(isUnsupportedBaud('Update (SetCommState): The parameter is incorrect')).toBe(true);
    expect(isUnsupportedBaud('Error: Input/output error, cannot update')).toBe(false);
  });
});
