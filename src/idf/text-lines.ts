export interface TextLine {
  /** Without its line ending. */
  readonly text: string;
  readonly ending: '' | '\n' | '\r\n' | '\r';
}

export const BYTE_ORDER_MARK = '\uFEFF';

/** A text as lines whose `text + ending` joined give the text again. A final line ending makes no empty last line. */
export function splitLines(text: string): TextLine[] {
  const lines: TextLine[] = [];
  const breaks = /\r\n|\n|\r/g;
  let start = 0;
  for (let found = breaks.exec(text); found !== null; found = breaks.exec(text)) {
    lines.push({ text: text.slice(start, found.index), ending: found[0] as TextLine['ending'] });
    start = found.index + found[0].length;
  }
  if (start < text.length) lines.push({ text: text.slice(start), ending: '' });
  return lines;
}

export function joinLines(lines: readonly TextLine[]): string {
  return lines.map((line) => line.text + line.ending).join('');
}

/** The line ending most lines have; `\n` when there is none. */
export function dominantEnding(lines: readonly TextLine[]): '\n' | '\r\n' | '\r' {
  const count = { '\n': 0, '\r\n': 0, '\r': 0 };
  for (const line of lines) if (line.ending !== '') count[line.ending]++;
  if (count['\r\n'] > count['\n'] && count['\r\n'] >= count['\r']) return '\r\n';
  return count['\r'] > count['\n'] ? '\r' : '\n';
}
