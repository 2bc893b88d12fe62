import * as l10n from '@vscode/l10n';
import { UsageError } from './usage-error.ts';

/** For what was given together though one of it would be left out. */
export function conflict(names: readonly string[]): UsageError {
  return new UsageError('usage.conflict', l10n.t('{0} do not go together.', names.join(', ')), {
    options: names.join(' '),
  });
}
