import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { endTree, processTree } from '../../../scripts/lib/process-tree.mjs';
import { waitUntil } from './wait-until.ts';

function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return ''; // has ended
  }
}

/** The process ids of the extension hosts of a VS Code server: one for each open window. */
export function extensionHosts(serverPid: number): number[] {
  return processTree(serverPid).filter((pid) => commandLine(pid).includes('--type=extensionHost'));
}

/** Waits until no extension host runs any more, so that what the extension had started (servers, boards) is gone too. Ends by force what stays. */
export async function extensionHostsGone(serverPid: number): Promise<void> {
  try {
    await waitUntil(() => extensionHosts(serverPid).length === 0, 'the end of the extension host', 5000);
  } catch {
    await Promise.all(extensionHosts(serverPid).map((pid) => endTree(pid)));
  }
}
