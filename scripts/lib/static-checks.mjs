import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { run } from './processes.mjs';
import { ROOT, inRoot, readJson } from './repository.mjs';

const CACHE = inRoot('node_modules/.cache/esp32-ota');

/** Folders with a tsconfig.json: the code for Node, the tests that hand functions to a page, the pages. */
const TYPE_PROJECTS = ['.', 'test/editor', 'src/editor/webview'];

/**
 * @param {string} program path in node_modules
 * @param {readonly string[]} args
 * @param {string} [cwd]
 */
const runTool = (program, args, cwd = ROOT) =>
  run(process.execPath, [inRoot('node_modules', program), ...args], { cwd });

/**
 * The result of a check that as a whole passes or fails.
 * @param {boolean} isPassed
 * @param {Pick<import('./vitest.mjs').StepResult, 'counted' | 'unit' | 'output'>} rest
 * @returns {import('./vitest.mjs').StepResult}
 */
const asResult = (isPassed, rest) => ({ passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, ...rest });

/** The TypeScript compiler over all sources, tests and scripts. */
export async function checkTypes() {
  const projects = TYPE_PROJECTS.filter((folder) => existsSync(inRoot(folder, 'tsconfig.json')));
  const runs = await Promise.all(
    projects.map((folder) =>
      runTool('typescript/bin/tsc', ['--noEmit', '--pretty', 'false', '--listFiles', '-p', folder]),
    ),
  );
  const lines = runs.flatMap(({ output }) => output.split('\n'));
  // --listFiles prints absolute paths with forward slashes; everything else is a message
  const listed = lines.filter((line) => path.isAbsolute(line) && /\.[cm]?[jt]s(on)?$/.test(line));
  const own = new Set(listed.filter((file) => !file.includes('/node_modules/')));
  const output = lines.filter((line) => !listed.includes(line) && line.trim() !== '').join('\n');
  return asResult(
    runs.every(({ code }) => code === 0),
    { counted: own.size, unit: 'files', output },
  );
}

/** @param {{ filePath: string, messages: { line?: number, column?: number, message: string, ruleId: string | null }[] }[]} results */
function lintMessages(results) {
  return results.flatMap(({ filePath, messages }) =>
    messages.map(
      ({ line = 0, column = 0, message, ruleId }) =>
        `${path.relative(ROOT, filePath)}:${line}:${column} ${message} (${ruleId ?? 'eslint'})`,
    ),
  );
}

/** ESLint and prettier over everything. CI lints without cache, since a rule about types can change its mind with another file's change. */
export async function lint() {
  mkdirSync(CACHE, { recursive: true });
  const report = path.join(CACHE, 'eslint.json');
  const cache =
    process.env['CI'] === undefined ? ['--cache', '--cache-strategy=content', `--cache-location=${CACHE}/eslint/`] : [];
  const [eslint, prettier] = await Promise.all([
    runTool('eslint/bin/eslint.js', [...cache, '--max-warnings=0', '--format=json', `--output-file=${report}`, '.']),
    runTool('prettier/bin/prettier.cjs', [
      '--check',
      '--log-level=warn',
      '--cache',
      `--cache-location=${CACHE}/prettier`,
      '.',
    ]),
  ]);
  const results = existsSync(report) ? readJson(report) : [];
  const formatted = prettier.code === 0 ? '' : `${prettier.output}\nnpm run format puts that right.`;
  return asResult(eslint.code === 0 && prettier.code === 0, {
    counted: results.length,
    unit: 'files',
    output: [...lintMessages(results), eslint.output, formatted].filter((text) => text.trim() !== '').join('\n'),
  });
}

/**
 * The arrows of the house: dependency-cruiser over src/. With the JSON report its exit code says nothing, the violations do.
 * @param {string} [folder] has src/ in it; default: the checkout
 */
export async function checkDependencies(folder = ROOT) {
  const { code, stdout, output } = await runTool(
    'dependency-cruiser/bin/dependency-cruise.mjs',
    [`--config=${inRoot('dependency-cruiser.config.cjs')}`, '--output-type=json', 'src'],
    folder,
  );
  if (!stdout.startsWith('{')) return asResult(false, { counted: 0, unit: 'modules', output });
  const { summary } = JSON.parse(stdout);
  /** @type {{ rule: { name: string, severity: string }, from: string, to: string }[]} */
  const violations = summary.violations;
  const errors = violations.filter(({ rule }) => rule.severity === 'error');
  return asResult(code === 0 && errors.length === 0, {
    counted: summary.totalCruised,
    unit: 'modules',
    output: errors.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).join('\n'),
  });
}
