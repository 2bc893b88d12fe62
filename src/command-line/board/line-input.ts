import { widthOf } from '../text-width.ts';

/** What a key made of a line that is being typed. */
export type Typed =
  | { readonly kind: 'typing' }
  /** Enter. */
  | { readonly kind: 'entered'; readonly text: string }
  /** Escape, Ctrl+C, Ctrl+D on an empty line, or Ctrl+]: no line after all. */
  | { readonly kind: 'left'; readonly key: 'escape' | 'interrupt' };

const ENTER = /^[\r\n]$/;
const LEFT = new Map([
  ['\u0003', 'interrupt'],
  ['\u001d', 'escape'],
  ['\u001b', 'escape'],
] as const);
const ERASE_WORD = '\u0017';
const ERASE_LINE = '\u0015';
/** Of arrows and the like; nothing moves in this line. */
const SEQUENCE = /^\u001b[[O][0-9;]*[A-Za-z~]/;

const STYLE = /\u001b\[[\d;]*m/g;

/** The row that the end of a text stands in, where it begins in row 0. */
function lastRow(text: string, columns: number): number {
  let row = 0;
  let column = 0;
  for (const letter of text.replace(STYLE, '')) {
    const width = widthOf(letter);
    // a wide letter is not cut in two
    if (column + width > columns) {
      row += 1;
      column = 0;
    }
    column += width;
  }
  return row;
}

/** A line as it is typed at a terminal whose keys come one by one: letters, backspace, Ctrl+W, Ctrl+U, Enter. */
export class LineInput {
  readonly #prompt: string;
  #text: string;
  /** Of what is shown: how far down the cursor stands. */
  #row = 0;

  constructor(prompt: string, text = '') {
    this.#prompt = prompt;
    this.#text = text;
  }

  /** What a terminal of so many columns shows of it: the prompt and the text, in place of what was shown before, however many lines that took. */
  shown(columns = Infinity): string {
    const begin = this.#row === 0 ? '\r\u001b[K' : `\r\u001b[${this.#row}A\u001b[J`;
    const line = `${this.#prompt}${this.#text}`;
    this.#row = lastRow(line, columns);
    return `${begin}${line}`;
  }

  /** @param input as it came: one key, or what was pasted; what stands behind Enter is left out */
  push(input: string): Typed {
    const rest = input.replace(SEQUENCE, '');
    for (const key of rest) {
      if (ENTER.test(key)) return { kind: 'entered', text: this.#text };
      const left = LEFT.get(key as '\u001b');
      if (left !== undefined) return { kind: 'left', key: left };
      if (key === '\u0004' && this.#text === '') return { kind: 'left', key: 'interrupt' };
      if (key === '\u007f' || key === '\b') this.#text = this.#text.replace(/.$/su, '');
      else if (key === ERASE_WORD) this.#text = this.#text.replace(/\S*\s*$/u, '');
      else if (key === ERASE_LINE) this.#text = '';
      else if (key >= ' ') this.#text += key;
    }
    return { kind: 'typing' };
  }
}
