import { describe, expect, it } from 'vitest';
import { findAgain } from '../../../src/serial/same-board.ts';
import { usbPort, type Usb } from '../../support/usb-port.ts';

const USB0 = '/dev/ttyUSB0';
const USB1 = '/dev/ttyUSB1';
const USB2 = '/dev/ttyUSB2';
const CH340 = '1a86:7523';
const CP2102 = '10c4:ea60';

describe('the board that is meant', () => {
  const ours: Usb = { ids: CH340, serialNumber: '1234', place: '1-2' };

  it.each([
    ['has one number with another', ours, { ...ours, place: '1-1' }],
    ['is of a kind without numbers', { ids: CH340, place: '1-2' }, { ids: CH340, place: '1-1' }],
    [
      'has the number of every CP2102',
      { ids: CP2102, serialNumber: '0001', place: '1-2' },
      { ids: CP2102, serialNumber: '0001', place: '1-1' },
    ],
  ])('is found where it is when it %s', (_, mine, other) => {
    const before = usbPort(USB1, mine);
    const there = [usbPort(USB0, other), usbPort(USB1, mine)];
    expect(findAgain(before, there)?.address).toBe(USB1);
    // its name may have gone to the other one
    const renamed = [usbPort(USB1, other), usbPort(USB0, mine)];
    expect(findAgain(before, renamed)?.address).toBe(USB0);
  });

  it.each([
    ['of its kind, without a number, in another place', { ids: CH340, place: '1-2' }, { ids: CH340, place: '1-1' }],
    ['of its maker, but another product', { ids: CP2102 }, { ids: '10c4:ea70' }],
    [
      'with the number of every CP2102 in another place',
      { ids: CP2102, serialNumber: '0001', place: '1-2' },
      { ids: CP2102, serialNumber: '0001', place: '1-1' },
    ],
    [
      'that is another chip’s loader, in another place',
      { ids: '303a:1001', serialNumber: 'A', place: '1-2' },
      { ids: '303a:0009', place: '1-1' },
    ],
  ])('is not the only one %s', (_, mine, other) => {
    expect(findAgain(usbPort(USB1, mine), [usbPort(USB0, other)])).toBeUndefined();
  });

  it('is not one that was there besides it, nor known by a number that such a one has', () => {
    const before = usbPort(USB1, { ids: CH340 });
    const other = usbPort(USB0, { ids: CH340 });
    expect(findAgain(before, [other], [before, other])).toBeUndefined();
    expect(findAgain(before, [other, usbPort(USB2, { ids: CH340 })], [before, other])?.address).toBe(USB2);
    const [mine, twin] = [usbPort(USB1, ours), usbPort(USB0, { ...ours, place: '1-1' })];
    const moved = usbPort(USB2, { ...ours, place: '1-3' });
    expect(findAgain(mine, [moved], [mine, twin])).toBeUndefined();
    expect(findAgain(mine, [moved], [mine])?.address).toBe(USB2);
  });

  it('may be in another place under its own address, or where places are not told', () => {
    const before = usbPort(USB0, { ids: CH340, place: '1-1' });
    expect(findAgain(before, [usbPort(USB0, { ids: CH340, place: '1-2' })])?.address).toBe(USB0);
    expect(findAgain(before, [usbPort(USB1, { ids: CH340 })])?.address).toBe(USB1);
    expect(findAgain(before, [usbPort(USB1, { ids: CH340 }), usbPort(USB2, { ids: CH340 })])).toBeUndefined();
  });

  it('is found by the first of its ports where its device has several now', () => {
    const before = usbPort('/dev/cu.usbmodem1', { ids: '303a:1001', serialNumber: 'A', place: '14100000' });
    const now = ['/dev/cu.usbmodem2', '/dev/cu.usbmodem3'].map((address) =>
      usbPort(address, { ids: '303a:4001', serialNumber: 'A', place: '14100000' }),
    );
    expect(findAgain(before, now)?.address).toBe('/dev/cu.usbmodem2');
  });
});
