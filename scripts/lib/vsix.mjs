import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { run, runOrThrow } from './processes.mjs';
import { ROOT, fingerprint, inRoot, readJson } from './repository.mjs';
import { PlainError } from './terminal.mjs';

/** Builds the extension as it is packaged. */
export async function buildForProduction() {
  await runOrThrow(process.execPath, [inRoot('scripts/build.mjs'), '--production'], { cwd: ROOT });
}

/** A fingerprint of what a VSIX would be made of, after a build. */
export function packagedContent() {
  const files = ['dist', 'media', 'l10n'].flatMap((folder) =>
    readdirSync(inRoot(folder), { recursive: true, encoding: 'utf8' }).map((name) => inRoot(folder, name)),
  );
  const top = readdirSync(ROOT).filter((name) => /^(package.*\.json|\.vscodeignore|[A-Z]+(\.md)?)$/.test(name));
  return fingerprint(
    [...files, inRoot('docs/findings.md'), ...top.map((name) => inRoot(name))]
      .filter((file) => statSync(file).isFile())
      .sort(),
  );
}

/**
 * Packages what was built.
 * @returns {Promise<{ file: string, bytes: number }>} absolute path of the VSIX, and its size
 */
export async function packageBuilt() {
  const { name, version } = readJson(inRoot('package.json'));
  const file = inRoot(`${name}-${version}.vsix`);
  rmSync(file, { force: true });
  // everything is bundled, so no dependencies; links of the README are kept as they are: there is no public repository to point to
  const packed = await run(
    process.execPath,
    [
      inRoot('node_modules/@vscode/vsce/vsce'),
      'package',
      '--no-dependencies',
      '--no-rewrite-relative-links',
      '--allow-missing-repository',
      '--out',
      path.basename(file),
    ],
    { cwd: ROOT },
  );
  if (packed.code !== 0) throw new PlainError(`vsce package failed\n${packed.output.trim()}`);
  return { file, bytes: statSync(file).size };
}

/** Builds the extension for production and packages it. */
export async function packageExtension() {
  await buildForProduction();
  return packageBuilt();
}
