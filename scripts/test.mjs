import { ensureChromium } from './lib/chromium.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureEditorHost, installedEditorHost } from './lib/editor-host.mjs';
import { endEverythingOnSignals } from './lib/processes.mjs';
import { inRoot, readJson } from './lib/repository.mjs';
import { checkDependencies, checkTypes, lint } from './lib/static-checks.mjs';
import { PlainError, explain, say, seconds, timed } from './lib/terminal.mjs';
import { runVitest } from './lib/vitest.mjs';
import { packageExtension } from './lib/vsix.mjs';

// npm test: every check of the project, in this order. `npm test -- unit board` runs some of them.

/**
 * @typedef {object} Preparations
 * @property {() => Promise<unknown>} editorHost
 * @property {() => Promise<string>} vsix
 */

/** @type {Record<string, (ready: Preparations) => Promise<import('./lib/vitest.mjs').StepResult>>} */
const STEPS = {
  types: () => checkTypes(),
  lint: () => lint(),
  dependencies: () => checkDependencies(),
  unit: () => runVitest('unit'),
  board: () => runVitest('board'),
  editor: async ({ editorHost, vsix }) => {
    await editorHost();
    return runVitest('editor', { ESP32_OTA_VSIX: await vsix() });
  },
  vsix: async ({ vsix }) => runVitest('vsix', { ESP32_OTA_VSIX: await vsix() }),
};

/**
 * Runs something at the first call, and gives that run's promise at every call.
 * @template T
 * @param {() => Promise<T>} work
 */
function once(work) {
  /** @type {Promise<T> | undefined} */
  let running;
  return () => {
    running ??= work();
    return running;
  };
}

/** @param {string[]} names */
function chosenSteps(names) {
  const unknown = names.filter((name) => !(name in STEPS));
  if (unknown.length > 0) {
    throw new PlainError(`There is no step ${unknown.join(', ')}. The steps are ${Object.keys(STEPS).join(', ')}.`);
  }
  return Object.entries(STEPS).filter(([name]) => names.length === 0 || names.includes(name));
}

async function installEditor() {
  if (!installedEditorHost()) await timed("installing VS Code's server (.editor-host)", ensureEditorHost);
  await ensureChromium();
}

/**
 * Runs a step, prints its line, and gives its result with a missed floor counted as a failure.
 * @param {string} name
 * @param {() => Promise<import('./lib/vitest.mjs').StepResult>} step
 * @param {number} floor
 */
async function report(name, step, floor) {
  const started = performance.now();
  /** @type {import('./lib/vitest.mjs').StepResult} */
  let result;
  try {
    result = await step();
  } catch (error) {
    result = { passed: 0, failed: 1, counted: floor, unit: 'tests', output: explain(error) };
  }
  const isBelow = result.counted < floor;
  const failed = result.failed + (isBelow ? 1 : 0);
  const count =
    result.unit === 'tests' ? `${result.passed} passed, ${result.failed} failed` : `${result.counted} ${result.unit}`;
  const time = seconds(performance.now() - started).padStart(8);
  say(`${failed === 0 ? '✓' : '✗'} ${name.padEnd(12)} ${time}  ${count}`);
  if (failed > 0) say(result.output.trim().replaceAll(/^/gm, '    '));
  if (isBelow) {
    say(`    ${result.counted} ${result.unit} where there were at least ${floor} before (scripts/test-floors.json)`);
  }
  return { passed: result.passed, failed };
}

endEverythingOnSignals();
let passed = 0;
let failed = 0;
try {
  const started = performance.now();
  const steps = chosenSteps(process.argv.slice(2));
  await ensureDependencies();

  const floors = readJson(inRoot('scripts/test-floors.json'));
  const ready = { editorHost: once(installEditor), vsix: once(async () => (await packageExtension()).file) };
  // what has to be installed comes in while the first steps run; a failure is told by the step that needs it
  if (steps.some(([name]) => name === 'editor')) ready.editorHost().catch(() => undefined);

  for (const [name, step] of steps) {
    const result = await report(name, () => step(ready), floors[name]);
    passed += result.passed;
    failed += result.failed;
  }
  say(`  in ${seconds(performance.now() - started)}`);
} catch (error) {
  say(explain(error));
  failed += 1;
}
say('');
say(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
