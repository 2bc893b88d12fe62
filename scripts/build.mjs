import { rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { commandLineBundle, extensionBundle, webviewBundle } from './lib/bundle.mjs';
import { inRoot } from './lib/repository.mjs';
import { say, seconds } from './lib/terminal.mjs';

// Makes dist/ of src/: the extension, the pages of its webviews, and the command line. --sizes tells what each npm package adds.
const { values } = parseArgs({
  options: {
    watch: { type: 'boolean', default: false },
    production: { type: 'boolean', default: false },
    sizes: { type: 'boolean', default: false },
  },
});
const isProduction = values.production;

const started = performance.now();
rmSync(inRoot('dist'), { recursive: true, force: true });

/** @param {number} bytes */
const kilobytes = (bytes) => `${(bytes / 1024).toFixed(0)} KB`;

const contexts = [
  await extensionBundle({
    isProduction,
    onBuilt: (files) => {
      const eager = files.filter((file) => !file.isLazy).reduce((sum, file) => sum + file.bytes, 0);
      const lazy = files.filter((file) => file.isLazy);
      const lazyBytes = lazy.reduce((sum, file) => sum + file.bytes, 0);
      // .vscode/tasks.json waits for this line
      say(`✓ built dist: ${kilobytes(eager)} at activation, later ${kilobytes(lazyBytes)} in ${lazy.length} files`);
      if (values.sizes) {
        for (const file of files) {
          for (const [name, bytes] of Object.entries(file.packages))
            say(`  ${kilobytes(bytes).padStart(8)}  ${name} in ${file.file}`);
        }
      }
    },
  }),
  await webviewBundle(isProduction),
  await commandLineBundle({ isProduction }),
].filter((context) => context !== undefined);

if (values.watch) {
  for (const context of contexts) await context.watch();
  say('… watching src (Ctrl+C ends it)');
} else {
  try {
    for (const context of contexts) await context.rebuild();
    say(`  in ${seconds(performance.now() - started)}`);
  } catch {
    process.exitCode = 1; // esbuild has printed what is wrong
  } finally {
    for (const context of contexts) await context.dispose();
  }
}
