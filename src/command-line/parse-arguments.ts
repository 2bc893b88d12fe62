import * as l10n from '@vscode/l10n';
import { parseArgs } from 'node:util';
import { nearest } from './nearest.ts';
import type { Options, Values } from './option.ts';
import { UsageError } from './usage-error.ts';

export interface ParsedArguments<Given extends Options> {
  readonly values: Values<Given>;
  readonly operands: readonly string[];
  /** Names of the options that were typed; all others have what they are by default. */
  readonly given: ReadonlySet<string>;
}

/** Reads options and operands, in any order; behind `--` everything is an operand.
 * @throws {UsageError} for an option that is not known, a value that is missing or empty, not wanted or not allowed; for an operand that is empty */
export function parseArguments<Given extends Options>(argv: readonly string[], options: Given): ParsedArguments<Given> {
  const texts = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokensOf(argv, options)) {
    if (token.kind === 'positional') {
      if (token.value === '')
        throw new UsageError('usage.emptyOperand', l10n.t('An argument is empty: is a variable not set?'));
      operands.push(token.value);
    }
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw unknownOption(token.rawName, Object.keys(options));
    if (option.kind === 'flag') {
      if (token.value !== undefined)
        throw new UsageError('usage.valueNotWanted', l10n.t('{0} takes no value.', token.rawName), {
          option: token.name,
        });
    } else if (token.value === undefined || token.value === '' || (!token.inlineValue && /^-./.test(token.value))) {
      throw new UsageError(
        'usage.valueMissing',
        l10n.t('{0} needs a value: {0} {1}.', token.rawName, option.placeholder ?? 'TEXT'),
        { option: token.name },
      );
    }
    texts.set(token.name, [...(texts.get(token.name) ?? []), token.value ?? '']);
  }
  const values = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, option.read(texts.get(name) ?? [], name)]),
  );
  return { values: values as Values<Given>, operands, given: new Set(texts.keys()) };
}

/** The first operand, which is the command's name, and everything but it. Options with values that stand before it have to be among those
 * that are given here. */
export function splitCommand(
  argv: readonly string[],
  options: Options,
): { readonly name: string | undefined; readonly rest: readonly string[] } {
  const first = tokensOf(argv, options).find(
    (token) => token.kind === 'positional' || token.kind === 'option-terminator',
  );
  return first?.kind === 'positional'
    ? { name: first.value, rest: argv.filter((_, index) => index !== first.index) }
    : { name: undefined, rest: argv };
}

function tokensOf(argv: readonly string[], options: Options): ReturnType<typeof parse>['tokens'] {
  return parse(argv, options).tokens;
}

function parse(argv: readonly string[], options: Options) {
  return parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(options).map(([name, { kind, short }]) => [
        name,
        {
          type: kind === 'flag' ? ('boolean' as const) : ('string' as const),
          multiple: true,
          ...(short === undefined ? {} : { short }),
        },
      ]),
    ),
    strict: false, // what is wrong is said in the user's language, with what was probably meant
    allowPositionals: true,
    tokens: true,
  });
}

function unknownOption(rawName: string, known: readonly string[]): UsageError {
  const meant = rawName.startsWith('--') ? nearest(rawName.slice(2), known) : undefined;
  return new UsageError(
    'usage.unknownOption',
    meant === undefined
      ? l10n.t('There is no option {0}.', rawName)
      : l10n.t('There is no option {0}. Did you mean --{1}?', rawName, meant),
    { option: rawName, ...(meant === undefined ? {} : { nearest: meant }) },
  );
}
