import { Position, Range, TerminalLink, Uri, l10n, window, workspace, type LogOutputChannel } from 'vscode';
import { isAbsolute, join } from 'node:path';
import type { Disposable } from '../../base/disposable.ts';
import type { FileStore } from '../../base/files.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { BoardView } from '../../monitor/board-view.ts';
import type { CrashReport } from '../../monitor/crash-report.ts';
import type { LinkedPlace } from '../../monitor/crash-lines.ts';
import type { DecodedCrash } from '../../monitor/decode-crash.ts';
import type { AddressIndex, SourceFrame } from '../../monitor/elf/address-index.ts';
import type { ProjectSession } from './project-session.ts';

/** A board in a boot loop crashes the same way again and again; that is told once. */
const SAME_CRASH_MS = 60_000;

interface Symbols {
  readonly path: string;
  readonly modifiedMs: number;
  readonly sha256: string;
  readonly index: AddressIndex;
}

class PlaceLink extends TerminalLink {
  readonly path: string;
  readonly line: number;

  constructor(place: LinkedPlace, path: string) {
    super(place.start, place.length, l10n.t('Go to Source'));
    this.path = path;
    this.line = place.line;
  }
}

/** Crashes to places in the source of the selected project, by the ELF file of its build. */
export class CrashSession {
  readonly #projects: ProjectSession;
  readonly #files: FileStore;
  readonly #log: LogOutputChannel;
  readonly #told = new Map<string, number>();
  #symbols: Promise<Symbols | undefined> | undefined;
  #symbolsOf: string | undefined;

  constructor(projects: ProjectSession, files: FileStore, log: LogOutputChannel) {
    this.#projects = projects;
    this.#files = files;
    this.#log = log;
  }

  /** The lines to show below the last line of the crash so far; `file` asks only whether the ELF file is the one that runs. */
  async decode(crash: CrashReport, view: BoardView, what: 'frames' | 'file'): Promise<readonly string[]> {
    const { project } = this.#projects;
    const symbols = await this.#load(project);
    if (project === undefined || symbols === undefined) return [];
    const { isSameElf } = await import('../../monitor/elf/elf-sha256.ts');
    const printed = crash.elfSha256 ?? view.app?.elfSha256;
    const warning =
      printed === undefined || isSameElf(printed, symbols.sha256)
        ? []
        : [
            l10n.t(
              'The firmware that runs is not the one in the build folder (ELF file SHA256 {0}, built {1}): places in the source may be wrong.',
              printed,
              symbols.sha256.slice(0, printed.length),
            ),
          ];
    if (what === 'file') return warning;
    const [{ crashLines }, decoded] = await Promise.all([
      import('../../monitor/crash-lines.ts'),
      this.#frames(crash, symbols),
    ]);
    const words = { guess: l10n.t('guess'), unknown: l10n.t('not in the ELF file'), inlinedBy: l10n.t('inlined by') };
    const lines = crashLines(decoded, project.folder, words);
    return lines.length === 0 ? warning : [...warning, ...lines];
  }

