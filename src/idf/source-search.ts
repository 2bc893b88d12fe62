import { join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { isOtaError } from '../base/ota-error.ts';
import type { FileCache } from './file-cache.ts';

/** A function of ESP-IDF that the project's sources name. */
export interface NamedCall {
  readonly name: string;
  readonly path: string;
  /** 1-based. */
  readonly line: number;
}

/** How the sources update themselves: in one call, step by step, with the bare OTA functions, or not at all as far as can be seen. */
export type UpdateClientKind = 'simple' | 'advanced' | 'native' | 'unknown';

export interface SourceFindings {
  readonly clientKind: UpdateClientKind;
  readonly calls: readonly NamedCall[];
  /** Names in `_binary_<name>_start`: embedded files that the sources use. */
  readonly embeddedNames: readonly string[];
  /** Where versions are compared by their order, as far as can be seen; undefined where they are not, or only for equality. */
  readonly versionOrder?: { readonly path: string; readonly line: number };
  /** Source files looked at. */
  readonly paths: readonly string[];
  /** The one that was changed last: newer than the image, it is not in it. `modifiedMs` since 1970. */
  readonly newest?: { readonly path: string; readonly modifiedMs: number };
  /** False when there were more files than are searched. */
  readonly isComplete: boolean;
}

const NAMES = [
  'esp_https_ota',
  'esp_https_ota_begin',
  'esp_https_ota_perform',
  'esp_https_ota_finish',
  'esp_https_ota_get_img_desc',
  'esp_ota_begin',
  'esp_ota_write',
  'esp_ota_end',
  'esp_ota_set_boot_partition',
  'esp_ota_mark_app_valid_cancel_rollback',
  'esp_ota_mark_app_invalid_rollback_and_reboot',
  'esp_ota_mark_app_invalid_rollback',
  'esp_crt_bundle_attach',
  'esp_restart',
];
/** A comparison by order: `strcmp()` of a version that is not for equality, numbers scanned out of one, or a function named for it. */
const ORDER =
  /\b(?:strcmp|strncmp|strverscmp)\s*\([^;{}]{0,200}?version[^;{}]{0,200}?\)\s*(?:[<>]=?)\s*0|\bsscanf\s*\([^;{}]{0,200}?version|\b(?:semver_\w+|compare_?versions?|version_?(?:compare|cmp|is_newer))\s*\(/i;
const NAMED = new RegExp(`\\b(?:${NAMES.join('|')})\\b`, 'g');
const MAX_FILES = 250;
const MAX_DEPTH = 4;
const MAX_FILE_CHARACTERS = 1_000_000;
const SKIPPED = new Set(['build', 'managed_components', 'node_modules', 'test', 'tests', 'docs', 'server_certs']);

/** What one source file names, comments and (for calls) strings left out. Total. */
export function findNames(text: string): {
  calls: readonly { name: string; line: number }[];
  embedded: readonly string[];
  /** Line of the first comparison of versions by their order. */
  orderLine?: number;
} {
  const embedded = new Set<string>();
  const code = text
    .slice(0, MAX_FILE_CHARACTERS)
    .replace(/\/\/[^\n]*|\/\*[^]*?(?:\*\/|$)|"(?:\\[^]|[^"\\\n])*"?|'(?:\\[^]|[^'\\\n])*'?/g, (found) => {
      if (found.startsWith('"')) {
        const name = /_binary_(\w+?)_start/.exec(found)?.[1];
        if (name !== undefined) embedded.add(name);
      }
      return found.replace(/[^\n]/g, ' ');
    });
  const calls: { name: string; line: number }[] = [];
  let line = 1;
  let counted = 0;
  for (const found of code.matchAll(NAMED)) {
    for (let at = code.indexOf('\n', counted); at >= 0 && at < found.index; at = code.indexOf('\n', at + 1)) line++;
    counted = found.index;
    calls.push({ name: found[0], line });
  }
  const ordered = ORDER.exec(code);
  const orderLine = ordered === null ? undefined : code.slice(0, ordered.index).split('\n').length;
  return { calls, embedded: [...embedded], ...(orderLine === undefined ? {} : { orderLine }) };
}

export function clientKindOf(names: ReadonlySet<string>): UpdateClientKind {
  if (names.has('esp_https_ota_begin')) return 'advanced';
  if (names.has('esp_https_ota')) return 'simple';
  return names.has('esp_ota_begin') ? 'native' : 'unknown';
}

/** Searches the project's own sources: `main/` and `components/`, a bounded number of files, without what was downloaded or built. */
export async function searchSources(folder: string, files: FileStore, cache: FileCache): Promise<SourceFindings> {
  const paths: string[] = [];
  const isComplete =
    (await collect(join(folder, 'main'), 0, files, paths)) &&
    (await collect(join(folder, 'components'), 0, files, paths));
  const found = await Promise.all(
    paths.map(async (path) => {
      try {
        const read = await cache.text(path, 'names', findNames);
        return { path, names: read?.value, modifiedMs: read?.modifiedMs ?? 0 };
      } catch (error) {
        if (!isOtaError(error) || error.code === 'cancelled') throw error;
        return { path, names: undefined, modifiedMs: 0 };
      }
    }),
  );
  const calls = found.flatMap(({ path, names }) => (names?.calls ?? []).map((call) => ({ ...call, path })));
  const ordered = found.find(({ names }) => names?.orderLine !== undefined);
  const newest = [...found].sort((one, other) => other.modifiedMs - one.modifiedMs)[0];
  return {
    clientKind: clientKindOf(new Set(calls.map(({ name }) => name))),
    calls,
    embeddedNames: [...new Set(found.flatMap(({ names }) => names?.embedded ?? []))],
    ...(ordered?.names?.orderLine === undefined
      ? {}
      : { versionOrder: { path: ordered.path, line: ordered.names.orderLine } }),
    paths,
    ...(newest === undefined ? {} : { newest: { path: newest.path, modifiedMs: newest.modifiedMs } }),
    isComplete,
  };
}

async function collect(folder: string, depth: number, files: FileStore, paths: string[]): Promise<boolean> {
  let isComplete = true;
  for (const name of await files.list(folder)) {
    if (name.startsWith('.') || SKIPPED.has(name)) continue;
    if (paths.length >= MAX_FILES) return false;
    const path = join(folder, name);
    if (/\.(?:c|cc|cpp|cxx|h|hpp)$/i.test(name)) paths.push(path);
    else if (!name.includes('.') && (await files.stat(path))?.isDirectory === true) {
      isComplete = depth < MAX_DEPTH && (await collect(path, depth + 1, files, paths)) && isComplete;
    }
  }
  return isComplete;
}
