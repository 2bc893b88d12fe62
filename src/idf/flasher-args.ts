import { OtaError } from '../base/ota-error.ts';
import './errors.ts';
import { isObject, own, parseJsonObject, textOf } from './json-file.ts';
import { withoutUndefined } from './project-description.ts';

export interface FlashFile {
  /** The key of the entry (`bootloader`, `app`, `partition-table`, `otadata`, or a data partition's label); undefined for a file that has none. */
  readonly name?: string;
  /** In flash, in bytes. */
  readonly offset: number;
  /** Relative to the build folder, with `/`. */
  readonly file: string;
  readonly isEncrypted: boolean;
}

/** What `build/flasher_args.json` says. Words of esptool are given with dashes, whichever way the file spells them. */
export interface FlasherArgs {
  /** How this ESP-IDF's esptool spells: underscores before ESP-IDF 6.0, dashes from there (esptool 5 takes both, 4 only underscores). */
  readonly spelling: 'underscore' | 'dash';
  readonly flashMode?: string;
  /** Such as `4MB`, `detect` or `keep`. */
  readonly flashSize?: string;
  readonly flashFrequency?: string;
  /** Arguments of write-flash as they stand in the file. */
  readonly writeFlashArgs: readonly string[];
  /** By offset. */
  readonly files: readonly FlashFile[];
  readonly before?: string;
  readonly after?: string;
  readonly usesStub?: boolean;
  /** Such as `esp32s3`. */
  readonly chip?: string;
}

const NOT_ENTRIES = new Set([
  'write_flash_args',
  'write-flash-args',
  'flash_settings',
  'flash_files',
  'extra_esptool_args',
]);

/** Reads either spelling.
 * @throws {OtaError} `idfJson.invalid`, `flasherArgs.badOffset`
 * @see ESP-IDF v5.5 and v6.0 `components/esptool_py/flasher_args.json.in` */
export function parseFlasherArgs(text: string): FlasherArgs {
  const json = parseJsonObject(text);
  const section = (...keys: string[]): Readonly<Record<string, unknown>> => {
    for (const key of keys) {
      const value = own(json, key);
      if (isObject(value)) return value;
    }
    return {};
  };
  const settings = section('flash_settings', 'flash-settings');
  const extra = section('extra_esptool_args', 'extra-esptool-args');
  const listed = own(json, 'write_flash_args') ?? own(json, 'write-flash-args');
  const writeFlashArgs = Array.isArray(listed) ? listed.filter((word) => typeof word === 'string') : [];
  const before = textOf(extra, 'before');
  const after = textOf(extra, 'after');
  const stub = own(extra, 'stub');
  return withoutUndefined({
    spelling: spellingOf([...writeFlashArgs, before ?? '', after ?? '']),
    flashMode: textOf(settings, 'flash_mode') ?? textOf(settings, 'flash-mode'),
    flashSize: textOf(settings, 'flash_size') ?? textOf(settings, 'flash-size'),
    flashFrequency: textOf(settings, 'flash_freq') ?? textOf(settings, 'flash-freq'),
    writeFlashArgs,
    files: filesOf(json, section('flash_files', 'flash-files')),
    before: before?.replaceAll('_', '-'),
    after: after?.replaceAll('_', '-'),
    usesStub: typeof stub === 'boolean' ? stub : undefined,
    chip: textOf(extra, 'chip'),
  });
}

function spellingOf(words: readonly string[]): FlasherArgs['spelling'] {
  return words.some((word) => /^--flash-|^[a-z]+-reset|^[a-z]+-[a-z-]*reset/.test(word)) ? 'dash' : 'underscore';
}

function filesOf(json: Readonly<Record<string, unknown>>, plain: Readonly<Record<string, unknown>>): FlashFile[] {
  const byOffset = new Map<number, FlashFile>();
  for (const [offsetText, file] of Object.entries(plain)) {
    if (typeof file !== 'string') continue;
    const offset = offsetOf(offsetText, file);
    byOffset.set(offset, { offset, file: file.replaceAll('\\', '/'), isEncrypted: false });
  }
  for (const [name, entry] of Object.entries(json)) {
    if (NOT_ENTRIES.has(name) || !isObject(entry)) continue;
    const file = textOf(entry, 'file');
    const offsetText = textOf(entry, 'offset');
    if (file === undefined || offsetText === undefined) continue;
    const offset = offsetOf(offsetText, file);
    const encrypted = own(entry, 'encrypted');
    byOffset.set(offset, {
      name,
      offset,
      file: file.replaceAll('\\', '/'),
      isEncrypted: encrypted === true || encrypted === 'true',
    });
  }
  return [...byOffset.values()].sort((one, other) => one.offset - other.offset);
}

function offsetOf(text: string, file: string): number {
  if (!/^(0[xX][0-9a-fA-F]{1,8}|\d{1,10})$/.test(text)) throw new OtaError('flasherArgs.badOffset', { text, file });
  return Number(text);
}
