import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boardOfPort, findRemembered, rememberPort, type Found } from '../../../src/serial/remembered-port.ts';
import type { PortEntry } from '../../../src/serial/ports.ts';
import { usbPort } from '../../support/usb-port.ts';

const USB0 = '/dev/ttyUSB0';
const USB1 = '/dev/ttyUSB1';
const NATIVE = { ids: '303a:1001' };

async function found(before: readonly PortEntry[], now: readonly PortEntry[], address = USB0): Promise<Found> {
  return findRemembered(await rememberPort(address, before), now);
}

/** The address that it is under, or what became of it. */
async function where(before: readonly PortEntry[], now: readonly PortEntry[], address = USB0): Promise<string> {
  const one = await found(before, now, address);
  return one.kind === 'here' ? one.address : one.kind;
}

describe('a port that was remembered', () => {
  it.each([
    ['as it was', { serialNumber: 'A' }, { serialNumber: 'A' }],
    ['in another socket', { serialNumber: 'A', place: '1-1' }, { serialNumber: 'A', place: '1-2' }],
    ['one of a kind without numbers', { place: '1-1' }, { place: '1-1' }],
    ['one whose number is not told this time', { serialNumber: 'A' }, {}],
    ['a chip in its loader', { ...NATIVE, serialNumber: 'A', place: '1-1' }, { ids: '303a:0009', place: '1-1' }],
    [
      'a chip that tells its number in its loader',
      { ...NATIVE, serialNumber: 'A' },
      { ids: '303a:4001', serialNumber: 'A' },
    ],
    ['no USB device', { ids: '' }, { ids: '' }],
  ])('has its board: %s', async (_, before, now) => {
    expect(await where([usbPort(USB0, before)], [usbPort(USB0, now)])).toBe(USB0);
  });

  it.each([
    ['another number', { serialNumber: 'A', place: '1-1' }, { serialNumber: 'B', place: '1-1' }],
    ['another number of a chip', { ...NATIVE, serialNumber: 'A' }, { ...NATIVE, serialNumber: 'B' }],
    ['another maker', {}, { ids: '1a86:7523' }],
    ['another product', {}, { ids: '10c4:ea70' }],
    [
      'another product under the number that all of them have',
      { serialNumber: '1' },
      { ids: '10c4:ea70', serialNumber: '1' },
    ],
    ['a chip in its loader in another socket', { ...NATIVE, place: '1-1' }, { ids: '303a:0009', place: '1-2' }],
    ['a USB device in place of none', { ids: '' }, {}],
  ])('has another board: %s', async (_, before, now) => {
    expect(await found([usbPort(USB0, before)], [usbPort(USB0, now)])).toMatchObject({
      kind: 'other',
      now: { address: USB0 },
    });
  });

  it('has its board under a new address, also where another took the old one', async () => {
    const before = [usbPort(USB0, { serialNumber: 'A' }), usbPort(USB1, { serialNumber: 'B' })];
    expect(await where(before, [usbPort('/dev/ttyUSB2', { serialNumber: 'A' })])).toBe('/dev/ttyUSB2');
    const swapped = [usbPort(USB0, { serialNumber: 'B' }), usbPort(USB1, { serialNumber: 'A' })];
    expect(await where(before, swapped)).toBe(USB1);
    expect(await where([usbPort(USB0)], [usbPort(USB1)])).toBe(USB1);
  });

  it('is gone, and never taken for one of its kind that was there all along', async () => {
    expect(await where([usbPort(USB0, { serialNumber: 'A' })], [])).toBe('gone');
    expect(await where([usbPort(USB0), usbPort(USB1)], [usbPort(USB1)])).toBe('gone');
    expect(await where([usbPort(USB0, { serialNumber: 'A' })], [usbPort(USB1, { serialNumber: 'B' })])).toBe('gone');
  });

  it('is not guessed among several that came', async () => {
    expect(await where([usbPort(USB0)], [usbPort(USB1), usbPort('/dev/ttyUSB2')])).toBe('gone');
  });

  it('is its address where nothing is known of it', async () => {
    expect(await where([usbPort(USB1)], [usbPort(USB0)])).toBe(USB0);
    expect(await where([usbPort(USB0)], [], 'rfc2217://pi:4000')).toBe('rfc2217://pi:4000');
    expect(await where([usbPort(USB0)], [], 'no address at all')).toBe('no address at all');
  });

  it('is found by a link to it, and in other letters', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'remembered-'));
    const [node, link] = [join(folder, 'ttyUSB0'), join(folder, 'board')];
    writeFileSync(node, '');
    symlinkSync(node, link);
    const [mine, other] = [usbPort(node, { serialNumber: 'A' }), usbPort(node, { serialNumber: 'B' })];
    expect(await where([mine], [mine], link)).toBe(link);
    expect(await where([mine], [other], link)).toBe('other');
    rmSync(folder, { recursive: true });
    expect(
      await where([usbPort('COM5', { serialNumber: 'A' })], [usbPort('COM5', { serialNumber: 'B' })], 'com5'),
    ).toBe('other');
  });

  it('has a board that can be named', () => {
    expect(boardOfPort(usbPort(USB0, { serialNumber: 'A' }))).toBe('CP2102 A');
    expect(boardOfPort(usbPort(USB0, { ids: '1a86:7523' }))).toBe('CH340');
    expect(boardOfPort(usbPort(USB0, { ids: '1234:abcd', serialNumber: 'A' }))).toBe('1234:abcd A');
    expect(boardOfPort(usbPort('/dev/ttyS0', { ids: '' }))).toBe('ttyS0');
  });
});
