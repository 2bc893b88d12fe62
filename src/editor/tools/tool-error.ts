import { isOtaError } from '../../base/ota-error.ts';
import { commandId, SETTINGS_SECTION } from '../../texts/contributions.ts';
import { textOfError } from '../../texts/error-texts.ts';
import type { WayOut } from '../../texts/error-texts/error-text.ts';
import { maskSecrets } from './mask.ts';

/** What a model is told when a tool fails: what happened, its code, and every way out. */
export function toolError(error: unknown, secrets: readonly string[]): Error {
  if (!isOtaError(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return new Error(maskSecrets(`Something unexpected went wrong: ${message}`, secrets));
  }
  const { message, waysOut } = textOfError(error);
  const ways = waysOut.map(wayOutText);
  const text = [`${message} [${error.code}]`, ...(ways.length === 0 ? [] : [`Ways out: ${ways.join('; ')}.`])].join(
    ' ',
  );
  return new Error(maskSecrets(text, secrets));
}

function wayOutText(wayOut: WayOut): string {
  switch (wayOut.kind) {
    case 'command':
      return `the command ${commandId(wayOut.command)} (${wayOut.title})`;
    case 'setting':
      return `the setting ${SETTINGS_SECTION}.${wayOut.key}`;
    case 'file':
      return `the file ${wayOut.path}`;
    case 'link':
      return `${wayOut.title}: ${wayOut.url}`;
  }
}
