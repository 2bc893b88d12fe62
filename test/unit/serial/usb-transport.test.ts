import { describe, expect, it } from 'vitest';
import type { OtaErrorCode } from '../../../src/base/ota-error.ts';
import type { TransportClosed } from '../../../src/serial/serial-transport.ts';
import { calloutPath, openUsb } from '../../../src/serial/usb-transport.ts';
import { caught } from '../../support/caught.ts';
import { HurryingClock } from '../../support/hurrying-clock.ts';
import { settled, TestLine } from '../../support/test-line.ts';
import { uncaughtDuring } from '../../support/uncaught.ts';

const ENOTTY = new Error('Error: Inappropriate ioctl for device, cannot set');

describe('opening a port', () => {
  it('lets both lines go in one step before anything else', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    expect(line.calls).toEqual(['open 115200', 'set dtr=0 rts=0']);
    expect(line.options).toMatchObject({ lock: true, hupcl: true });
    expect(port.lines).toEqual({ dtr: false, rts: false });
    await port.close();
  });

  it('on Windows keeps DTR from being asserted while it opens', async () => {
    const line = new TestLine();
    const port = await openUsb('COM5', { binding: line, platform: 'win32' });
    expect(line.options?.hupcl).toBe(false);
    await port.close();
  });

  it('on macOS opens the call-out device', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/tty.usbmodem1', { binding: line, platform: 'darwin' });
    expect(line.options?.path).toBe('/dev/cu.usbmodem1');
    expect(port.address).toBe('/dev/tty.usbmodem1');
    expect(calloutPath('/dev/ttyUSB0')).toBe('/dev/ttyUSB0');
    await port.close();
  });

  it('asks for low latency at every change of lines on an FTDI bridge only', async () => {
    const ftdi = new TestLine();
    const port = await openUsb('/dev/x', { binding: ftdi, usb: { vendorId: 0x0403, productId: 0x6001 } });
    await port.setLines({ dtr: true, rts: false });
    expect(ftdi.flags.map((flags) => flags.lowLatency)).toEqual([true, true]);
    expect(port.description).toBe('FT232R (0403:6001)');
    await port.close();
    const other = new TestLine();
    await (await openUsb('/dev/x', { binding: other, usb: { vendorId: 0x10c4, productId: 0xea60 } })).close();
    expect(other.flags.map((flags) => flags.lowLatency)).toEqual([undefined]);
  });

  it('gives every flag the native module would otherwise assert', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line, lines: { dtr: false, rts: true } });
    expect(line.flags).toEqual([{ brk: false, cts: false, dsr: false, dtr: false, rts: true }]);
    await port.close();
  });

  it('takes a line without modem lines for one that can not reset', async () => {
    const line = new TestLine();
    line.failures.set('set', ENOTTY);
    const port = await openUsb('/dev/pts/3', { binding: line });
    expect(port.hasModemLines).toBe(false);
    await caught(port.setLines({ dtr: true, rts: true }), 'serial.noModemLines');
    expect(port.isOpen).toBe(true);
    await port.close();
  });

  const causes: readonly (readonly [string, OtaErrorCode])[] = [
    ['Error: No such file or directory, cannot open x', 'serial.noSuchPort'],
    ['Error: Permission denied, cannot open x', 'serial.noPermission'],
    ['Error Resource temporarily unavailable Cannot lock port', 'serial.busy'],
    ['Error: Is a directory, cannot open x', 'serial.notASerialDevice'],
    ['Error: Input/output error, cannot open x', 'serial.gone'],
    ['Error baud rate of -1 is not supported on your platform', 'serial.unsupportedBaud'],
    ['something new', 'serial.failed'],
  ];
  it.each(causes)('that fails with "%s" is %s', async (message, code) => {
    const line = new TestLine();
    line.failures.set('open', new Error(message));
    const error = await caught(openUsb('/nowhere/x', { binding: line, baud: 7 }), code);
    expect(error.details).toMatchObject({ address: '/nowhere/x' });
  });

  it('closes the port when the lines can not be set because the board just left', async () => {
    const line = new TestLine();
    line.failures.set('set', new Error('Error: Input/output error, cannot set'));
    await caught(openUsb('/dev/x', { binding: line }), 'serial.gone');
    expect(line.isOpen).toBe(false);
  });

  it('that was cancelled leaves the port closed', async () => {
    const line = new TestLine();
    const cancel = new AbortController();
    const opening = openUsb('/dev/x', { binding: line, signal: cancel.signal });
    cancel.abort();
    await caught(opening, 'cancelled');
    expect(line.isOpen).toBe(false);
    await caught(openUsb('/dev/x', { binding: line, signal: cancel.signal }), 'cancelled');
    expect(line.calls.filter((call) => call.startsWith('open'))).toHaveLength(1);
  });
});

