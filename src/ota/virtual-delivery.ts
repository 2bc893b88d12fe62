import { networkInterfaces } from 'node:os';
import type { DeliveryBoard } from './deliver.ts';
import { virtualTrigger } from './triggers.ts';
import { rehearsalBoard, type VirtualDevice } from './virtual-device.ts';

/** A virtual board as a delivery sees it. */
export function virtualBoard(id: string, name: string, device: VirtualDevice): DeliveryBoard {
  const { onLine, onProgress } = rehearsalBoard(device);
  const runningVersion = device.state.running?.version;
  return {
    id,
    name,
    triggerKind: 'virtual',
    trigger: virtualTrigger(device),
    onLine,
    ...(onProgress === undefined ? {} : { onProgress }),
    // other boards may have the same port on their side
    ownsClient: (client) => device.ownsPort(client.port) && isOwnAddress(client.address),
    ...(runningVersion === undefined ? {} : { runningVersion }),
  };
}

/** Whether a client is on this computer, as the virtual boards are. */
function isOwnAddress(address: string): boolean {
  if (/^127\.|^::1$/.test(address)) return true;
  return Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address) === true);
}