  /** Tells the user that a board crashed, and offers the place. */
  async tell({
    address,
    crash,
    show,
  }: {
    readonly address: string;
    readonly crash: CrashReport;
    readonly show: () => void;
  }): Promise<void> {
    const identity = [address, crash.reason, crash.elfSha256, crash.registers['PC'] ?? crash.registers['MEPC']].join();
    const now = Date.now();
    for (const [told, atMs] of this.#told) if (now - atMs >= SAME_CRASH_MS) this.#told.delete(told);
    const isKnown = this.#told.has(identity);
    this.#told.set(identity, now);
    this.#log.warn(`${address}: crashed: ${crash.reason}`);
    if (isKnown) return;
    const place = await this.#place(crash).catch((error: unknown) => {
      this.#log.error(error instanceof Error ? error : String(error));
      return undefined;
    });
    const source = l10n.t('Go to Source');
    const monitor = l10n.t('Show Monitor');
    const text =
      place === undefined
        ? l10n.t('The board crashed: {0}.', crash.reason)
        : l10n.t(
            'The board crashed: {0} in {1} ({2}:{3}).',
            crash.reason,
            place.function,
            workspace.asRelativePath(place.file ?? ''),
            place.line ?? 0,
          );
    const answer = await window.showErrorMessage(text, ...(place === undefined ? [] : [source]), monitor);
    if (answer === monitor) show();
    if (answer === source && place?.file !== undefined) await openPlace(place.file, place.line ?? 1);
  }

  /** `path:line` below a backtrace can be clicked. */
  registerLinks(): Disposable {
    return window.registerTerminalLinkProvider({
      provideTerminalLinks: async ({ line, terminal }) => {
        if (!('pty' in terminal.creationOptions)) return [];
        const { placeIn } = await import('../../monitor/crash-lines.ts');
        const place = placeIn(line);
        if (place === undefined) return [];
        const path = await this.#whereIs(place.path);
        return path === undefined ? [] : [new PlaceLink(place, path)];
      },
      handleTerminalLink: (link: PlaceLink) => openPlace(link.path, link.line),
    });
  }

  async #place(crash: CrashReport): Promise<SourceFrame | undefined> {
    const { project } = this.#projects;
    const symbols = await this.#load(project);
    if (project === undefined || symbols === undefined) return undefined;
    const [{ firstOwnFrame }, { isSameElf }, decoded] = await Promise.all([
      import('../../monitor/decode-crash.ts'),
      import('../../monitor/elf/elf-sha256.ts'),
      this.#frames(crash, symbols),
    ]);
    // a place that is wrong is worse than none
    if (crash.elfSha256 !== undefined && !isSameElf(crash.elfSha256, symbols.sha256)) return undefined;
    const frame = firstOwnFrame(decoded, project.folder);
    // the build may be from another folder or computer, or the file gone since
    return frame?.file !== undefined && (await this.#files.stat(frame.file)) !== undefined ? frame : undefined;
  }

  async #frames(crash: CrashReport, { index }: Symbols): Promise<DecodedCrash> {
    const { decodeCrash } = await import('../../monitor/decode-crash.ts');
    return decodeCrash(crash, index, { isRiscV: index.elf.isRiscV });
  }

  /** Of the last build; read again when it has changed. */
  async #load(project: IdfProject | undefined): Promise<Symbols | undefined> {
    if (project?.buildFolder === undefined) return undefined;
    const path = join(project.buildFolder, project.description?.appElf ?? `${project.name}.elf`);
    const modifiedMs = (await this.#files.stat(path))?.modifiedMs;
    const key = `${path} ${modifiedMs ?? 0}`;
    if (this.#symbolsOf !== key) {
      this.#symbolsOf = key;
      this.#symbols = modifiedMs === undefined ? undefined : this.#read(path, modifiedMs);
    }
    return this.#symbols;
  }

  async #read(path: string, modifiedMs: number): Promise<Symbols | undefined> {
    try {
      const [bytes, { openElf }, { createAddressIndex }, { elfSha256 }] = await Promise.all([
        this.#files.read(path),
        import('../../monitor/elf/elf-file.ts'),
        import('../../monitor/elf/address-index.ts'),
        import('../../monitor/elf/elf-sha256.ts'),
      ]);
      if (bytes === undefined) return undefined;
      return { path, modifiedMs, sha256: elfSha256(bytes), index: createAddressIndex(openElf(bytes)) };
    } catch (error) {
      this.#log.warn(`${path}: ${String(error)}`);
      return undefined;
    }
  }

  async #whereIs(path: string): Promise<string | undefined> {
    const folder = this.#projects.project?.folder;
    const found = isAbsolute(path) ? path : folder === undefined ? undefined : join(folder, path);
    return found !== undefined && (await this.#files.stat(found)) !== undefined ? found : undefined;
  }
}

async function openPlace(path: string, line: number): Promise<void> {
  const start = new Position(Math.max(0, line - 1), 0);
  await window.showTextDocument(Uri.file(path), { selection: new Range(start, start) });
}
