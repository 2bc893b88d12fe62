import { afterEach, describe, expect, it } from 'vitest';
import { openLeasedPort, openPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import { applicationReset, loaderResets } from '../../src/serial/reset.ts';
import type { TransportClosed } from '../../src/serial/serial-transport.ts';
import { caught } from '../support/caught.ts';
import { startRfc2217Server, type Rfc2217Server } from '../support/rfc2217-server.ts';

const servers: Rfc2217Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(): Promise<{ server: Rfc2217Server; address: string }> {
  const server = await startRfc2217Server('raw');
  servers.push(server);
  return { server, address: `socket://127.0.0.1:${server.port}` };
}

describe('a port over a raw socket', () => {
  it('moves every byte as it is, both ways', async () => {
    const { server, address } = await start();
    const port = await openPort(address);
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const heard: number[] = [];
    const arrived = new Promise<void>((resolve) => {
      port.onData((bytes) => {
        heard.push(...bytes);
        if (heard.length === 256) resolve();
      });
    });
    await port.write(all);
    expect(await server.lineBytesCount(256)).toEqual(Buffer.from(all));
    server.send(all, 11);
    await arrived;
    expect(heard).toEqual([...all]);
    await port.close();
    await server.disconnected();
  });

  it('has no rate and no lines, so no reset', async () => {
    const { address } = await start();
    const port = await openPort(address);
    await port.setBaud(921_600);
    expect([port.hasBaud, port.hasModemLines, port.baud]).toEqual([false, false, 921_600]);
    await caught(port.setLines({ dtr: true, rts: false }), 'serial.noModemLines');
    expect([loaderResets(port), applicationReset(port)]).toEqual([[], undefined]);
    await port.purge();
    await port.drain();
    await port.close();
    await caught(port.setBaud(1), 'serial.closed');
    await caught(port.setLines({ dtr: true, rts: false }), 'serial.closed');
    await caught(port.purge(), 'serial.closed');
  });

  it('notices in time that the other end went away, and gives the lease back', async () => {
    const { server, address } = await start();
    const leases = new PortLeases();
    const { transport } = await openLeasedPort(leases, address, { holder: 'flash' });
    const closed = new Promise<TransportClosed>((resolve) => transport.onClosed(resolve));
    await transport.write(Uint8Array.of(1));
    await server.lineBytesCount(1);
    const droppedMs = performance.now();
    server.drop();
    expect(await closed).toMatchObject({ cause: 'gone', error: { code: 'serial.gone' } });
    expect(performance.now() - droppedMs).toBeLessThan(100);
    await expect.poll(() => leases.holderOf(address)).toBeUndefined();
    await caught(transport.write(Uint8Array.of(1)), 'serial.gone');
  });

  it('keeps bytes that come before anybody listens', async () => {
    const { server, address } = await start();
    const port = await openPort(address);
    await port.write(Uint8Array.of(1));
    await server.lineBytesCount(1);
    server.send(Uint8Array.of(5, 6));
    // an answer to a second write comes after those bytes
    await port.drain();
    const heard = await new Promise<number[]>((resolve) => {
      const all: number[] = [];
      port.onData((bytes) => {
        all.push(...bytes);
        if (all.length === 2) resolve(all);
      });
    });
    expect(heard).toEqual([5, 6]);
    await port.close();
  });

  it('where nobody listens is unreachable, and leaves the lease free', async () => {
    const { server, address } = await start();
    await server.stop();
    const leases = new PortLeases();
    await caught(openLeasedPort(leases, address, { holder: 'flash' }), 'serial.unreachable');
    expect(await leases.holderOf(address)).toBeUndefined();
  });
});
