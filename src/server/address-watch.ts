import { networkInterfaces } from 'node:os';
import { systemClock, type Clock } from '../base/clock.ts';
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { lanAddresses, type Interfaces } from './lan-addresses.ts';

/** How often the computer's addresses are compared: no system tells of a change. */
const LOOK_MS = 5000;

/** Tells when an address of this computer comes or goes, which wants another certificate and another URL. */
export function watchAddresses(
  onChange: () => void,
  clock: Clock = systemClock,
  interfaces: () => Interfaces = networkInterfaces,
): Disposable {
  const look = (): string => JSON.stringify(lanAddresses(interfaces()));
  let known = look();
  const again = (): Disposable =>
    clock.after(LOOK_MS, () => {
      timer = again();
      const now = look();
      if (now === known) return;
      known = now;
      onChange();
    });
  let timer = again();
  return toDisposable(() => {
    timer.dispose();
  });
}
