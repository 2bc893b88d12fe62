// Finds the functions of C sources, the lines of their statements and whom they call: as much as debug information needs. No C parser:
// made for sources in the usual layout, where a function's header has no braces and a statement begins on a line of its own.

/**
 * @typedef {object} CFunction
 * @property {string} name
 * @property {string} path of the source file
 * @property {boolean} isStatic
 * @property {number} line of the name, from 1
 * @property {number} endLine of the closing brace
 * @property {readonly { line: number, text: string }[]} statements lines that a compiler makes code of, in order
 * @property {readonly string[]} pointers names of the parameters that are pointers
 */

const DECLARATION =
  /^\s*(?!(?:return|goto)\b)(?:(?:const|static|volatile|unsigned|struct|enum)\s+)*\w+(?:\s+|\s*\*+\s*)\w+(?:\[[^\]]*\])*\s*;\s*$/;
const KEYWORDS = new Set(['if', 'for', 'while', 'switch', 'return', 'sizeof', 'do', 'else']);

/**
 * @param {string} path
 * @param {string} content
 * @returns {CFunction[]}
 */
export function cFunctions(path, content) {
  const text = withoutComments(content);
  const lines = text.split('\n');
  /** @type {CFunction[]} */
  const functions = [];
  let depth = 0;
  let headerFrom = 0;
  /** @type {{ header: string, line: number, bodyLine: number } | undefined} */
  let open;
  let line = 1;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === '\n') line++;
    else if (sign === '{') {
      const header = text.slice(headerFrom, at);
      if (depth === 0 && isFunctionHeader(header)) {
        const before = text.slice(0, headerFrom + header.search(/\w+\s*\([^()]*\)\s*$/));
        open = { header, line: before.split('\n').length, bodyLine: line };
      }
      depth++;
    } else if (sign === '}') {
      depth = Math.max(0, depth - 1);
      if (depth === 0) {
        if (open !== undefined) functions.push(describe(path, lines, open, line));
        open = undefined;
        headerFrom = at + 1;
      }
    } else if (sign === ';' && depth === 0) headerFrom = at + 1;
  }
  return functions;
}

/**
 * The calls from `app_main()` down, always the first one to a function of these sources: the outermost first, with the line of each call.
 * @param {readonly CFunction[]} functions
 * @returns {{ fn: CFunction, callLine: number }[]} `callLine`: where it calls the next one; for the last where it reads through a pointer
 */
export function crashPath(functions) {
  const path = [];
  /** @type {CFunction | undefined} */
  let fn = functions.find(({ name }) => name === 'app_main');
  while (fn !== undefined) {
    const called = firstCall(fn, functions, [...path.map((step) => step.fn), fn]);
    path.push({ fn, callLine: called?.line ?? pointerLine(fn) });
    fn = called?.fn;
  }
  return path;
}

/**
 * @param {CFunction} fn
 * @param {readonly CFunction[]} functions
 * @param {readonly CFunction[]} callers
 */
function firstCall(fn, functions, callers) {
  for (const { line, text } of fn.statements) {
    for (const [, name] of text.matchAll(/\b(\w+)\s*\(/g)) {
      const called = functions.find((other) => other.name === name && !callers.includes(other));
      if (called !== undefined) return { fn: called, line };
    }
  }
  return undefined;
}

/** @param {CFunction} fn */
function pointerLine({ statements, pointers, line }) {
  const uses = statements.find(({ text }) => pointers.some((name) => new RegExp(`\\b${name}\\b`).test(text)));
  const any = uses ?? statements.find(({ text }) => /->|&\w/.test(text)) ?? statements[0];
  return any?.line ?? line;
}

/** @param {string} header */
function isFunctionHeader(header) {
  const found = /(\w+)\s*\([^()]*\)\s*$/.exec(header);
  return found !== null && !header.includes('=') && !KEYWORDS.has(found[1] ?? '');
}

/**
 * @param {string} path
 * @param {readonly string[]} lines
 * @param {{ header: string, line: number, bodyLine: number }} open
 * @param {number} endLine
 * @returns {CFunction}
 */
function describe(path, lines, { header, line, bodyLine }, endLine) {
  const [, name = '', parameters = ''] = /(\w+)\s*\(([^()]*)\)\s*$/.exec(header) ?? [];
  const statements = [];
  for (let at = bodyLine + 1; at < endLine; at++) {
    const text = lines[at - 1] ?? '';
    if (/\w/.test(text) && !DECLARATION.test(text)) statements.push({ line: at, text });
  }
  const pointers = [...parameters.matchAll(/\*+\s*(?:const\s+)?(\w+)\s*(?:,|$)/g)].map((match) => match[1] ?? '');
  return { name, path, isStatic: /\bstatic\b/.test(header), line, endLine, statements, pointers };
}

/**
 * Comments, texts and preprocessor lines become blanks; the lines stay where they are.
 * @param {string} content
 */
function withoutComments(content) {
  const blank = (/** @type {string} */ text) => text.replace(/[^\n]/g, ' ');
  return content
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, blank)
    .replace(/^[ \t]*#(?:[^\n]*\\\n)*[^\n]*/gm, blank);
}
