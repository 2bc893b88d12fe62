import { networkInterfaces } from 'node:os';
import { servedAddresses, type Interfaces, type LanAddress } from './lan-addresses.ts';

/** Always there, and enough for the virtual board. */
export const LOOPBACK = '127.0.0.1';

/** What decides under which host boards are told to reach this computer. */
export interface HostChoice {
  /** Name or address that the user has set; empty where none is. */
  readonly set: string;
  /** Address of this computer that the user has picked from a list, on whatever network that was. */
  readonly picked: string | undefined;
  readonly bindAddress: string;
}

/** Host in the firmware URL: what is set, the picked address while the computer still has it, or the likeliest one. */
export function advertisedHost(choice: HostChoice, interfaces: Interfaces = networkInterfaces()): string {
  if (choice.set !== '') return choice.set;
  const addresses = [...servedAddresses(choice.bindAddress, interfaces).map(({ address }) => address), LOOPBACK];
  return addresses.find((address) => address === choice.picked) ?? addresses[0] ?? LOOPBACK;
}

/** Whether the host in the firmware URL is what the user set or picked, not a guess. */
export function isHostChosen(choice: HostChoice, interfaces: Interfaces = networkInterfaces()): boolean {
  return choice.set !== '' || choice.picked === advertisedHost(choice, interfaces);
}

/** Whether the user should say which address boards are told: several networks, none picked, nothing set. */
export function needsPick(choice: HostChoice, interfaces: Interfaces = networkInterfaces()): boolean {
  if (choice.set !== '') return false;
  const candidates = servedAddresses(choice.bindAddress, interfaces).filter(isLikely);
  return (
    candidates.length > 1 && choice.picked !== LOOPBACK && !candidates.some(({ address }) => address === choice.picked)
  );
}

function isLikely({ kind, family }: LanAddress): boolean {
  return kind === 'lan' && family === 'IPv4';
}
