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

/** @typedef {import('./lib/vitest.mjs').StepResult} StepResult */

/**
 * @typedef {object} Preparations
 * @property {() => Promise<unknown>} editorHost
 * @property {() => Promise<string>} vsix
 */

/** Checks of the text, which run nothing of it. */
const CHECKS = { types: () => checkTypes(), lint: () => lint(), dependencies: () => checkDependencies() };

/** @type {Record<string, (ready: Preparations) => Promise<StepResult>>} */
const STEPS = {
  ...CHECKS,
  unit: () => runVitest('unit'),
  board: () => runVitest('board'),
  editor: async ({ editorHost, vsix }) => {
    await editorHost();
    // they wait for most of their time
    return runVitest('editor', { ESP32_OTA_EDITORS: '2', ESP32_OTA_VSIX: await vsix() });
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
 * Runs a step. What it throws is a result too.
 * @param {() => Promise<StepResult>} step
 * @returns {Promise<StepResult & { ms: number }>}
 */
async function settled(step) {
  const started = performance.now();
  try {
    return { ...(await step()), ms: performance.now() - started };
  } catch (error) {
    const ms = performance.now() - started;
    return { passed: 0, failed: 1, counted: 0, unit: 'tests', output: explain(error), ms };
  }
}

/**
 * Runs the steps, on two cores most of the time: the checks of the text, the tests that mostly compute or wait for a board, and those that
 * mostly wait for a browser, all side by side. What each of them says is printed in the order of the steps all the same.
 * @param {[string, (ready: Preparations) => Promise<StepResult>][]} steps
 * @param {Preparations} ready
 * @returns {(name: string) => Promise<StepResult & { ms: number }>} the result of a step, when it is there
 */
function runAll(steps, ready) {
  const chosen = new Map(steps);
  /** @type {Map<string, Promise<StepResult & { ms: number }>>} */
  const running = new Map();
  /**
   * @param {string} name
   * @param {Promise<unknown>} [after]
   */
  const begin = (name, after = Promise.resolve()) => {
    const step = chosen.get(name);
    if (!step) return after;
    const result = after.then(() => settled(() => step(ready)));
    running.set(name, result);
    return result;
  };
  for (const name of Object.keys(CHECKS)) void begin(name);
  for (const lane of [
    ['unit', 'board'],
    ['editor', 'vsix'],
  ]) {
    lane.reduce((/** @type {Promise<unknown>} */ before, name) => begin(name, before), Promise.resolve());
  }
  return (name) => {
    const result = running.get(name);
    if (!result) throw new Error(`no step ${name} was started`);
    return result;
  };
}

/**
 * Prints the line of a step when it has ended, and gives its result with a missed floor counted as a failure.
 * @param {string} name
 * @param {Promise<StepResult & { ms: number }>} running
 * @param {number} floor
 */
async function report(name, running, floor) {
  const result = await running;
  const isBelow = result.counted < floor;
  const failed = result.failed + (isBelow ? 1 : 0);
  const count =
    result.unit === 'tests' ? `${result.passed} passed, ${result.failed} failed` : `${result.counted} ${result.unit}`;
  const time = seconds(result.ms).padStart(8);
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

  const running = runAll(steps, ready);
  for (const [name] of steps) {
    const result = await report(name, running(name), floors[name]);
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
