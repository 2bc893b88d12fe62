import { OtaError } from '../../base/ota-error.ts';

/** The input of a tool, field by field: what package.json declares as schema, because not every caller is held to it. */
export interface ToolInput {
  /** @throws {OtaError} `tool.badInput` */
  text(name: string): string | undefined;
  /** @throws {OtaError} `tool.badInput` */
  flag(name: string): boolean;
  /** @throws {OtaError} `tool.badInput` */
  integer(name: string, allowed: { readonly least: number; readonly most: number; readonly usual: number }): number;
  /** @throws {OtaError} `tool.badInput` */
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T | undefined;
}

const LONGEST_TEXT = 300;

/** @param fields the names that the tool knows
 * @throws {OtaError} `tool.badInput` when it is no object, or has another field */
export function toolInput(given: unknown, fields: readonly string[]): ToolInput {
  // a tool without any field may be called with nothing
  const input = given ?? {};
  if (typeof input !== 'object' || Array.isArray(input)) throw bad('', 'an object');
  // models write null for what they leave out
  const values: Readonly<Record<string, unknown>> = Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== null),
  );
  const unknown = Object.keys(values).find((name) => !fields.includes(name));
  if (unknown !== undefined) throw bad(unknown, fields.length === 0 ? 'no fields' : fields.join(', '));
  return {
    text: (name) => {
      const value = values[name];
      if (value === undefined) return undefined;
      if (typeof value !== 'string' || Array.from(value).length > LONGEST_TEXT) {
        throw bad(name, `text of at most ${LONGEST_TEXT} characters`);
      }
      return value.trim() === '' ? undefined : value.trim();
    },
    flag: (name) => {
      const value = values[name] ?? false;
      if (typeof value !== 'boolean') throw bad(name, 'true or false');
      return value;
    },
    integer: (name, { least, most, usual }) => {
      const value = values[name] ?? usual;
      if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
        throw bad(name, `a whole number from ${least} to ${most}`);
      }
      return value;
    },
    oneOf: (name, allowed) => {
      const value = values[name];
      const found = allowed.find((one) => one === value);
      if (value !== undefined && found === undefined) throw bad(name, allowed.join(', '));
      return found;
    },
  };
}

function bad(field: string, allowed: string): OtaError<'tool.badInput'> {
  return new OtaError('tool.badInput', { field, allowed });
}
