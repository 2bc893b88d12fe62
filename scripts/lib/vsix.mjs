import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run, runOrThrow } from './processes.mjs';
import { ROOT, fingerprint, inRoot, readJson } from './repository.mjs';
import { ignoreText } from './targets.mjs';
import { PlainError } from './terminal.mjs';

/** Builds the extension as it is packaged. */
export async function buildForProduction() {
  await runOrThrow(process.execPath, [inRoot('scripts/build.mjs'), '--production'], { cwd: ROOT });
}

/** A fingerprint of what a VSIX would be made of, after a build. */
export function packagedContent() {
  const files = ['dist', 'examples', 'media', 'l10n'].flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' }).map((name) => inRoot(folder, name)),
  );
  const top = readdirSync(ROOT).filter((name) =>
    /^(package.*\.json|\.vscodeignore|[A-Za-z]+(\.md|\.txt)?)$/.test(name),
  );
  return fingerprint(
    [...files, inRoot('docs/findings.md'), ...top.map((name) => inRoot(name))]
      .filter((file) => statSync(file).isFile())
      .sort(),
  );
}

/**
 * Lays out, in a folder of its own, the folders and files that `.vscodeignore` lets through in part or whole, with the list for one target
 * beside them: vsce compares every file below its folder with every line of the list, and in the checkout most of them are an editor's.
 * @param {string | undefined} target undefined for the universal VSIX
 * @returns {string} the folder, for the caller to remove
 */
export function stagePackage(target) {
  const cache = inRoot('node_modules/.cache/esp32-ota');
  mkdirSync(cache, { recursive: true });
  const stage = mkdtempSync(path.join(cache, 'stage-'));
  const list = readFileSync(inRoot('.vscodeignore'), 'utf8');
  for (const folder of new Set([...list.matchAll(/^!([^/\s]+)\//gm)].map((match) => match[1] ?? ''))) {
    cpSync(inRoot(folder), path.join(stage, folder), { recursive: true });
  }
  for (const entry of readdirSync(ROOT, { withFileTypes: true })) {
    const isNamed = list.includes(`!${entry.name}\n`) || /^package\..*json$/.test(entry.name);
    if (entry.isFile() && isNamed) cpSync(inRoot(entry.name), path.join(stage, entry.name));
  }
  writeFileSync(path.join(stage, '.vscodeignore'), ignoreText(list, target));
  return stage;
}

/**
 * @typedef {object} PackageOptions
 * @property {string | undefined} [target] the platform it is for; default: the universal VSIX, for all of them
 * @property {boolean} [isPreRelease] for the pre-release channel of the registries
 * @property {string} [folder] where it is put; default: the checkout
 */

/**
 * Packages what was built.
 * @param {PackageOptions} [options]
 * @returns {Promise<{ file: string, bytes: number }>} absolute path of the VSIX, and its size
 */
export async function packageBuilt({ target, isPreRelease = false, folder = ROOT } = {}) {
  const { name, version } = readJson(inRoot('package.json'));
  const file = path.join(folder, `${[name, target, version].filter((part) => part !== undefined).join('-')}.vsix`);
  rmSync(file, { force: true });
  const stage = stagePackage(target);
  // everything is bundled, so no dependencies; links of the README are kept as they are: there is no public repository to point to
  const packed = await run(
    process.execPath,
    [
      inRoot('node_modules/@vscode/vsce/vsce'),
      'package',
      '--no-dependencies',
      '--no-rewrite-relative-links',
      '--allow-missing-repository',
      ...(target === undefined ? [] : ['--target', target]),
      ...(isPreRelease ? ['--pre-release'] : []),
      '--out',
      file,
    ],
    { cwd: stage },
  ).finally(() => rmSync(stage, { recursive: true, force: true }));
  if (packed.code !== 0) throw new PlainError(`vsce package failed\n${packed.output.trim()}`);
  return { file, bytes: statSync(file).size };
}

/** Builds the extension for production and packages it. */
export async function packageExtension() {
  await buildForProduction();
  return packageBuilt();
}
