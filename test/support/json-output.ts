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

/** What a command printed under `--json`, checked against its schema. */
export function jsonOf(command: string, { stdout, stderr }: Pick<Ended, 'stdout' | 'stderr'>): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON: ${stdout}\n${stderr}`);
  }
  return checked(command, value);
}

/** The same for a line of JSON for each event. */
export function jsonLinesOf(command: string, { stdout }: Pick<Ended, 'stdout'>): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => checked(command, JSON.parse(line) as unknown));
}
