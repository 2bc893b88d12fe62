import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { Ended } from './command-line.ts';

const validators = new Map<string, ValidateFunction>();

function validatorOf(command: string): ValidateFunction {
  const schema = JSON.parse(readFileSync(`media/schemas/${command}.schema.json`, 'utf8')) as object;
  const found =
    validators.get(command) ??
    new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema);
  validators.set(command, found);
  return found;
}

/** A value that the schema of the command describes; else the test fails. */
export function checked(command: string, value: unknown): Record<string, unknown> {
  const validate = validatorOf(command);
  if (!validate(value)) throw new Error(`${JSON.stringify(validate.errors, undefined, 1)}\n${JSON.stringify(value)}`);
  return value as Record<string, unknown>;
}

/** What a command printed under `--json`, checked against its schema, with the exit code that the process ended with. */
export function jsonOf(command: string, { code, stdout, stderr }: Ended): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON: ${stdout}\n${stderr}`);
  }
  return withExitCode(checked(command, value), code);
}

/** The same for a line of JSON for each event. */
export function jsonLinesOf(command: string, { code, stdout }: Ended): readonly Record<string, unknown>[] {
  const lines = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => checked(command, JSON.parse(line) as unknown));
  withExitCode(lines.at(-1) ?? {}, code);
  return lines;
}

function withExitCode(json: Record<string, unknown>, code: number | null): Record<string, unknown> {
  if (json['exitCode'] !== code) throw new Error(`exit code ${code}: ${JSON.stringify(json)}`);
  return json;
}

/** JSON with a word in place of all that differs from run to run: times and durations by the names of their fields, the rest as given.
 * @param words what is replaced, in this order, by which word */
export function golden(json: unknown, words: readonly (readonly [string | RegExp, string])[] = []): unknown {
  const text = (value: string): string =>
    words.reduce((so, [pattern, word]) => so.replaceAll(pattern, word), value.replace(/\(\d+\)/g, '(TICKS)'));
  const plain = (value: unknown, name: string): unknown => {
    if (typeof value === 'number' && name.endsWith('Ms')) return 'MS';
    if (VOLATILE.has(name)) return 'ANY';
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map((one) => plain(one, name));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one, key)]));
  };
  return plain(json, '');
}

/** Fields that are other ones on each computer, or in each run. */
const VOLATILE: ReadonlySet<string> = new Set([
  'bytesPerSecond',
  'compiledAt',
  'elfSha256',
  'fingerprint',
  'lineBytes',
  'names',
  'subject',
  'timestamp',
]);
