import { maskSecrets } from './mask.ts';

/** What a tool gives: plain JSON. */
export type ToolValue =
  string | number | boolean | null | readonly ToolValue[] | { readonly [name: string]: ToolValue | undefined };

/** A text inside an answer is cut to this. */
export const LONGEST_STRING = 600;
/** An answer is never longer, in characters: what a model is given is paid for, and crowds out the rest of a conversation. */
export const LONGEST_ANSWER = 48_000;

/** An answer as compact JSON, without secrets, bounded.
 * @param secrets values that must not be in it, whatever they stand in */
export function answerText(value: ToolValue, secrets: readonly string[] = []): string {
  const text = JSON.stringify(plain(value, secrets));
  if (text.length <= LONGEST_ANSWER) return text;
  return JSON.stringify({
    isCut: true,
    note: 'The answer was too long and is cut: ask for less.',
    text: text.slice(0, LONGEST_ANSWER / 2),
  });
}

function plain(value: ToolValue, secrets: readonly string[]): ToolValue {
  if (typeof value === 'string') return cut(maskSecrets(value, secrets), LONGEST_STRING);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((one) => plain(one, secrets));
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (one === undefined ? [] : [[name, plain(one, secrets)]])),
  );
}

function isList(value: ToolValue): value is readonly ToolValue[] {
  return Array.isArray(value);
}

/** The beginning of a text, with a sign where it was cut. Never half a character. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = /[\uD800-\uDBFF]/.test(text.charAt(most - 2)) ? most - 2 : most - 1;
  return `${text.slice(0, end)}…`;
}
