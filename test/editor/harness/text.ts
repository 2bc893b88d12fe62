import type { Locator } from 'playwright-core';

/** Text as a reader sees it: VS Code draws blanks as U+00A0, and marks some ends of text with zero-width characters. */
export function plain(text: string): string {
  return text
    .replaceAll('\u00a0', ' ')
    .replaceAll(/[\u200b\u200e\u200f\ufeff]/g, '')
    .trim();
}

/** The plain text of one element. */
export async function textOf(locator: Locator): Promise<string> {
  return plain(await locator.innerText());
}

/** The plain texts of all elements that match, in document order. */
export async function textsOf(locator: Locator): Promise<string[]> {
  return (await locator.allInnerTexts()).map(plain);
}

/** The lines of a Monaco editor from top to bottom. It draws only what is in sight, and not in document order. */
export async function linesFromTop(lines: Locator): Promise<string[]> {
  const drawn = await lines.evaluateAll((elements) =>
    elements
      .map((element) => ({ top: element.getBoundingClientRect().top, text: element.textContent }))
      .sort((one, other) => one.top - other.top),
  );
  return drawn.map(({ text }) => plain(text));
}

/** A pattern that matches exactly this text, for playwright's `hasText`. Blanks match any white space. */
export function exactly(text: string): RegExp {
  const escaped = text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(' ', '\\s');
  return new RegExp(`^\\s*${escaped}\\s*$`);
}
