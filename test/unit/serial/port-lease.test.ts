import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLeasedPort, openPort } from '../../../src/serial/open-port.ts';
import { PortLeases, type LeaseRequest } from '../../../src/serial/port-lease.ts';
import { caught } from '../../support/caught.ts';
import { HurryingClock, ManualClock } from '../../support/hurrying-clock.ts';
import { settled, TestLine } from '../../support/test-line.ts';

const PORT = 'virtual://board';

/** A holder that yields at once and writes down what happened to it. */
function monitor(events: string[], name = 'monitor'): LeaseRequest {
  return {
    holder: name,
    onYield: (requester) => {
      events.push(`${name} yields to ${requester}`);
      return Promise.resolve();
    },
    onResume: () => events.push(`${name} resumes`),
  };
}

describe('a port lease', () => {
  it('keeps a second owner out, by name, until it is released', async () => {
    const leases = new PortLeases();
    const first = await leases.acquire(PORT, { holder: 'flash' });
    const error = await caught(leases.acquire(PORT, { holder: 'read' }), 'serial.inUse');
    expect(error.details).toEqual({ address: PORT, holder: 'flash' });
    expect(await leases.holderOf(PORT)).toBe('flash');
    await first.release();
    await first.release();
    expect(await leases.holderOf(PORT)).toBeUndefined();
    const second = await leases.acquire(PORT, { holder: 'read' });
    expect([first.isHeld, second.isHeld]).toEqual([false, true]);
  });

  it('leaves other ports alone', async () => {
    const leases = new PortLeases();
    await leases.acquire(PORT, { holder: 'flash' });
    await leases.acquire('virtual://other', { holder: 'flash' });
  });

  it('is yielded by a holder that can, and given back after', async () => {
    const leases = new PortLeases();
    const events: string[] = [];
    const held = await leases.acquire(PORT, monitor(events));
    const flash = await leases.acquire(PORT, { holder: 'flash' });
    expect([held.isHeld, flash.isHeld]).toEqual([false, true]);
    await caught(leases.acquire(PORT, { holder: 'read' }), 'serial.inUse');
    await flash.release();
    expect([held.isHeld, flash.isHeld]).toEqual([true, false]);
    expect(events).toEqual(['monitor yields to flash', 'monitor resumes']);
  });

  it('stays with a holder that throws when it is asked', async () => {
    const leases = new PortLeases();
    const held = await leases.acquire(PORT, {
      holder: 'theirs',
      onYield: () => {
        throw new Error('at once');
      },
    });
    await caught(leases.acquire(PORT, { holder: 'read' }), 'serial.inUse');
    expect(held.isHeld).toBe(true);
  });

  it('goes back through all who yielded', async () => {
    const leases = new PortLeases();
    const events: string[] = [];
    await leases.acquire(PORT, monitor(events, 'a'));
    const b = await leases.acquire(PORT, monitor(events, 'b'));
    const c = await leases.acquire(PORT, { holder: 'c' });
    await c.release();
    await b.release();
    expect(events).toEqual(['a yields to b', 'b yields to c', 'b resumes', 'a resumes']);
  });

  it('is not given back to one who released it meanwhile', async () => {
    const leases = new PortLeases();
    const events: string[] = [];
    const held = await leases.acquire(PORT, monitor(events));
    const flash = await leases.acquire(PORT, { holder: 'flash' });
    await held.release();
    await caught(leases.acquire(PORT, { holder: 'read' }), 'serial.inUse');
    await flash.release();
    expect(events).toEqual(['monitor yields to flash']);
    await leases.acquire(PORT, { holder: 'read' });
  });

  it('goes from one to the next without a stop at the one who yielded', async () => {
    const leases = new PortLeases();
    const events: string[] = [];
    await leases.acquire(PORT, monitor(events));
    const flash = await leases.acquire(PORT, { holder: 'flash' });
    const released = flash.release();
    const read = await leases.acquire(PORT, { holder: 'read' });
    await released;
    expect(read.isHeld).toBe(true);
    await read.release();
    expect(events.filter((event) => event === 'monitor resumes').length).toBe(
      events.filter((event) => event.startsWith('monitor yields')).length,
    );
    expect(events.at(-1)).toBe('monitor resumes');
  });

  it('stays with a holder that refuses, or does not answer in time', async () => {
    const leases = new PortLeases({ clock: new HurryingClock() });
    const held = await leases.acquire(PORT, {
      holder: 'flash',
      onYield: () => Promise.reject(new Error('half-way')),
    });
    await caught(leases.acquire(PORT, { holder: 'read' }), 'serial.inUse');
    expect(held.isHeld).toBe(true);
    await held.release();
    await leases.acquire(PORT, { holder: 'deaf', onYield: () => new Promise(() => undefined) });
    await caught(leases.acquire(PORT, { holder: 'read' }), 'serial.inUse');
  });

  it('goes back to a holder that yields after the other gave up', async () => {
    const leases = new PortLeases({ clock: new ManualClock() });
    let letGo = (): void => undefined;
    const events: string[] = [];
    const held = await leases.acquire(PORT, {
      holder: 'monitor',
      onYield: () => new Promise((resolve) => (letGo = resolve)),
      onResume: () => events.push('resumes'),
    });
    const cancel = new AbortController();
    const asking = leases.acquire(PORT, { holder: 'flash', signal: cancel.signal });
    await settled();
    cancel.abort();
    await caught(asking, 'cancelled');
    letGo();
    await settled();
    expect([events, held.isHeld]).toEqual([['resumes'], true]);
  });

  it('is not taken by one who was cancelled before its turn', async () => {
    const leases = new PortLeases();
    const cancel = new AbortController();
    cancel.abort();
    await caught(leases.acquire(PORT, { holder: 'flash', signal: cancel.signal }), 'cancelled');
    expect(await leases.holderOf(PORT)).toBeUndefined();
  });

  it('knows a port by any of its spellings', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lease-'));
    try {
      await writeFile(join(folder, 'ttyUSB0'), '');
      await symlink(join(folder, 'ttyUSB0'), join(folder, 'by-id'));
      const leases = new PortLeases();
      await leases.acquire(join(folder, 'by-id'), { holder: 'monitor' });
      await caught(leases.acquire(join(folder, 'ttyUSB0'), { holder: 'flash' }), 'serial.inUse');
      await leases.acquire('rfc2217://Host:1?ign_set_control', { holder: 'monitor' });
      await caught(leases.acquire('rfc2217://host:1', { holder: 'flash' }), 'serial.inUse');
      await caught(leases.acquire('nonsense', { holder: 'flash' }), 'serial.badAddress');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('ends with the window, and nobody is resumed', async () => {
    const leases = new PortLeases();
    const events: string[] = [];
    await leases.acquire(PORT, monitor(events));
    await leases.acquire(PORT, { holder: 'flash' });
    await leases.releaseAll();
    expect(events).toEqual(['monitor yields to flash']);
    expect(await leases.holderOf(PORT)).toBeUndefined();
  });
});

describe('a leased port', () => {
  const withLine = (line: TestLine) => ({ virtual: (name: string) => (name === 'board' ? line : undefined) });

  it('is free again after it was closed', async () => {
    const leases = new PortLeases();
    const line = new TestLine();
    const port = await openLeasedPort(leases, PORT, { holder: 'flash' }, withLine(line));
    expect(port.transport).toMatchObject({ kind: 'virtual', address: PORT });
    await port.close();
    expect([line.isOpen, await leases.holderOf(PORT)]).toEqual([false, undefined]);
  });

  it('is free again when it can not be opened', async () => {
    const leases = new PortLeases();
    const line = new TestLine();
    line.failures.set('open', new Error('Opening COM5: Access denied'));
    await caught(openLeasedPort(leases, PORT, { holder: 'flash' }, withLine(line)), 'serial.busy');
    await caught(openLeasedPort(leases, 'virtual://none', { holder: 'flash' }, withLine(line)), 'serial.noSuchPort');
    expect(await leases.holderOf(PORT)).toBeUndefined();
    expect(await leases.holderOf('virtual://none')).toBeUndefined();
  });

  it('is free again when the cable is pulled', async () => {
    const leases = new PortLeases();
    const line = new TestLine();
    await openLeasedPort(leases, PORT, { holder: 'flash' }, withLine(line));
    line.pull();
    await settled();
    expect(await leases.holderOf(PORT)).toBeUndefined();
  });

  it('is free again when opening was cancelled', async () => {
    const leases = new PortLeases();
    const line = new TestLine();
    const cancel = new AbortController();
    const opening = openLeasedPort(leases, PORT, { holder: 'flash', signal: cancel.signal }, withLine(line));
    cancel.abort();
    await caught(opening, 'cancelled');
    expect([line.isOpen, await leases.holderOf(PORT)]).toEqual([false, undefined]);
  });

  it('goes from the monitor to flashing and back, with the port open once at a time', async () => {
    const leases = new PortLeases();
    const line = new TestLine();
    const options = withLine(line);
    const opened: boolean[] = [];
    let reopened: Promise<unknown> = Promise.resolve();
    const held = await openLeasedPort(
      leases,
      PORT,
      {
        holder: 'monitor',
        onYield: async () => {
          await held.transport.close();
          opened.push(line.isOpen);
        },
        onResume: () => {
          opened.push(line.isOpen);
          reopened = openPort(PORT, options);
        },
      },
      options,
    );
    const flash = await openLeasedPort(leases, PORT, { holder: 'flash' }, options);
    opened.push(line.isOpen);
    await flash.close();
    await reopened;
    expect([opened, line.isOpen, held.lease.isHeld]).toEqual([[false, true, false], true, true]);
  });
});
