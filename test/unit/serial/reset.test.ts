import { describe, expect, it } from 'vitest';
import {
  applicationReset,
  classicReset,
  HARD_RESET,
  loaderResets,
  playReset,
  tightReset,
  USB_HARD_RESET,
  USB_SERIAL_JTAG_RESET,
  type ResetSequence,
} from '../../../src/serial/reset.ts';
import { openUsb } from '../../../src/serial/usb-transport.ts';
import { caught } from '../../support/caught.ts';
import { HurryingClock } from '../../support/hurrying-clock.ts';
import { bootedAs } from '../../support/reset-circuit.ts';
import { TestLine } from '../../support/test-line.ts';

const USJ = { vendorId: 0x303a, productId: 0x1001 };
const CP2102 = { vendorId: 0x10c4, productId: 0xea60 };
const CP2102C = { vendorId: 0x10c4, productId: 0xea64 };

/** `01 w100 10`: DTR and RTS as they stand after each step, waits in milliseconds. */
async function played(sequence: ResetSequence): Promise<string> {
  const line = new TestLine();
  const port = await openUsb('/dev/x', { binding: line });
  const clock = new HurryingClock();
  const done: string[] = [];
  const before = clock.after.bind(clock);
  clock.after = (delayMs, run) => {
    done.push(`w${delayMs}`);
    return before(delayMs, run);
  };
  const set = port.setLines.bind(port);
  port.setLines = (lines) => {
    done.push(`${Number(lines.dtr)}${Number(lines.rts)}`);
    return set(lines);
  };
  await playReset(port, sequence, undefined, clock);
  await port.close();
  return done.join(' ');
}

describe('a reset sequence', () => {
  it('is played step by step, both lines at each', async () => {
    expect(await played(classicReset(50))).toBe('01 w100 10 w50 00');
    expect(await played(tightReset(550))).toBe('00 11 01 w100 10 w550 00');
    expect(await played(USB_SERIAL_JTAG_RESET)).toBe('00 w100 10 w100 11 01 01 w100 00');
    expect(await played(HARD_RESET)).toBe('00 01 w100 00');
    expect(await played(USB_HARD_RESET)).toBe('00 01 w200 00 w200');
  });

  it.each([
    ['classic', classicReset(50)],
    ['classic, long', classicReset(550)],
    ['tight', tightReset(50)],
    ['tight, long', tightReset(550)],
  ])('%s brings a board with the usual circuit into its loader', (_name, sequence) => {
    expect(bootedAs(sequence)).toBe('loader');
  });

  it('hard reset starts the application, also from the loader with DTR still asserted', () => {
    expect(bootedAs(HARD_RESET)).toBe('app');
    expect(bootedAs(HARD_RESET, { dtr: true, rts: false })).toBe('app');
    expect(bootedAs(HARD_RESET, { dtr: true, rts: true })).toBe('app');
  });

  it('letting go of the lines is no reset', () => {
    expect(bootedAs([{ dtr: false, rts: false }], { dtr: true, rts: true })).toBe('untouched');
  });

  it('lets the lines go when it is cancelled half-way', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    const cancel = new AbortController();
    const clock = new HurryingClock();
    clock.after = () => {
      setImmediate(() => {
        cancel.abort();
      });
      return { dispose: () => undefined };
    };
    await caught(playReset(port, classicReset(50), cancel.signal, clock), 'cancelled');
    expect(line.calls.slice(-2)).toEqual(['set dtr=0 rts=1', 'set dtr=0 rts=0']);
    await caught(playReset(port, classicReset(50), cancel.signal, clock), 'cancelled');
    await port.close();
  });

  it('ends in the right error when the cable is pulled, or there are no lines', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    line.failures.set('set', new Error('Error: Input/output error, cannot set'));
    await caught(playReset(port, HARD_RESET), 'serial.gone');
    expect(line.isOpen).toBe(false);
    const without = new TestLine();
    without.failures.set('set', new Error('Error: Inappropriate ioctl for device, cannot set'));
    const pty = await openUsb('/dev/pts/1', { binding: without });
    await caught(playReset(pty, HARD_RESET), 'serial.noModemLines');
    await pty.close();
  });
});

describe('the choice of a reset', () => {
  const usb = { kind: 'usb', hasModemLines: true } as const;

  it('tries tight before classic where both lines change in one call, and classic only on Windows', () => {
    const target = { ...usb, usb: CP2102 };
    expect(loaderResets(target, 'auto', 'linux')).toEqual([
      tightReset(50),
      tightReset(550),
      classicReset(50),
      classicReset(550),
    ]);
    expect(loaderResets(target, 'auto', 'win32')).toEqual([classicReset(50), classicReset(550)]);
  });

  it('takes the chip’s own sequences on a chip that is its own USB device', () => {
    expect(loaderResets({ ...usb, usb: USJ })).toEqual([USB_SERIAL_JTAG_RESET, USB_SERIAL_JTAG_RESET]);
    expect(applicationReset({ ...usb, usb: USJ })).toBe(USB_HARD_RESET);
    expect(applicationReset({ ...usb, usb: CP2102 })).toBe(HARD_RESET);
  });

  it('tries them last where nothing is known of the port', () => {
    expect(loaderResets({ ...usb, usb: undefined }, 'auto', 'linux').at(-1)).toBe(USB_SERIAL_JTAG_RESET);
  });

  it('keeps DTR asserted on a bridge with forced flow control', () => {
    for (const sequence of loaderResets({ ...usb, usb: CP2102C }, 'auto', 'linux'))
      expect(sequence.at(-1)).toHaveProperty('waitMs');
  });

  it('holds the boot pin longer over a network, and takes the chip’s own sequence only when told', () => {
    const remote = { kind: 'rfc2217', usb: undefined, hasModemLines: true } as const;
    expect(loaderResets(remote)).toEqual([classicReset(250), classicReset(550)]);
    expect(loaderResets(remote, 'usbSerialJtag')[0]).toBe(USB_SERIAL_JTAG_RESET);
  });

  it('is none without lines, or when told', () => {
    expect(loaderResets({ kind: 'socket', usb: undefined, hasModemLines: false })).toEqual([]);
    expect(applicationReset({ kind: 'socket', usb: undefined, hasModemLines: false })).toBeUndefined();
    expect(loaderResets({ ...usb, usb: CP2102 }, 'none')).toEqual([]);
  });
});
