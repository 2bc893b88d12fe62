import { Position, Range, TerminalLink, Uri, l10n, window, workspace, type LogOutputChannel } from 'vscode';
import { showErrorMessage } from '../messages.ts';
import { isAbsolute, join } from 'node:path';
import type { Disposable } from '../../base/disposable.ts';
import type { FileStore } from '../../base/files.ts';
import { appSymbols } from '../../idf/app-elf.ts';
import type { BoardView } from '../../monitor/board-view.ts';
import type { CrashDecoder, SymbolSource } from '../../monitor/crash-decoder.ts';
import type { CrashReport } from '../../monitor/crash-report.ts';
import type { LinkedPlace } from '../../monitor/crash-lines.ts';
import type { SourceFrame } from '../../monitor/elf/address-index.ts';
import type { ProjectSession } from './project-session.ts';

/** A board in a boot loop crashes the same way again and again; that is told once. */
const SAME_CRASH_MS = 60_000;

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
  #decoder: Promise<CrashDecoder> | undefined;

  constructor(projects: ProjectSession, files: FileStore, log: LogOutputChannel) {
    this.#projects = projects;
    this.#files = files;
    this.#log = log;
  }

  /** The lines to show below the last line of the crash so far; `file` asks only whether the ELF file is the one that runs. */
  async decode(crash: CrashReport, view: BoardView, what: 'frames' | 'file'): Promise<readonly string[]> {
    return (await this.#decode()).lines(this.#source, crash, view, what);
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
    const answer = await showErrorMessage(text, ...(place === undefined ? [] : [source]), monitor);
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

  /** Where it is still in the source. */
  async #place(crash: CrashReport): Promise<SourceFrame | undefined> {
    const frame = await (await this.#decode()).place(this.#source, crash);
    // the build may be from another folder or computer, or the file gone since
    return frame?.file !== undefined && (await this.#files.stat(frame.file)) !== undefined ? frame : undefined;
  }

  /** Of the last build. */
  get #source(): SymbolSource | undefined {
    return appSymbols(this.#projects.project);
  }

  #decode(): Promise<CrashDecoder> {
    this.#decoder ??= Promise.all([
      import('../../monitor/crash-decoder.ts'),
      import('../../texts/crash-words.ts'),
    ]).then(
      ([room, { crashWords }]) => new room.CrashDecoder({ files: this.#files, words: crashWords, logger: this.#log }),
    );
    return this.#decoder;
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
