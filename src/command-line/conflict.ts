import * as l10n from '@vscode/l10n';
import { UsageError } from './usage-error.ts';

/** For what was given together though one of it would be left out. */
export function conflict(names: readonly string[]): UsageError {
  return new UsageError('usage.conflict', l10n.t('{0} do not go together.', names.join(', ')), {
    options: names.join(' '),
  });
}

/** For what was given without that which makes use of it.
 * @param names of options
 * @param other such as `--server` */
export function needsOther(names: readonly string[], other: string): UsageError {
  const written = names.map((name) => `--${name}`);
  const message =
    written.length === 1
      ? l10n.t('{0} needs {1}.', written[0] ?? '', other)
      : l10n.t('{0} need {1}.', written.join(', '), other);
  return new UsageError('usage.needsOther', message, { options: written.join(' '), other });
}

/** Refuses options that only count with another one.
 * @param needs the other one, by name
 * @throws {UsageError} `usage.needsOther` */
export function checkNeeds(needs: Readonly<Partial<Record<string, string>>>, given: ReadonlySet<string>): void {
  const missing = [...given].map((name) => needs[name]).find((other) => other !== undefined && !given.has(other));
  if (missing === undefined) return;
  throw needsOther(
    [...given].filter((name) => needs[name] === missing),
    `--${missing}`,
  );
}
