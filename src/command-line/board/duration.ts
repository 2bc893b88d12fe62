import * as l10n from '@vscode/l10n';
import type { Option } from '../option.ts';
import { UsageError } from '../usage-error.ts';

const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
/** Longer than a timer can be set for. */
const LONGEST_MS = 24 * MS.h;

/** `--name 10s`, also `500ms`, `2m`, `1h`; a number alone is seconds. In milliseconds. */
export function duration(describe: () => string): Option<number | undefined> {
  return {
    kind: 'value',
    placeholder: 'TIME',
    describe,
    read: (texts, name) => {
      const given = texts.at(-1);
      if (given === undefined) return undefined;
      const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(given) ?? [];
      const ms = Number(amount) * MS[unit as keyof typeof MS];
      if (ms > 0 && ms <= LONGEST_MS) return ms;
      throw new UsageError(
        'usage.badDuration',
        l10n.t('--{0} {1}: a time such as 500ms, 10s, 2m or 1h is needed, a day at most.', name, given),
        { option: name, value: given },
      );
    },
  };
}

/** `--name REGEX`, of JavaScript: also as it was before Unicode, where `\\-` is a dash. */
export function pattern(describe: () => string): Option<RegExp | undefined> {
  return {
    kind: 'value',
    placeholder: 'REGEX',
    describe,
    read: (texts, name) => {
      const given = texts.at(-1);
      if (given === undefined) return undefined;
      for (const flags of ['u', '']) {
        try {
          return new RegExp(given, flags);
        } catch (error) {
          if (flags === '') throw badPattern(name, given, error instanceof Error ? error.message : String(error));
        }
      }
      return undefined;
    },
  };
}

/** @param reason as the engine says it, in English, the pattern in it */
function badPattern(name: string, given: string, reason: string): UsageError {
  const why = [
    { pattern: /Unterminated group/, text: () => l10n.t('a “)” is missing') },
    { pattern: /Unmatched '\)'/, text: () => l10n.t('a “)” is one too many') },
    { pattern: /Unterminated character class/, text: () => l10n.t('a “]” is missing') },
    { pattern: /Nothing to repeat/, text: () => l10n.t('there is nothing to repeat') },
    { pattern: /at end of pattern/, text: () => l10n.t('nothing stands behind the last “\\”') },
  ].find(({ pattern: one }) => one.test(reason.replace(given, '')));
  const message =
    why === undefined
      ? l10n.t('--{0} {1}: a regular expression of JavaScript is needed.', name, given)
      : l10n.t('--{0} {1}: a regular expression is needed; {2}.', name, given, why.text());
  return new UsageError('usage.badPattern', message, { option: name, value: given, reason });
}
