import { existsSync, rmSync } from 'node:fs';
import { run } from './processes.mjs';
import { ROOT, inRoot, readJson } from './repository.mjs';

/**
 * What a step of `npm test` has found.
 * @typedef {object} StepResult
 * @property {number} passed
 * @property {number} failed
 * @property {number} counted what the floor is compared with: tests, or files, or modules
 * @property {string} unit the word for what was counted
 * @property {string} output for the reader, when something failed
 */

/**
 * Tests of one report that did not simply pass or fail: a file that could not be loaded has no tests in it, and a skipped one says nothing.
 * @param {any} report
 */
function troubles(report) {
  /** @type {{ status: string, assertionResults: { status: string }[] }[]} */
  const files = report.testResults;
  const brokenFiles = files.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  return { brokenFiles, skipped: report.numPendingTests + report.numTodoTests };
}

/**
 * Runs the tests of one vitest project.
 * @param {string} project
 * @param {NodeJS.ProcessEnv} [env] added to the environment
 * @returns {Promise<StepResult>}
 */
export async function runVitest(project, env) {
  const file = inRoot(`node_modules/.cache/esp32-ota/${project}-tests.json`);
  rmSync(file, { force: true });
  const { code, output } = await run(
    process.execPath,
    [
      inRoot('node_modules/vitest/vitest.mjs'),
      'run',
      `--project=${project}`,
      '--allowOnly=false',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ],
    { cwd: ROOT, env: { ...process.env, NO_COLOR: '1', ...env } },
  );
  if (!existsSync(file)) return { passed: 0, failed: 1, counted: 0, unit: 'tests', output };

  const report = readJson(file);
  const { brokenFiles, skipped } = troubles(report);
  const found = report.numFailedTests + brokenFiles + skipped;
  const remarks =
    skipped > 0 ? `\n${skipped} tests were skipped, which counts as failed: a test runs or is removed.` : '';
  return {
    passed: report.numPassedTests,
    // errors outside of tests, such as a rejection that nobody handled, show in the exit code only
    failed: found === 0 && code !== 0 ? 1 : found,
    counted: report.numPassedTests + report.numFailedTests,
    unit: 'tests',
    output: output + remarks,
  };
}
