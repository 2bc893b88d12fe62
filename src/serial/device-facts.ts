import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** A process that has the device open. */
export interface DeviceHolder {
  readonly name: string;
  readonly pid: number;
}

/** Processes and descriptors looked at; beyond that the answer is "unknown", not a wait. */
const MAX_PROCESSES = 4096;
const MAX_DESCRIPTORS = 1024;

/** Who has a device open, on a system with `/proc`. Processes of other users are seen by root only: `undefined` says no more than "unknown". */
export async function findHolder(path: string, procRoot = '/proc'): Promise<DeviceHolder | undefined> {
  const target = await realpath(path).catch(() => path);
  const names = await readdir(procRoot).catch(() => []);
  // the newest first: what grabbed the port is rarely older than the session
  const pids = names.filter((name) => /^\d+$/.test(name)).reverse();
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    const folder = join(procRoot, pid, 'fd');
    const descriptors = await readdir(folder).catch(() => []);
    for (const descriptor of descriptors.slice(0, MAX_DESCRIPTORS)) {
      if ((await readlink(join(folder, descriptor)).catch(() => '')) !== target) continue;
      const name = await readFile(join(procRoot, pid, 'comm'), 'utf8').catch(() => '');
      return { name: name.trim(), pid: Number(pid) };
    }
  }
  return undefined;
}

export interface DevicePermission {
  /** Name of the group that owns the device, its number when it has no name, empty when the device can't be looked at. */
  readonly group: string;
  /** The user is listed in the group. */
  readonly isMember: boolean;
  /** This process has the group: false for a member who has not logged in again. */
  readonly isActive: boolean;
  /** Octal, such as `660`. */
  readonly mode: string;
}

/** Why this user may not open a device. */
export async function permissionOf(path: string, groupFile = '/etc/group'): Promise<DevicePermission> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return { group: '', isMember: false, isActive: false, mode: '' };
  const lines = (await readFile(groupFile, 'utf8').catch(() => '')).split('\n').map((line) => line.split(':'));
  const entry = lines.find((fields) => fields[2] === String(found.gid));
  return {
    group: entry?.[0] ?? String(found.gid),
    isMember: entry?.[3]?.split(',').includes(userName()) ?? false,
    isActive: process.getgroups?.().includes(found.gid) ?? false,
    mode: (found.mode & 0o777).toString(8).padStart(3, '0'),
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return ''; // a container may run a user id that has no entry
  }
}
