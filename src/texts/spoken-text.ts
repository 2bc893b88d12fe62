import * as l10n from '@vscode/l10n';

/** A line of a view as a screen reader says it well: commas where dots part facts, a word for the arrow between two versions. */
export function spokenText(text: string): string {
  return text
    .replace(/(\d[\w.+-]*) → (?=[\w.+-])([\w.+-]*[\w+])/g, (_, from: string, to: string) =>
      l10n.t('{0} to {1}', from, to),
    )
    .replaceAll(/ [·→] /g, ', ');
}