describe('an open port', () => {
  it('stays open when somebody who hears its bytes fails, and so do those who hear them too', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    const bug = new TypeError('a bug');
    const closed: TransportClosed[] = [];
    port.onClosed((reason) => closed.push(reason));
    port.onData(() => {
      throw bug;
    });
    const heard: number[] = [];
    port.onData((bytes) => heard.push(...bytes));
    const uncaught = await uncaughtDuring(async () => {
      line.send(1);
      await settled();
      line.send(2);
      await settled();
    });
    expect([heard, uncaught, closed, port.isOpen]).toEqual([[1, 2], [bug, bug], [], true]);
    await port.close();
  });

  it('is closed for all when somebody who hears of it fails', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    const bug = new Error('a bug');
    port.onClosed(() => {
      throw bug;
    });
    const closed: TransportClosed[] = [];
    port.onClosed((reason) => closed.push(reason));
    expect(await uncaughtDuring(() => port.close())).toEqual([bug]);
    expect([closed, line.isOpen]).toEqual([[{ cause: 'us' }], false]);
  });

  it('keeps bytes that come before anybody listens', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    line.send(1, 2);
    await settled();
    line.send(3);
    await settled();
    const heard: number[] = [];
    port.onData((bytes) => heard.push(...bytes));
    await settled();
    line.send(4);
    await settled();
    expect(heard).toEqual([1, 2, 3, 4]);
    await port.close();
  });

  it('writes one after the other, in order', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    await Promise.all([port.write(Uint8Array.of(1, 2)), port.write(Uint8Array.of(3)), port.write(Uint8Array.of(4))]);
    expect(line.written).toEqual([1, 2, 3, 4]);
    await port.close();
  });

  it('sends what is queued before it changes the rate', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    void port.write(Uint8Array.of(1));
    await port.setBaud(921_600);
    expect(line.calls.slice(2)).toEqual(['write 1', 'drain', 'update 921600']);
    expect(port.baud).toBe(921_600);
    await port.close();
  });

  it('keeps its rate and stays open when another one is refused', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    line.failures.set('update', new Error('Update (SetCommState): The parameter is incorrect'));
    const error = await caught(port.setBaud(12_345_678), 'serial.unsupportedBaud');
    expect(error.details).toEqual({ address: '/dev/x', baud: 12_345_678 });
    expect([port.baud, port.isOpen]).toEqual([115_200, true]);
    await port.close();
  });

  it('sends before it throws away input, and throws away what nobody heard', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    line.send(1);
    await settled();
    await port.purge('input');
    expect(line.calls.slice(2)).toEqual(['drain', 'flush']);
    const heard: number[] = [];
    port.onData((bytes) => heard.push(...bytes));
    line.send(2);
    await settled();
    expect(heard).toEqual([2]);
    await port.close();
  });

  it('tells that the cable was pulled, frees the port and ends what was waiting', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    const closed = new Promise<TransportClosed>((resolve) => port.onClosed(resolve));
    line.isHanging = true;
    const writing = port.write(Uint8Array.of(1));
    await settled();
    line.pull();
    expect(await closed).toMatchObject({ cause: 'gone', error: { code: 'serial.gone' } });
    await caught(writing, 'serial.gone');
    await caught(port.write(Uint8Array.of(1)), 'serial.gone');
    await caught(port.setBaud(9600), 'serial.gone');
    await caught(port.setLines({ dtr: false, rts: false }), 'serial.gone');
    await caught(port.drain(), 'serial.gone');
    await caught(port.purge(), 'serial.gone');
    expect([port.isOpen, line.isOpen]).toEqual([false, false]);
    await port.close();
  });

  it.each(['write', 'drain', 'flush', 'set', 'update'])('is lost when %s fails', async (call) => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    line.failures.set(call, new Error('Error: Input/output error'));
    const work = {
      write: () => port.write(Uint8Array.of(1)),
      drain: () => port.drain(),
      flush: () => port.purge(),
      set: () => port.setLines({ dtr: true, rts: true }),
      update: () => port.setBaud(9600),
    }[call];
    if (work === undefined) throw new Error(call);
    await caught(work(), 'serial.gone');
    expect([port.isOpen, line.isOpen]).toEqual([false, false]);
  });

  it('is closed once, after what is queued was sent, and says that it was us', async () => {
    const line = new TestLine();
    const port = await openUsb('/dev/x', { binding: line });
    const reasons: TransportClosed[] = [];
    port.onClosed((reason) => reasons.push(reason));
    void port.write(Uint8Array.of(1));
    await Promise.all([port.close(), port.close()]);
    await port.close();
    expect(line.calls.slice(2)).toEqual(['write 1', 'drain', 'close']);
    expect(reasons).toEqual([{ cause: 'us' }]);
    await caught(port.write(Uint8Array.of(1)), 'serial.closed');
    port.onClosed((reason) => reasons.push(reason));
    await settled();
    expect(reasons).toHaveLength(2);
  });

  it('is closed in bounded time when the other end takes nothing', async () => {
    const line = new TestLine();
    const clock = new HurryingClock();
    const port = await openUsb('/dev/x', { binding: line, clock });
    line.isHanging = true;
    const writing = port.write(Uint8Array.of(1));
    await port.close();
    await caught(writing, 'serial.closed');
    expect(line.calls.slice(-2)).toEqual(['flush', 'close']);
    expect(clock.asked).toEqual([500]);
  });
});
