import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../../../src/base/logger.ts';
import { PortBorrowers } from '../../../src/editor/interop/port-borrowers.ts';
import { PortLeases } from '../../../src/serial/port-lease.ts';

// Two folders of one window, each with a board of its own, and both boards monitored.
const [FIRST, SECOND] = ['rfc2217://first:1', 'rfc2217://second:1'];
const PORTS: Readonly<Record<string, string>> = { first: FIRST, second: SECOND };
const FLASH = { type: 'shell', source: 'Workspace', name: 'Flash', commandLine: 'idf.py flash' };

let leases: PortLeases;
let monitored: string[];
let borrowers: PortBorrowers<string>;

beforeEach(async () => {
  leases = new PortLeases();
  monitored = [FIRST, SECOND];
  for (const port of monitored)
    await leases.acquire(port, { holder: 'monitor', onYield: () => Promise.resolve(), onResume: () => undefined });
  borrowers = new PortBorrowers({
    leases: () => Promise.resolve(leases),
    monitored: () => monitored,
    log: silentLogger,
    port: (folder = 'first') => PORTS[folder],
    monitorPort: (folder = 'first') => PORTS[folder],
  });
});

afterEach(() => {
  borrowers.dispose();
});

const holders = (): Promise<(string | undefined)[]> =>
  Promise.all([FIRST, SECOND].map((port) => leases.holderOf(port)));
const FIRST_IS_LENT = ['ESP-IDF', 'monitor'];
const SECOND_IS_LENT = ['monitor', 'ESP-IDF'];
const NONE_IS_LENT = ['monitor', 'monitor'];

it('a task gets the port of its own folder, until it ends', async () => {
  const task = {};
  borrowers.taskStarted(task, FLASH, 'second');
  await expect.poll(holders).toEqual(SECOND_IS_LENT);
  borrowers.taskEnded(task);
  await expect.poll(holders).toEqual(NONE_IS_LENT);
});

it('a task of no folder gets the port of the first one, and one that names a port gets that', async () => {
  const task = {};
  borrowers.taskStarted(task, FLASH, undefined);
  await expect.poll(holders).toEqual(FIRST_IS_LENT);
  borrowers.taskEnded(task);
  borrowers.taskStarted({}, { ...FLASH, commandLine: `idf.py -p ${SECOND} flash` }, 'first');
  await expect.poll(holders).toEqual(SECOND_IS_LENT);
});

it('a terminal gets the port of the folder that it was opened in, until it is closed', async () => {
  const terminal = {};
  borrowers.terminalOpened(terminal, 'ESP-IDF Monitor', 'second');
  await expect.poll(holders).toEqual(SECOND_IS_LENT);
  borrowers.terminalClosed(terminal);
  await expect.poll(holders).toEqual(NONE_IS_LENT);
});

it('a command in a terminal gets the port of the folder that it runs in, until it ends, and the terminal stays', async () => {
  const terminal = {};
  borrowers.terminalOpened(terminal, 'bash', 'first');
  borrowers.commandStarted(terminal, 'idf.py monitor', 'second');
  await expect.poll(holders).toEqual(SECOND_IS_LENT);
  borrowers.commandEnded(terminal, 'ls');
  borrowers.commandEnded(terminal, 'idf.py monitor');
  await expect.poll(holders).toEqual(NONE_IS_LENT);
});

it('nobody gets a port who needs none, or while no monitor is open', async () => {
  borrowers.taskStarted({}, { ...FLASH, commandLine: 'idf.py build' }, 'second');
  borrowers.terminalOpened({}, 'bash', 'second');
  borrowers.commandStarted({}, 'ls', 'second');
  monitored = [];
  borrowers.taskStarted({}, FLASH, 'second');
  monitored = [FIRST, SECOND];
  // whoever comes last gets it first when all before were refused
  borrowers.taskStarted({}, FLASH, 'first');
  await expect.poll(holders).toEqual(FIRST_IS_LENT);
});
