import { rmSync, statSync } from 'node:fs';
import { run, runOrThrow } from './processes.mjs';
import { ROOT, inRoot, readJson } from './repository.mjs';
import { PlainError } from './terminal.mjs';

/**
 * Builds the extension for production and packages it.
 * @returns {Promise<{ file: string, bytes: number }>} absolute path of the VSIX, and its size
 */
export async function packageExtension() {
  const { name, version } = readJson(inRoot('package.json'));
  const file = inRoot(`${name}-${version}.vsix`);
  rmSync(file, { force: true });

  await runOrThrow(process.execPath, [inRoot('scripts/build.mjs'), '--production'], { cwd: ROOT });
  const vsce = inRoot('node_modules/@vscode/vsce/vsce');
  // everything is bundled, so no dependencies; links of the README are kept as they are: there is no public repository to point to
  const packed = await run(
    process.execPath,
    [vsce, 'package', '--no-dependencies', '--no-rewrite-relative-links', '--allow-missing-repository', '--out', file],
    { cwd: ROOT },
  );
  if (packed.code !== 0) throw new PlainError(`vsce package failed\n${packed.output.trim()}`);
  return { file, bytes: statSync(file).size };
}
