import { afterEach, describe, expect, it, vi } from 'vitest';
import { openLeasedPort } from '../../../src/serial/open-port.ts';
import { PortLeases } from '../../../src/serial/port-lease.ts';
import { listNativePorts } from '../../../src/serial/usb-transport.ts';
import { caught } from '../../support/caught.ts';

// the one thing that can't be had for real: a system without a build of the native module
vi.mock('serialport', () => {
  throw new Error('No native build was found for platform=linux arch=riscv64\n    loaded from: x');
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a system the native module does not load on', () => {
  it('is named, with the lease free again', async () => {
    const leases = new PortLeases();
    const error = await caught(
      openLeasedPort(leases, '/dev/ttyUSB0', { holder: 'flash' }),
      'serial.unsupportedPlatform',
    );
    expect(error.details.platform).toBe(`${process.platform}-${process.arch}`);
    expect(error.details.reason).not.toBe('');
    expect(error.details.reason).not.toContain('\n');
    expect(await leases.holderOf('/dev/ttyUSB0')).toBeUndefined();
    await caught(listNativePorts(), 'serial.unsupportedPlatform');
  });
});
