import { describe, expect, it } from 'vitest';
import { PortWatcher, type PortsChange } from '../../../src/serial/port-watcher.ts';
import { arrangePorts, type PortEntry } from '../../../src/serial/ports.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';

function port(address: string, serialNumber: string, productId = '1001'): PortEntry {
  const none = { manufacturer: undefined, pnpId: undefined, locationId: undefined };
  const [entry] = arrangePorts([{ path: address, vendorId: '303a', productId, serialNumber, ...none }], 'linux');
  if (entry === undefined) throw new Error(address);
  return entry;
}

/** `+a -b a>c` */
function short(change: PortsChange): string {
  return [
    ...change.added.map((entry) => `+${entry.address}`),
    ...change.removed.map((entry) => `-${entry.address}`),
    ...change.renamed.map(({ from, to }) => `${from.address}>${to.address}`),
  ].join(' ');
}

function watched(): {
  clock: ManualClock;
  watcher: PortWatcher;
  heard: string[];
  set: (value: PortEntry[] | Error) => void;
  asked: () => number;
} {
  const clock = new ManualClock();
  let now: PortEntry[] | Error = [];
  let asked = 0;
  const list = (): Promise<readonly PortEntry[]> => {
    asked++;
    return now instanceof Error ? Promise.reject(now) : Promise.resolve(now);
  };
  const watcher = new PortWatcher({ list, clock });
  const heard: string[] = [];
  watcher.onChanged((change) => heard.push(short(change)));
  return { clock, watcher, heard, set: (value) => (now = value), asked: () => asked };
}

describe('the port watcher', () => {
  it('tells what was plugged in and pulled out', async () => {
    const { clock, watcher, heard, set } = watched();
    set([port('/a', '1')]);
    await watcher.start();
    set([port('/a', '1'), port('/b', '2')]);
    await clock.advance(1000);
    set([port('/b', '2')]);
    await clock.advance(1000);
    await clock.advance(5000);
    expect(heard).toEqual(['+/a', '+/b', '-/a']);
    expect(watcher.ports.map((entry) => entry.address)).toEqual(['/b']);
    watcher.dispose();
  });

  it('knows a board again under another address, at once or a while later', async () => {
    const { clock, watcher, heard, set } = watched();
    set([port('/a', '1'), port('/x', '9')]);
    await watcher.start();
    set([port('/b', '1'), port('/x', '9')]);
    await clock.advance(1000);
    set([port('/x', '9')]);
    await clock.advance(3000);
    set([port('/c', '1'), port('/x', '9')]);
    await clock.advance(1000);
    expect(heard).toEqual(['+/a +/x', '/a>/b', '-/b', '/b>/c']);
    watcher.dispose();
  });

  it('takes a board that was away for long for a new one', async () => {
    const { clock, watcher, heard, set } = watched();
    set([port('/a', '1')]);
    await watcher.start();
    set([]);
    await clock.advance(40_000);
    set([port('/b', '1')]);
    await clock.advance(1000);
    expect(heard).toEqual(['+/a', '-/a', '+/b']);
    watcher.dispose();
  });

  it('asks a list that fails less and less often, and recovers', async () => {
    const { clock, watcher, heard, set, asked } = watched();
    set(new Error('udevadm'));
    await watcher.start();
    await clock.advance(60_000);
    expect(asked()).toBeLessThan(8);
    set([port('/a', '1')]);
    await clock.advance(30_000);
    expect(heard).toEqual(['+/a']);
    const before = asked();
    await clock.advance(3000);
    expect(asked() - before).toBe(3);
    watcher.dispose();
  });

  it('asks once for looks that come together, and no more after its end', async () => {
    const { clock, watcher, asked } = watched();
    await Promise.all([watcher.refresh(), watcher.refresh(), watcher.refresh()]);
    expect(asked()).toBe(1);
    const last = watcher.refresh();
    watcher.dispose();
    await last;
    await clock.advance(10_000);
    expect([asked(), clock.waiting]).toEqual([2, 0]);
  });
});
