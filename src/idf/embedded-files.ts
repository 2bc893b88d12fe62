import { isAbsolute, join } from 'node:path';
import { literalOf, type CmakeArgument, type CmakeFile } from './cmake-file.ts';

/** A file that a component puts into the image. */
export interface EmbeddedFile {
  /** Absolute; undefined when CMake computes it. */
  readonly path?: string;
  /** As written. */
  readonly text: string;
  /** A text gets a NUL at its end, which a PEM needs. */
  readonly isText: boolean;
  /** In the component's CMakeLists.txt, 1-based. */
  readonly line: number;
}

const KEYWORDS = new Set([
  'SRCS', 'SRC_DIRS', 'EXCLUDE_SRCS', 'INCLUDE_DIRS', 'PRIV_INCLUDE_DIRS', 'LDFRAGMENTS', 'REQUIRES', 'PRIV_REQUIRES',
  'REQUIRED_IDF_TARGETS', 'EMBED_FILES', 'EMBED_TXTFILES', 'KCONFIG', 'KCONFIG_PROJBUILD', 'WHOLE_ARCHIVE',
]); // prettier-ignore

/** EMBED_TXTFILES, EMBED_FILES and target_add_binary_data() of a component's CMakeLists.txt.
 * @see ESP-IDF v5.5 `tools/cmake/component.cmake` (`idf_component_register`), `utilities.cmake` (`target_add_binary_data`) */
export function embeddedFiles(
  file: CmakeFile,
  componentFolder: string,
  projectFolder: string,
): readonly EmbeddedFile[] {
  const folders = new Map<string, string>([
    ['CMAKE_SOURCE_DIR', projectFolder],
    ['PROJECT_DIR', projectFolder],
    ['PROJECT_PATH', projectFolder],
    ['COMPONENT_DIR', componentFolder],
    ['COMPONENT_PATH', componentFolder],
    ['CMAKE_CURRENT_LIST_DIR', componentFolder],
    ['CMAKE_CURRENT_SOURCE_DIR', componentFolder],
  ]);
  const found: EmbeddedFile[] = [];
  const add = (argument: CmakeArgument, isText: boolean): void => {
    const path = resolve(argument, folders, componentFolder);
    found.push({ text: argument.text, isText, line: argument.line, ...(path === undefined ? {} : { path }) });
  };
  for (const call of file.calls) {
    if (call.name === 'idf_build_get_property' && call.arguments[1]?.text === 'PROJECT_DIR') {
      folders.set(call.arguments[0]?.text ?? '', projectFolder);
    } else if (call.name === 'idf_component_register') {
      let keyword = '';
      for (const argument of call.arguments) {
        if (argument.kind === 'unquoted' && KEYWORDS.has(argument.text)) keyword = argument.text;
        else if (keyword === 'EMBED_TXTFILES' || keyword === 'EMBED_FILES') add(argument, keyword === 'EMBED_TXTFILES');
      }
    } else if (call.name === 'target_add_binary_data' && call.arguments[1] !== undefined) {
      add(call.arguments[1], call.arguments[2]?.text === 'TEXT');
    } else if (call.name === 'set' && /^COMPONENT_EMBED_(?:TXT)?FILES$/.test(call.arguments[0]?.text ?? '')) {
      for (const argument of call.arguments.slice(1)) add(argument, call.arguments[0]?.text.includes('TXT') === true);
    }
  }
  return found;
}

function resolve(
  argument: CmakeArgument,
  folders: ReadonlyMap<string, string>,
  componentFolder: string,
): string | undefined {
  const variable = /^\$\{(\w+)\}\/?/.exec(argument.text);
  const base = variable?.[1] === undefined ? componentFolder : folders.get(variable[1]);
  const rest = literalOf({ ...argument, text: argument.text.slice(variable?.[0].length ?? 0) });
  if (base === undefined || rest === undefined) return undefined;
  return variable === null && isAbsolute(rest) ? rest : join(base, rest);
}
