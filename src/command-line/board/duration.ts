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

/** `--name REGEX`, of JavaScript. */
export function pattern(describe: () => string): Option<RegExp | undefined> {
  return {
    kind: 'value',
    placeholder: 'REGEX',
    describe,
    read: (texts, name) => {
      const given = texts.at(-1);
      if (given === undefined) return undefined;
      try {
        return new RegExp(given, 'u');
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new UsageError('usage.badPattern', l10n.t('--{0} {1}: {2}', name, given, reason), {
          option: name,
          value: given,
        });
      }
    },
  };
}
