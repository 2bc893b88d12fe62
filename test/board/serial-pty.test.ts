import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openLeasedPort, openPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import { listPorts } from '../../src/serial/ports.ts';
import { loaderResets } from '../../src/serial/reset.ts';
import type { TransportClosed } from '../../src/serial/serial-transport.ts';
import { caught } from '../support/caught.ts';
import { HAS_PTY, openPty, type Pty } from '../support/pty.ts';

const ptys: Pty[] = [];
afterEach(() => {
  for (const pty of ptys.splice(0)) pty.hangUp();
});

function start(): Pty {
  const pty = openPty();
  ptys.push(pty);
  return pty;
}

// the real native module: what is tested here is that it loads and does what is expected of it
describe.runIf(HAS_PTY)('a pty through the native module', () => {
  it('moves a megabyte there and every byte back', async () => {
    const pty = start();
    const port = await openPort(pty.path, { baud: 921_600 });
    const sent = randomBytes(1024 * 1024);
    const arriving = pty.receivedBytes(sent.length);
    for (let at = 0; at < sent.length; at += 16_384) await port.write(sent.subarray(at, at + 16_384));
    expect((await arriving).equals(sent)).toBe(true);
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const heard = new Promise<number[]>((resolve) => {
      const bytes: number[] = [];
      port.onData((chunk) => {
        bytes.push(...chunk);
        if (bytes.length >= 256) resolve(bytes);
      });
    });
    pty.send(all);
    expect(await heard).toEqual([...all]);
    await port.close();
  });

  it('has no lines, any rate, and can be drained and purged', async () => {
    const port = await openPort(start().path);
    expect(port.hasModemLines).toBe(false);
    expect(loaderResets(port)).toEqual([]);
    await caught(port.setLines({ dtr: true, rts: false }), 'serial.noModemLines');
    await port.setBaud(123_456);
    await port.drain();
    await port.purge();
    await port.purge('input');
    expect([port.baud, port.isOpen, port.kind]).toEqual([123_456, true, 'usb']);
    await port.close();
    await port.close();
    await caught(port.write(Uint8Array.of(1)), 'serial.closed');
  });

  it('that hangs up is noticed within 100 ms, and the lease is free', async () => {
    const pty = start();
    const leases = new PortLeases();
    const { transport } = await openLeasedPort(leases, pty.path, { holder: 'flash' });
    const closed = new Promise<TransportClosed>((resolve) => transport.onClosed(resolve));
    const pulledMs = performance.now();
    pty.hangUp();
    expect(await closed).toMatchObject({ cause: 'gone', error: { code: 'serial.gone' } });
    expect(performance.now() - pulledMs).toBeLessThan(100);
    await caught(transport.write(Uint8Array.of(1)), 'serial.gone');
    await expect.poll(() => leases.holderOf(pty.path)).toBeUndefined();
  });

  it('can be opened again after it was closed, not before, and the error names who has it', async () => {
    const { path } = start();
    const first = await openPort(path);
    const error = await caught(openPort(path), 'serial.busy');
    expect(error.details.address).toBe(path);
    if (process.platform === 'linux') expect(error.details.holderPid).toBe(process.pid);
    await first.close();
    await (await openPort(path)).close();
  });

  it.runIf(process.platform === 'linux')('whose name vanishes is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'serial-'));
    try {
      await symlink(start().path, join(folder, 'ttyUSB0'));
      const port = await openPort(join(folder, 'ttyUSB0'));
      const closed = new Promise<TransportClosed>((resolve) => port.onClosed(resolve));
      await unlink(join(folder, 'ttyUSB0'));
      expect(await closed).toMatchObject({ cause: 'gone' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe.runIf(HAS_PTY)('a path that is no serial port', () => {
  it.each([
    ['/dev/null', 'serial.notASerialDevice'],
    ['/tmp', 'serial.notASerialDevice'],
    ['/dev/no-such-port', 'serial.noSuchPort'],
    ['/dev/null/x', 'serial.noSuchPort'],
  ] as const)('%s is %s, and its lease is free', async (path, code) => {
    const leases = new PortLeases();
    const error = await caught(openLeasedPort(leases, path, { holder: 'monitor' }), code);
    expect(error.details).toEqual({ address: path });
    expect(await leases.holderOf(path)).toBeUndefined();
  });
});

describe('the ports of this machine', () => {
  it('can be listed', async () => {
    for (const port of await listPorts()) expect(port.address).not.toBe('');
  });
});
