import { existsSync } from 'node:fs';
import { npm } from './processes.mjs';
import { ROOT, inRoot, readJson } from './repository.mjs';
import { PlainError, timed } from './terminal.mjs';

const OLDEST_NODE = { major: 20, minor: 19 };

/** @throws {PlainError} on a Node that is older than package.json asks for */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE.major || (major === OLDEST_NODE.major && minor >= OLDEST_NODE.minor)) return;
  throw new PlainError(
    `Node ${OLDEST_NODE.major}.${OLDEST_NODE.minor} or newer is needed; this is ${process.versions.node}.`,
  );
}

/**
 * Whether node_modules holds what package-lock.json asks for. npm keeps, inside node_modules, a lock of what it laid out there: the
 * two are compared, so no stamp of our own can go stale. Packages for other platforms are not laid out, hence "optional".
 */
function areDependenciesFresh() {
  const laidOut = inRoot('node_modules/.package-lock.json');
  if (!existsSync(laidOut)) return false;
  const found = readJson(laidOut).packages;
  return Object.entries(readJson(inRoot('package-lock.json')).packages).every(([where, wanted]) => {
    if (where === '') return true;
    const have = found[where];
    return have === undefined ? wanted.optional === true : have.version === wanted.version;
  });
}

/** Installs the project's dependencies when they are missing or are not those of the lock file. No package's script is run. */
export async function ensureDependencies() {
  checkNode();
  if (areDependenciesFresh()) return;
  await timed('installing the dependencies (npm ci)', () => npm(['ci', '--ignore-scripts'], { cwd: ROOT }));
}
