import { parseCmake, type CmakeCall } from '../../idf/cmake-file.ts';
import { dominantEnding, splitLines } from '../../idf/text-lines.ts';

/** What a component's CMakeLists.txt is to register beyond what it does. */
export interface ComponentAdditions {
  readonly source?: string;
  readonly components?: readonly string[];
  /** They are needed even where the file lists none. */
  readonly listsComponents?: boolean;
  /** Path of a text to embed, relative to the component. */
  readonly embeddedText?: string;
}

const KEYWORDS = new Set([
  'SRCS', 'SRC_DIRS', 'EXCLUDE_SRCS', 'INCLUDE_DIRS', 'PRIV_INCLUDE_DIRS', 'LDFRAGMENTS', 'REQUIRES', 'PRIV_REQUIRES',
  'REQUIRED_IDF_TARGETS', 'EMBED_FILES', 'EMBED_TXTFILES', 'KCONFIG', 'KCONFIG_PROJBUILD', 'WHOLE_ARCHIVE',
]); // prettier-ignore

interface Keyword {
  readonly name: string;
  readonly values: CmakeCall['arguments'];
  readonly argument: CmakeCall['arguments'][number];
}

/** The CMakeLists.txt with the additions in its `idf_component_register()`, every other byte kept; undefined when it has none (older forms are not edited).
 *
 * Components are only added where the file lists some: a main component that lists none has them all.
 * @see ESP-IDF v5.5 `tools/cmake/component.cmake`, build system guide, "Main component" */
export function addToComponent(text: string, additions: ComponentAdditions): string | undefined {
  const file = parseCmake(text);
  const call = file.calls.find(({ name, depth }) => name === 'idf_component_register' && depth === 0);
  const first = call?.arguments[0];
  if (call === undefined || first === undefined) return undefined;
  const keywords = keywordsOf(call);
  const insertions: { at: number; text: string }[] = [];
  const ending = dominantEnding(splitLines(text));
  const indent = ' '.repeat(indentOf(text, keywords));

  const append = (name: string, values: readonly string[], isNewAllowed: boolean): void => {
    const keyword = keywords.find((one) => one.name === name);
    const missing = values.filter((value) => keyword?.values.some((one) => one.text === value) !== true);
    if (missing.length === 0 || (keyword === undefined && !isNewAllowed)) return;
    const written = missing.map((value) => (/^\w+$/.test(value) ? value : `"${value}"`)).join(' ');
    if (keyword !== undefined)
      insertions.push({ at: endOf(text, keyword.values.at(-1) ?? keyword.argument), text: ` ${written}` });
    else {
      const last = call.arguments.at(-1) ?? first;
      insertions.push({ at: endOf(text, last), text: `${ending}${indent}${name} ${written}` });
    }
  };

  const { source, components, embeddedText } = additions;
  const finds = (name: string): boolean => keywords.some((keyword) => keyword.name === name);
  const collects = file.calls.some(
    ({ name, arguments: [kind] }) => name === 'file' && kind?.text.startsWith('GLOB') === true,
  );
  const isCollected =
    collects && keywords.some(({ name, values }) => name === 'SRCS' && values.some((one) => one.text.startsWith('${')));
  if (source !== undefined && !finds('SRC_DIRS') && !isCollected) append('SRCS', [source], true);
  if (components !== undefined) {
    const known = keywords
      .filter(({ name }) => name.endsWith('REQUIRES'))
      .flatMap(({ values }) => values.map((one) => one.text));
    const missing = components.filter((component) => !known.includes(component));
    const isPrivate = finds('PRIV_REQUIRES') || (additions.listsComponents === true && !finds('REQUIRES'));
    append(isPrivate ? 'PRIV_REQUIRES' : 'REQUIRES', missing, additions.listsComponents === true);
  }
  if (embeddedText !== undefined) append('EMBED_TXTFILES', [embeddedText], true);
  // from the end, and of those at one place the last first: a value has to stay before a keyword that comes behind it
  return insertions
    .reverse()
    .sort((one, other) => other.at - one.at)
    .reduce((before, { at, text: added }) => before.slice(0, at) + added + before.slice(at), text);
}

function keywordsOf(call: CmakeCall): readonly Keyword[] {
  const keywords: {
    name: string;
    values: CmakeCall['arguments'][number][];
    argument: CmakeCall['arguments'][number];
  }[] = [];
  for (const argument of call.arguments) {
    if (argument.kind === 'unquoted' && KEYWORDS.has(argument.text))
      keywords.push({ name: argument.text, values: [], argument });
    else keywords.at(-1)?.values.push(argument);
  }
  return keywords;
}

/** Behind an argument, its closing quote or bracket included. */
function endOf(text: string, { end, kind }: CmakeCall['arguments'][number]): number {
  if (kind === 'quoted') return end + 1;
  return kind === 'bracket' ? text.indexOf(']', end + 1) + 1 : end;
}

/** The column of the last keyword that begins a line, else that of the first keyword. */
function indentOf(text: string, keywords: readonly Keyword[]): number {
  const lines = text.split(/\r\n|\r|\n/);
  const own = keywords.findLast(({ argument }) =>
    /^\s*$/.test((lines[argument.line - 1] ?? '').slice(0, argument.column - 1)),
  );
  return ((own ?? keywords[0])?.argument.column ?? 5) - 1;
}

/** The project's CMakeLists.txt with a folder of components before the line that brings in ESP-IDF; undefined when it has no such line. Nothing changes where
 * the folder is named already. */
export function addComponentFolder(text: string, folder: string): string | undefined {
  const last = folder.split('/').at(-1) ?? folder;
  const file = parseCmake(text);
  if (
    file.calls.some(
      ({ arguments: words }) => words[0]?.text === 'EXTRA_COMPONENT_DIRS' || words[1]?.text === 'EXTRA_COMPONENT_DIRS',
    )
  ) {
    const isNamed = file.calls.some(({ arguments: words }) => words.some((word) => word.text.includes(last)));
    if (isNamed) return text;
  }
  const include = file.calls.find(
    ({ name, arguments: [path] }) =>
      name === 'include' && /tools\/cmake(?:v2)?\/(?:project|idf)\.cmake$/.test(path?.text ?? ''),
  );
  if (include === undefined) return undefined;
  const lines = splitLines(text);
  const ending = dominantEnding(lines);
  const at = lines.slice(0, include.line - 1).reduce((sum, line) => sum + line.text.length + line.ending.length, 0);
  const added = `# example_connect() and its options come with ESP-IDF${ending}list(APPEND EXTRA_COMPONENT_DIRS "${folder}")${ending}${ending}`;
  return text.slice(0, at) + added + text.slice(at);
}
