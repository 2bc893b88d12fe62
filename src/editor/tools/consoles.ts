import type { LineTail } from '../../monitor/line-tail.ts';
import { virtualAddress } from '../../ota/virtual-port.ts';

export interface ConsoleSources {
  /** Virtual boards that are attached. */
  readonly board: { readonly boards: readonly { readonly number: number; readonly tail: LineTail }[] };
  readonly monitors: {
    readonly monitors: readonly { readonly address: string; readonly state: string }[];
    readonly tails: ReadonlyMap<string, LineTail>;
  };
}

export interface Console {
  readonly tail: LineTail;
  /** Of the monitor; `attached` without one, `closed` where only what it printed is left. */
  readonly state: string;
}

/** The consoles that were read in this window, by port. A virtual board is heard whether or not a monitor of it is open, and by the one that is
 * attached now: what its monitor has read may be old. */
export function consolesOf({ board, monitors }: ConsoleSources): ReadonlyMap<string, Console> {
  const stateOf = (port: string): string | undefined =>
    monitors.monitors.find(({ address }) => address === port)?.state;
  const read = [...monitors.tails].map(([port, tail]): [string, Console] => [
    port,
    { tail, state: stateOf(port) ?? 'closed' },
  ]);
  const attached = board.boards.map(({ number, tail }): [string, Console] => {
    const port = virtualAddress(number);
    return [port, { tail, state: stateOf(port) ?? 'attached' }];
  });
  return new Map([...read, ...attached]);
}
