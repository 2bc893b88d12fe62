import type { FileStore } from '../base/files.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { isOtaError } from '../base/ota-error.ts';
import type { BoardView } from './board-view.ts';
import type { CrashLineWords } from './crash-lines.ts';
import type { CrashReport } from './crash-report.ts';
import type { DecodedCrash } from './decode-crash.ts';
import type { AddressIndex, SourceFrame } from './elf/address-index.ts';

/** The build whose firmware is taken to run. */
export interface SymbolSource {
  readonly elfPath: string;
  /** Absolute. Files in it are named from there. */
  readonly projectFolder: string;
}

export interface CrashWords extends CrashLineWords {
  /** The firmware that printed one digest is not the file that has the other; as many digits of each. */
  readonly otherFile: (printed: string, built: string) => string;
}

/** Where a crash came from. */
export interface CrashPlaces extends DecodedCrash {
  /** Whether the file with the symbols is that of the firmware that crashed; undefined when the firmware did not say. */
  readonly isSameElf: boolean | undefined;
}

interface Symbols {
  readonly sha256: string;
  readonly index: AddressIndex;
}

/** Crashes to places in the source. The file with the symbols is read when it is needed for the first time, and again when it has changed. */
export class CrashDecoder {
  readonly #files: FileStore;
  readonly #words: () => CrashWords;
  readonly #logger: Logger;
  #symbols: Promise<Symbols | undefined> | undefined;
  #symbolsOf: string | undefined;

  constructor(options: {
    readonly files: FileStore;
    /** Asked each time: the language may not be known yet. */
    readonly words: () => CrashWords;
    readonly logger?: Logger;
  }) {
    this.#files = options.files;
    this.#words = options.words;
    this.#logger = options.logger ?? silentLogger;
  }

  /** The lines to show below the last line of the crash so far; `file` asks only whether the file is that of the firmware that runs. None when
   * there is no file, or nothing in it for the addresses. */
  async lines(
    source: SymbolSource | undefined,
    crash: CrashReport,
    view: BoardView,
    what: 'frames' | 'file',
  ): Promise<readonly string[]> {
    const symbols = await this.#load(source);
    if (source === undefined || symbols === undefined) return [];
    const printed = crash.elfSha256 ?? view.app?.elfSha256;
    const words = this.#words();
    const warning =
      (await isSame(printed, symbols)) === false
        ? [words.otherFile(printed ?? '', symbols.sha256.slice(0, printed?.length))]
        : [];
    if (what === 'file') return warning;
    const [{ crashLines }, decoded] = await Promise.all([import('./crash-lines.ts'), framesOf(crash, symbols)]);
    const lines = crashLines(decoded, source.projectFolder, words);
    return lines.length === 0 ? warning : [...warning, ...lines];
  }

  /** The same as values. Undefined when there is no file. */
  async places(
    source: SymbolSource | undefined,
    crash: CrashReport,
    view: BoardView,
  ): Promise<CrashPlaces | undefined> {
    const symbols = await this.#load(source);
    if (symbols === undefined) return undefined;
    const [{ frames }, isSameElf] = await Promise.all([
      framesOf(crash, symbols),
      isSame(crash.elfSha256 ?? view.app?.elfSha256, symbols),
    ]);
    return { frames, isSameElf };
  }

  /** The innermost place of the project's own in a crash. Undefined when the file is not that of the firmware that crashed: a place that is wrong
   * is worse than none. It need not be on this computer. */
  async place(source: SymbolSource | undefined, crash: CrashReport): Promise<SourceFrame | undefined> {
    const symbols = await this.#load(source);
    if (source === undefined || symbols === undefined) return undefined;
    if ((await isSame(crash.elfSha256, symbols)) === false) return undefined;
    const [{ firstOwnFrame }, decoded] = await Promise.all([import('./decode-crash.ts'), framesOf(crash, symbols)]);
    return firstOwnFrame(decoded, source.projectFolder);
  }

  async #load(source: SymbolSource | undefined): Promise<Symbols | undefined> {
    if (source === undefined) return undefined;
    const { elfPath } = source;
    const modifiedMs = (await this.#files.stat(elfPath))?.modifiedMs;
    const key = `${elfPath} ${modifiedMs ?? 0}`;
    if (this.#symbolsOf !== key) {
      this.#symbolsOf = key;
      this.#symbols = modifiedMs === undefined ? undefined : this.#read(elfPath);
    }
    return this.#symbols;
  }

  async #read(path: string): Promise<Symbols | undefined> {
    try {
      const [bytes, { openElf }, { createAddressIndex }, { elfSha256 }] = await Promise.all([
        this.#files.read(path),
        import('./elf/elf-file.ts'),
        import('./elf/address-index.ts'),
        import('./elf/elf-sha256.ts'),
      ]);
      return bytes === undefined ? undefined : { sha256: elfSha256(bytes), index: createAddressIndex(openElf(bytes)) };
    } catch (error) {
      if (!isOtaError(error)) throw error;
      this.#logger.warn(`${path}: ${String(error)}`);
      return undefined;
    }
  }
}

async function framesOf(crash: CrashReport, { index }: Symbols): Promise<DecodedCrash> {
  const { decodeCrash } = await import('./decode-crash.ts');
  return decodeCrash(crash, index, { isRiscV: index.elf.isRiscV });
}

async function isSame(printed: string | undefined, { sha256 }: Symbols): Promise<boolean | undefined> {
  if (printed === undefined) return undefined;
  const { isSameElf } = await import('./elf/elf-sha256.ts');
  return isSameElf(printed, sha256);
}
