import { dominantEnding, splitLines } from '../../idf/text-lines.ts';

/** The text with comments and what stands in quotes blanked out: every character keeps its place. */
export function codeOnly(text: string): string {
  return text.replace(/\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/g, (found) =>
    found.replace(/[^\r\n]/g, ' '),
  );
}

const APP_MAIN = /\bapp_main\s*\([^)]*\)\s*\{/;

/** Whether a C or C++ source defines `app_main()`. */
export function definesAppMain(text: string): boolean {
  return APP_MAIN.test(codeOnly(text));
}

/** Whether a source calls a function. */
export function callsFunction(text: string, name: string): boolean {
  return new RegExp(`\\b${name}\\s*\\(`).test(codeOnly(text));
}

/** The source with `call` as the first statement of `app_main()` and its header included behind the last include; undefined when there is no `app_main()`.
 * @param header as it stands in the quotes */
export function callFromAppMain(text: string, header: string, call: string): string | undefined {
  const found = APP_MAIN.exec(codeOnly(text));
  if (found === null) return undefined;
  const ending = dominantEnding(splitLines(text));
  const open = found.index + found[0].length;
  const body = text.slice(open);
  const indent = /^(?:[ \t]*(?:\r\n|\r|\n))*?(?:\r\n|\r|\n)([ \t]+)\S/.exec(body)?.[1] ?? '    ';
  const withCall = `${text.slice(0, open)}${ending}${indent}${call}();${/^[ \t]*[\r\n]/.test(body) ? '' : ending + indent}${body.replace(/^[ \t]+(?=[^\s])/, '')}`;
  return includeHeader(withCall, header, found.index, ending);
}

/** Behind the last include outside of any condition, or above everything but comments. */
function includeHeader(text: string, header: string, before: number, ending: string): string {
  const code = codeOnly(text);
  if (new RegExp(`^[ \\t]*#[ \\t]*include[ \\t]*"${header.replace(/\./g, '\\.')}"`, 'm').test(text)) return text;
  let depth = 0;
  let at: number | undefined;
  let offset = 0;
  for (const line of splitLines(text)) {
    const words = code.slice(offset, offset + line.text.length);
    offset += line.text.length + line.ending.length;
    if (offset > before) break;
    if (/^[ \t]*#[ \t]*if/.test(words)) depth++;
    else if (/^[ \t]*#[ \t]*endif/.test(words)) depth = Math.max(0, depth - 1);
    else if (depth === 0 && /^[ \t]*#[ \t]*include\b/.test(words)) at = offset;
  }
  at ??= /^\s*/.exec(code)?.[0].length ?? 0;
  return `${text.slice(0, at)}#include "${header}"${ending}${text.slice(at)}`;
}
