import * as l10n from '@vscode/l10n';
import { isIP } from 'node:net';
import { UsageError } from './usage-error.ts';

/** One option of a command: how it is written, what it says in the help, and what its text means. */
export interface Option<Value> {
  /** `flag` takes no value, `value` takes one, `list` may be given several times. */
  readonly kind: 'flag' | 'value' | 'list';
  readonly short?: string | undefined;
  /** What stands for the value in the help, such as `N`. */
  readonly placeholder?: string | undefined;
  /** What is taken when it is left out, as the help shows it. */
  readonly otherwise?: string | undefined;
  /** Asked for when the language is known. */
  readonly describe: () => string;
  /** @throws {UsageError} for a text that is not allowed */
  readonly read: (texts: readonly string[], name: string) => Value;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

/** What the options of a command come to, by name. */
export type Values<Given extends Options> = {
  readonly [Name in keyof Given]: Given[Name] extends Option<infer Value> ? Value : never;
};

interface Writing {
  readonly short?: string;
  readonly placeholder?: string;
}

/** `--name` */
export function flag(describe: () => string, { short }: Pick<Writing, 'short'> = {}): Option<boolean> {
  return { kind: 'flag', short, describe, read: (texts) => texts.length > 0 };
}

/** `--name TEXT`. Given twice, the last one counts. */
export function text(describe: () => string, writing?: Writing): Option<string | undefined>;
export function text(describe: () => string, writing: Writing & { readonly otherwise: string }): Option<string>;
export function text(
  describe: () => string,
  writing: Writing & { readonly otherwise?: string } = {},
): Option<string | undefined> {
  const { otherwise } = writing;
  return { kind: 'value', placeholder: 'TEXT', ...writing, describe, read: (texts) => texts.at(-1) ?? otherwise };
}

/** `--name HOST`: an address, or a name as DNS and URLs have it.
 * @see RFC 1123 2.1, RFC 3986 3.2.2 */
export function host(describe: () => string, writing?: Writing): Option<string | undefined>;
export function host(describe: () => string, writing: Writing & { readonly otherwise: string }): Option<string>;
export function host(
  describe: () => string,
  writing: Writing & { readonly otherwise?: string } = {},
): Option<string | undefined> {
  return {
    kind: 'value',
    placeholder: 'HOST',
    ...writing,
    describe,
    read: (texts, name) => {
      const given = texts.at(-1) ?? writing.otherwise;
      if (given === undefined || isIP(given) !== 0 || isHostName(given)) return given;
      throw new UsageError(
        'usage.badHost',
        l10n.t('--{0} {1}: an address or a name of a computer is needed.', name, given),
        { option: name, value: given },
      );
    },
  };
}

function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  // numbers alone would be an address, and it is none
  return (
    text.length <= 253 &&
    labels.every((label) => /^[a-z\d_]([a-z\d_-]{0,61}[a-z\d_])?$/i.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '')
  );
}

/** `--name TEXT`, several times. */
export function list(describe: () => string, writing: Writing = {}): Option<readonly string[]> {
  return { kind: 'list', placeholder: 'TEXT', ...writing, describe, read: (texts) => texts };
}

interface Range {
  readonly min: number;
  readonly max: number;
  /** Fractions are allowed. Default false. */
  readonly isFraction?: boolean;
}

/** `--name N`, also hexadecimal (`0x9000`). */
export function number(describe: () => string, range: Range & Writing): Option<number | undefined>;
export function number(describe: () => string, range: Range & Writing & { readonly otherwise: number }): Option<number>;
export function number(
  describe: () => string,
  range: Range & Writing & { readonly otherwise?: number },
): Option<number | undefined> {
  const { min, max, isFraction = false, otherwise, short, placeholder = 'N' } = range;
  return {
    kind: 'value',
    short,
    placeholder,
    otherwise: otherwise === undefined ? undefined : String(otherwise),
    describe,
    read: (texts, name) => {
      const given = texts.at(-1);
      if (given === undefined) return otherwise;
      const value = /^(0x[\da-f]+|\d+(\.\d+)?)$/i.test(given) ? Number(given) : NaN;
      if (value >= min && value <= max && (isFraction || Number.isInteger(value))) return value;
      throw new UsageError(
        'usage.badNumber',
        l10n.t('--{0} {1}: a number from {2} to {3} is needed.', name, given, min, max),
        { option: name, value: given, min, max },
      );
    },
  };
}

/** `--name WORD`, one of some. */
export function choice<const Word extends string>(
  describe: () => string,
  words: readonly Word[],
  writing?: Writing,
): Option<Word | undefined>;
export function choice<const Word extends string>(
  describe: () => string,
  words: readonly Word[],
  writing: Writing & { readonly otherwise: NoInfer<Word> },
): Option<Word>;
export function choice<const Word extends string>(
  describe: () => string,
  words: readonly Word[],
  writing: Writing & { readonly otherwise?: NoInfer<Word> } = {},
): Option<Word | undefined> {
  const { otherwise } = writing;
  return {
    kind: 'value',
    placeholder: words.join('|'),
    ...writing,
    describe,
    read: (texts, name) => {
      const given = texts.at(-1);
      if (given === undefined) return otherwise;
      const word = words.find((one) => one === given);
      if (word !== undefined) return word;
      throw new UsageError(
        'usage.badChoice',
        l10n.t('--{0} {1}: one of {2} is needed.', name, given, words.join(', ')),
        {
          option: name,
          value: given,
          allowed: words.join(' '),
        },
      );
    },
  };
}
