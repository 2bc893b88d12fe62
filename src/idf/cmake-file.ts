import './errors.ts';

/** One argument of a call. `start` and `end` are offsets of its content (inside quotes or brackets) in UTF-16 units. */
export interface CmakeArgument {
  /** As written, escapes and variable references untouched. */
  readonly text: string;
  readonly kind: 'unquoted' | 'quoted' | 'bracket';
  readonly start: number;
  readonly end: number;
  /** 1-based. */
  readonly line: number;
  readonly column: number;
}

export interface CmakeCall {
  /** In lower case: CMake ignores case. */
  readonly name: string;
  readonly arguments: readonly CmakeArgument[];
  readonly line: number;
  /** How many if(), foreach(), while(), function(), macro() or block() it stands in. */
  readonly depth: number;
}

export interface CmakeFile {
  readonly calls: readonly CmakeCall[];
  readonly problems: readonly {
    readonly code: 'cmake.unterminated';
    readonly line: number;
    readonly details: { readonly what: 'quotedArgument' | 'bracket' | 'call' };
  }[];
}

const OPENERS = new Set(['if', 'foreach', 'while', 'function', 'macro', 'block']);
const CLOSERS = new Set(['endif', 'endforeach', 'endwhile', 'endfunction', 'endmacro', 'endblock']);

/** What stands behind is not read: no CMakeLists.txt comes near, and the patterns' memory is bounded. */
const MOST_CHARACTERS = 1024 * 1024;

/** Reads the calls of a CMakeLists.txt without running any. Total: what can not be read is skipped.
 * @see CMake 3.30 manual, cmake-language(7), "Syntax" */
export function parseCmake(text: string): CmakeFile {
  const calls: CmakeCall[] = [];
  const problems: CmakeFile['problems'][number][] = [];
  const scanner = new Scanner(text.slice(0, MOST_CHARACTERS));
  let depth = 0;
  for (;;) {
    scanner.skipBlanksAndComments();
    if (scanner.isAtEnd) break;
    const line = scanner.line;
    const name = scanner.take(/[A-Za-z_][A-Za-z0-9_]*/y)?.toLowerCase();
    if (name === undefined) {
      scanner.advance(1);
      continue;
    }
    scanner.take(/[ \t]+/y);
    if (scanner.take(/\(/y) === undefined) continue;
    const read = readArguments(scanner);
    if (CLOSERS.has(name)) depth = Math.max(0, depth - 1);
    calls.push({ name, arguments: read.found, line, depth });
    if (OPENERS.has(name)) depth++;
    if (read.unterminated !== undefined) {
      problems.push({ code: 'cmake.unterminated', line, details: { what: read.unterminated } });
    }
  }
  return { calls, problems };
}

class Scanner {
  readonly #text: string;
  offset = 0;
  line = 1;
  #lineStart = 0;
  /** The next line end at or behind `offset`, remembered: looked for at every step, it would make a long line take its length squared. */
  #lineEnd = -1;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith('\uFEFF')) {
      this.offset = 1;
      this.#lineStart = 1;
    }
  }

  get isAtEnd(): boolean {
    return this.offset >= this.#text.length;
  }

  get column(): number {
    return this.offset - this.#lineStart + 1;
  }

  slice(start: number, end: number): string {
    return this.#text.slice(start, end);
  }

  /** Takes what a sticky pattern matches here. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.advance(found.length);
    return found;
  }

  indexOf(needle: string): number {
    return this.#text.indexOf(needle, this.offset);
  }

  get length(): number {
    return this.#text.length;
  }

  advance(count: number): void {
    const end = Math.min(this.offset + count, this.#text.length);
    if (this.#lineEnd < this.offset) this.#lineEnd = this.#lineEndFrom(this.offset);
    while (this.#lineEnd < end) {
      this.line++;
      this.#lineStart = this.#lineEnd + 1;
      this.#lineEnd = this.#lineEndFrom(this.#lineStart);
    }
    this.offset = end;
  }

  #lineEndFrom(offset: number): number {
    const at = this.#text.indexOf('\n', offset);
    return at < 0 ? Infinity : at;
  }

  skipBlanksAndComments(): void {
    for (;;) {
      if (this.take(/\s+/y) !== undefined) continue;
      const bracket = this.take(/#\[(=*)\[/y);
      if (bracket !== undefined) {
        const close = this.indexOf(`]${'='.repeat(bracket.length - 3)}]`);
        this.advance((close < 0 ? this.length : close + bracket.length - 1) - this.offset);
        continue;
      }
      if (this.take(/#[^\n]*/y) === undefined) return;
    }
  }
}

