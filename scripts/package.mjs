import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies } from './lib/dependencies.mjs';
import { endEverythingOnSignals } from './lib/processes.mjs';
import { binaryBytes, bundleSizes, keepSizes, keptSizes, sizeTable } from './lib/package-sizes.mjs';
import { ROOT } from './lib/repository.mjs';
import { TARGETS, binariesOf } from './lib/targets.mjs';
import { PlainError, explain, say, seconds } from './lib/terminal.mjs';
import { buildForProduction, packageBuilt } from './lib/vsix.mjs';

const HELP = `npm run package -- [options]

Builds the extension for production and packages it: esp32-ota-<version>.vsix, which is for every platform.

  --target NAME    makes the VSIX of one platform instead, esp32-ota-<NAME>-<version>.vsix, with its own binaries only; can be repeated
                   ${Object.keys(TARGETS).slice(0, 5).join(', ')},
                   ${Object.keys(TARGETS).slice(5).join(', ')}
  --all-targets    makes the universal one and that of each platform
  --pre-release    for the pre-release channel
  --keep-sizes     keeps the sizes in scripts/package-sizes.json, with which later ones are compared
  --help           this text

There is none for "web": a server, a serial port and a build need a machine to run on.`;

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        target: { type: 'string', multiple: true, default: [] },
        'all-targets': { type: 'boolean', default: false },
        'pre-release': { type: 'boolean', default: false },
        'keep-sizes': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new PlainError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

/**
 * @param {ReturnType<typeof readOptions>} options
 * @returns {(string | undefined)[]} undefined stands for the universal one
 */
function chosenTargets(options) {
  if (options['all-targets']) return [undefined, ...Object.keys(TARGETS)];
  const unknown = options.target.filter((target) => !(target in TARGETS));
  if (unknown.length > 0) throw new PlainError(`There is no target ${unknown.join(', ')}.\n\n${HELP}`);
  return options.target.length > 0 ? [...new Set(options.target)] : [undefined];
}

endEverythingOnSignals();
const started = performance.now();
try {
  const options = readOptions();
  if (options.help) {
    say(HELP);
    process.exit(0);
  }
  const targets = chosenTargets(options);
  await ensureDependencies();
  await buildForProduction();
  /** @type {import('./lib/package-sizes.mjs').Sizes} */
  const sizes = {};
  for (const target of targets) {
    const { file, bytes } = await packageBuilt({ target, isPreRelease: options['pre-release'] });
    sizes[target === undefined ? 'vsix' : `vsix ${target}`] = bytes;
    say(`✓ packaged ${path.relative(ROOT, file)}`);
  }
  Object.assign(sizes, bundleSizes());
  for (const target of targets) {
    sizes[target === undefined ? 'native binaries' : `native binaries ${target}`] = binaryBytes(binariesOf(target));
  }
  say('');
  for (const line of sizeTable(sizes, keptSizes())) say(`  ${line}`);
  say('');
  if (options['keep-sizes']) keepSizes(sizes);
  say(`  in ${seconds(performance.now() - started)}`);
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}
