import * as l10n from '@vscode/l10n';
import { UsageError } from './usage-error.ts';

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, KB: 1024, M: 1024 * 1024, MB: 1024 * 1024 };

/** A size as `4MB`, `512K` or `0x400000`, in bytes.
 * @param name of the option, for the error
 * @throws {UsageError} `usage.badSize` */
export function readSize(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const match = /^(0x[\da-f]+|\d+)\s*([KM]B?)?$/i.exec(text.trim());
  const bytes = match === null ? NaN : Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? NaN);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new UsageError('usage.badSize', l10n.t('--{0} {1}: a size such as 4MB or 0x400000 is needed.', name, text), {
    option: name,
    value: text,
  });
}
