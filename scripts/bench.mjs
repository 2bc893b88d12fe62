// @ts-check
// Runs a benchmark: `node scripts/bench.mjs NAME [ARGUMENTS]` bundles test/bench/NAME.bench.ts and runs it. Without a name, lists them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'test', 'bench');
const [name = '', ...args] = process.argv.slice(2);
const source = join(folder, `${name}.bench.ts`);
if (!existsSync(source)) {
  const names = readdirSync(folder).flatMap((file) => /^(.+)\.bench\.ts$/.exec(file)?.[1] ?? []);
  console.error(`Usage: node scripts/bench.mjs ${names.join('|')} [arguments]`);
  process.exit(2);
}
const bundle = join(root, 'node_modules', '.cache', 'bench', `${name}.mjs`);
await build({
  entryPoints: [source],
  outfile: bundle,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  // they find the repository by where they lie
  external: ['vscode', './scripts/lib/*'],
  logLevel: 'warning',
});
process.exit(spawnSync(process.execPath, [bundle, ...args], { stdio: 'inherit', cwd: root }).status ?? 1);
