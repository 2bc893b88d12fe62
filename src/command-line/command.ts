import type { Clock } from '../base/clock.ts';
import type { FileStore } from '../base/files.ts';
import type { Logger } from '../base/logger.ts';
import type { ImageCache } from '../flash/image-cache.ts';
import type { CreateVirtualDevice } from '../ota/virtual-device.ts';
import type { PortLeases } from '../serial/port-lease.ts';
import type { CertificateStore } from '../server/certificate-store.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Options, Values } from './option.ts';
import type { Progress } from './progress.ts';
import type { InputStream, OutputStream } from './streams.ts';
import type { Typed } from './ways-out.ts';
import type { Style } from './style.ts';

/** What the rooms need that only the composition root can make. Each is made when it is asked for. */
export interface Makers {
  /** The command line's own folder, of this user and outside of every project: authority, certificates, port locks. */
  readonly dataFolder: string;
  readonly createVirtualDevice: CreateVirtualDevice;
  certificateStore(): Promise<CertificateStore>;
  /** Keeps two windows or commands off one port. */
  portLeases(): Promise<PortLeases>;
  imageCache(): Promise<ImageCache>;
}

/** An event of a command that goes on for long, as a line of JSON. Plain values only. */
export interface OutputEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** All that a command knows of the world. */
export interface CommandContext {
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly typed: Typed;
  /** Names of the options that were typed: what would be left out is refused, and what is so by default is not. */
  readonly given: ReadonlySet<string>;
  /** Absolute. Paths that the user gives are relative to it. */
  readonly cwd: string;
  /** Aborted by the first Ctrl+C, SIGTERM or a closed terminal: end in order, release everything, return. */
  readonly signal: AbortSignal;
  readonly files: FileStore;
  readonly clock: Clock;
  /** To stderr with `--verbose`, else nowhere. */
  readonly log: Logger;
  /** `--json`: nothing but JSON goes to stdout. */
  readonly isJson: boolean;
  /** Of what is printed. */
  readonly style: Style;
  /** Of what is noted. */
  readonly noteStyle: Style;
  /** A line for people, on stdout. Nothing under `--json`. */
  readonly print: (line?: string) => void;
  /** A line for people, on stderr, also under `--json`. */
  readonly note: (line: string) => void;
  /** A line of JSON, under `--json`. For commands whose output is `lines`. */
  readonly emit: (event: OutputEvent) => void;
  /** A bar on stderr: one line that is redrawn in a terminal, a few plain lines elsewhere. It makes room for what is
   * printed or noted meanwhile, and is ended with the command. */
  readonly progress: (title: string) => Progress;
  readonly makers: Makers;
}

/** How a command ended. */
export interface CommandResult {
  readonly exitCode: ExitCode;
  /** What `--json` prints: the fields of the one document, or of the last line. Language-free but for fields called `message`. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Example {
  /** Without the program's name. */
  readonly line: string;
  readonly describe: () => string;
}

/** An operand, in the order given. */
export interface Operand {
  /** As in the usage, such as `[project]` or `<file>`; ends in `…` when there may be several. */
  readonly usage: string;
  readonly describe: () => string;
}

/** One command: its face, which is small and always there, and `run`, which loads what it works with. */
export interface Command {
  readonly name: string;
  readonly summary: () => string;
  /** More than the summary, for its own help. */
  readonly describe?: () => string;
  readonly operands: readonly Operand[];
  /** Other ways to write it, as the usage shows them, behind the options. */
  readonly otherUsages?: readonly string[];
  readonly options: Options;
  /** Options that only count with another one, by their names: without it they are refused. */
  readonly needs?: Readonly<Partial<Record<string, string>>>;
  readonly examples: readonly Example[];
  /** What it may end with besides 0, 2, 70 and 130, and what that means here. */
  readonly exitCodes: readonly { readonly code: ExitCode; readonly describe: () => string }[];
  /** What `--json` prints: one document, or a line of JSON for each event and for the end. */
  readonly output: 'document' | 'lines';
  /** @throws {OtaError} {UsageError} */
  readonly run: (
    context: CommandContext,
    options: Readonly<Record<string, unknown>>,
    operands: readonly string[],
  ) => Promise<CommandResult>;
}

/** Makes a command whose `run` knows the types of its options. */
export function defineCommand<const Given extends Options>(
  command: Omit<Command, 'options' | 'needs' | 'run'> & {
    readonly options: Given;
    readonly needs?: Readonly<Partial<Record<keyof Given & string, keyof Given & string>>>;
    readonly run: (
      context: CommandContext,
      options: Values<Given>,
      operands: readonly string[],
    ) => Promise<CommandResult>;
  },
): Command {
  const { run, ...face } = command;
  return {
    ...face,
    // the parser has made the values by the very same options
    run: (context, options, operands) => run(context, options as Values<Given>, operands),
  };
}
