import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { endTree } from '../../../scripts/lib/process-tree.mjs';
import { startApart } from '../../../scripts/lib/processes.mjs';

/** Nothing leaves this machine: every name but loopback's is unknown to the browser. */
const LOOPBACK_ONLY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost';

const FLAGS = [
  '--headless=new',
  '--remote-debugging-port=0',
  LOOPBACK_ONLY,
  '--window-size=1280,900',
  '--disable-background-networking',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-gpu',
  '--disable-quic',
  '--disable-renderer-backgrounding',
  '--disable-sync',
  '--force-color-profile=srgb',
  '--hide-scrollbars',
  '--mute-audio',
  '--no-default-browser-check',
  '--no-first-run',
  '--password-store=basic',
  '--use-mock-keychain',
];

export interface Browser {
  /** DevTools endpoint, `http://127.0.0.1:<port>`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts Chromium with a profile of its own. It is started by us and not through playwright, so that all test files share one profile:
 * the second page of VS Code comes from its caches.
 */
export async function startBrowser(program: string, profileFolder: string): Promise<Browser> {
  // the sandbox refuses to run as root
  const flags = process.getuid?.() === 0 ? [...FLAGS, '--no-sandbox'] : FLAGS;
  const child = startApart(program, [...flags, `--user-data-dir=${profileFolder}`, 'about:blank'], { stdio: 'ignore' });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${program} cannot be started`);
  const portFile = path.join(profileFolder, 'DevToolsActivePort');
  const deadline = performance.now() + 60_000;
  while (!existsSync(portFile) || !readFileSync(portFile, 'utf8').includes('\n')) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await endTree(pid);
      throw new Error(`${program} did not start (exit code ${String(child.exitCode)})`);
    }
    await wait(25);
  }
  const [port = ''] = readFileSync(portFile, 'utf8').split('\n');
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await endTree(pid);
      rmSync(profileFolder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