type Unterminated = 'quotedArgument' | 'bracket' | 'call';

function readArguments(scanner: Scanner): { found: CmakeArgument[]; unterminated?: Unterminated } {
  const found: CmakeArgument[] = [];
  let parentheses = 1;
  for (;;) {
    scanner.skipBlanksAndComments();
    if (scanner.isAtEnd) return { found, unterminated: 'call' };
    if (scanner.take(/\)/y) !== undefined) {
      parentheses--;
      if (parentheses === 0) return { found };
      continue;
    }
    if (scanner.take(/\(/y) !== undefined) {
      parentheses++;
      continue;
    }
    const { line, column } = scanner;
    const add = (kind: CmakeArgument['kind'], start: number, end: number): void => {
      found.push({ text: scanner.slice(start, end), kind, start, end, line, column });
    };
    const bracket = scanner.take(/\[=*\[/y);
    if (bracket !== undefined) {
      const start = scanner.offset;
      const close = scanner.indexOf(`]${'='.repeat(bracket.length - 2)}]`);
      scanner.advance((close < 0 ? scanner.length : close + bracket.length) - start);
      add('bracket', start, close < 0 ? scanner.length : close);
      if (close < 0) return { found, unterminated: 'bracket' };
    } else if (scanner.take(/"/y) !== undefined) {
      const start = scanner.offset;
      const body = scanner.take(/[^"\\]*(?:\\[^][^"\\]*)*/y) ?? '';
      add('quoted', start, start + body.length);
      if (scanner.take(/"/y) === undefined) {
        scanner.advance(scanner.length);
        return { found, unterminated: 'quotedArgument' };
      }
    } else {
      const start = scanner.offset;
      const body = scanner.take(/(?:[^\s()#"\\]|\\[^])+/y);
      if (body === undefined) scanner.advance(1);
      else add('unquoted', start, start + body.length);
    }
  }
}

/** The value of an argument, or undefined when CMake computes it (`${…}`, `$ENV{…}`, `$<…>`). */
export function literalOf(argument: CmakeArgument): string | undefined {
  if (argument.kind === 'bracket') return argument.text;
  if (/(?<!\\)(?:\\\\)*\$(?:[A-Za-z_]*\{|<)/.test(argument.text)) return undefined;
  return argument.text.replace(/\\([^])/g, (_, escaped: string) =>
    escaped === 'n' ? '\n' : escaped === 't' ? '\t' : escaped === 'r' ? '\r' : escaped,
  );
}

/** What makes a CMakeLists.txt that of an ESP-IDF project.
 * @see ESP-IDF v5.5 `tools/cmake/project.cmake`, v6.0 `tools/cmakev2/idf.cmake` */
export function idfBuildSystem(file: CmakeFile): 'v1' | 'v2' | undefined {
  for (const call of file.calls) {
    if (call.name !== 'include') continue;
    const path = call.arguments[0]?.text.replaceAll('\\', '/') ?? '';
    if (path.endsWith('/tools/cmake/project.cmake')) return 'v1';
    if (path.endsWith('/tools/cmakev2/idf.cmake') || path.endsWith('/tools/cmakev2/project.cmake')) return 'v2';
  }
  return undefined;
}

/** The name given to project(), when it is written out. */
export function projectNameOf(file: CmakeFile): string | undefined {
  const first = file.calls.find((call) => call.name === 'project')?.arguments[0];
  return first === undefined ? undefined : literalOf(first);
}
