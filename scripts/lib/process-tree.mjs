import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * State and parent of a process from `/proc/<pid>/stat`, whose form is "pid (name) state parent …"; the name may hold blanks and
 * parentheses. Undefined when the process has ended.
 * @param {number | string} pid
 * @see proc(5)
 */
function linuxStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

/**
 * Every process of this machine with its parent.
 * @returns {{ pid: number, parent: number }[]}
 */
function processTable() {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = linuxStat(name);
        return stat ? [{ pid: Number(name), parent: stat.parent }] : [];
      });
  }
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim();
  return table.split('\n').map((line) => {
    const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    return { pid, parent };
  });
}

/**
 * The ids of a process and of all its descendants.
 * @param {number} pid
 */
export function processTree(pid) {
  const table = processTable();
  const tree = new Set([pid]);
  // a set that grows while it is walked: its new members are visited too
  for (const member of tree) {
    for (const entry of table) if (entry.parent === member) tree.add(entry.pid);
  }
  return [...tree];
}

/** @param {number} pid */
function isAlive(pid) {
  if (process.platform === 'linux') {
    // a zombie has ended; in a container there may be nobody to collect it
    const stat = linuxStat(pid);
    return stat !== undefined && !'ZX'.includes(stat.state);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/**
 * Ends a process with all its descendants: asks first, and ends by force what is still there after the grace time.
 * @param {number} pid
 * @param {number} [graceMs] default 3000
 */
export async function endTree(pid, graceMs = 3000) {
  if (process.platform === 'win32') {
    try {
      execFileSync('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore' });
    } catch {
      // has ended by itself
    }
    return;
  }
  // noted before anything is ended: orphans would be given to another parent
  const tree = processTree(pid);
  const tell = (/** @type {NodeJS.Signals} */ signal) => {
    for (const member of tree.filter(isAlive)) {
      try {
        process.kill(member, signal);
      } catch {
        // has ended by itself
      }
    }
  };
  tell('SIGTERM');
  const deadline = performance.now() + graceMs;
  while (tree.some(isAlive) && performance.now() < deadline) await wait(50);
  tell('SIGKILL');
}
