import type { OutputStream } from './streams.ts';

/** Colours and weights of a terminal; each gives its text as it is where there are none. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly blue: (text: string) => string;
  readonly cyan: (text: string) => string;
}

const plain = (text: string): string => text;

const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, blue: plain, cyan: plain };

function sgr(on: number, off: number): (text: string) => string {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}

const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
  blue: sgr(34, 39),
  cyan: sgr(36, 39),
};

/** Colours for a terminal, unless they are not wanted. @see https://no-color.org, https://force-color.org */
export function styleOf(
  stream: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
  isColourOff: boolean,
): Style {
  if (isColourOff || (env['NO_COLOR'] ?? '') !== '') return PLAIN;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced === '0' || forced === 'false' ? PLAIN : COLOURED;
  return stream.isTTY === true && env['TERM'] !== 'dumb' ? COLOURED : PLAIN;
}

/** A label before what it is about: full-width punctuation has its space in it. */
export function labelled(label: string, text: string, coloured: (text: string) => string): string {
  return `${coloured(label)}${label.endsWith('：') ? '' : ' '}${text}`;
}
