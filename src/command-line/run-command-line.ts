import * as l10n from '@vscode/l10n';
import { resolve } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { FileStore } from '../base/files.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { isOtaError, type OtaError } from '../base/ota-error.ts';
import { forTerminal } from '../base/plain-text.ts';
import type { ErrorText } from '../texts/error-texts/error-text.ts';
import type { Command, CommandContext, Makers } from './command.ts';
import { checkNeeds } from './conflict.ts';
import { EXIT, exitCodeOf, type ExitCode } from './exit-codes.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import { commandHelp, generalHelp, PROGRAM } from './help.ts';
import { jsonOfError, jsonText, SCHEMA_VERSION } from './json-output.ts';
import { nearest } from './nearest.ts';
import { parseArguments, splitCommand } from './parse-arguments.ts';
import { createProgress, type Progress } from './progress.ts';
import type { InputStream, OutputStream } from './streams.ts';
import { labelled, styleOf } from './style.ts';
import { UsageError } from './usage-error.ts';
import type { Typed } from './ways-out.ts';

/** The world that a command line runs in. */
export interface World {
  /** Without the program and the script. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted by the first Ctrl+C, SIGTERM or a closed terminal. */
  readonly signal: AbortSignal;
  /** The exit code that goes with what aborted the signal. */
  readonly endCode: () => ExitCode;
  /** Aborted when nobody reads stdout any more: what goes on for long has nobody to go on for, all else comes to its end. */
  readonly readerGone: AbortSignal;
  readonly files: FileStore;
  readonly clock: Clock;
  readonly commands: readonly Command[];
  readonly version: string;
  /** @param dataFolder absolute, where the user has named one */
  readonly makers: (dataFolder: string | undefined, log: Logger) => Makers;
  /** Words of coded errors; loaded when there is one. */
  readonly errorTexts: () => Promise<(error: OtaError) => ErrorText>;
}

/** Runs what the user typed, to its end, and gives the exit code. Never rejects. The language is set before. */
export async function runCommandLine(world: World): Promise<ExitCode> {
  let running: Command | undefined;
  let typed: Typed | undefined;
  try {
    const { name, rest } = splitCommand(world.argv, GLOBAL_OPTIONS);
    if (name === undefined) return runWithoutCommand(world);
    running = world.commands.find((one) => one.name === name);
    if (running === undefined) throw unknownCommand(name, world.commands);
    return await runCommand(world, running, rest, (given) => (typed = given));
  } catch (error) {
    return await tellError(world, error, running, typed);
  }
}

async function runCommand(
  world: World,
  command: Command,
  argv: readonly string[],
  onTyped: (typed: Typed) => void,
): Promise<ExitCode> {
  const { stdout, stderr, env } = world;
  const given = parsed(argv, command);
  if (given.asked !== undefined) {
    stdout.write(given.asked === 'help' ? commandHelp(command, helpLayout(world)) : `${world.version}\n`);
    return EXIT.ok;
  }
  const { values, operands } = given;
  checkNeeds(command.needs ?? {}, given.given);
  const typed = typedAs(command, argv, values, operands);
  onTyped(typed);
  const accepted = command.operands.some((one) => one.usage.includes('…')) ? Infinity : command.operands.length;
  if (operands.length > accepted) {
    const operand = operands[accepted] ?? '';
    throw new UsageError(
      'usage.tooManyOperands',
      l10n.t('“{0}” is one argument too many for {1}.', operand, command.name),
      { operand },
    );
  }
  const { json: isJson, verbose, 'no-color': isColourOff, 'data-dir': folder } = values;
  const noteStyle = styleOf(stderr, env, isColourOff);
  let bar: Progress | undefined;
  const makeRoom = (): void => bar?.clear();
  const log = verbose ? streamLogger(stderr, makeRoom) : silentLogger;
  const context: CommandContext = {
    get stdin() {
      return world.stdin;
    },
    stdout,
    stderr,
    env,
    cwd: world.cwd,
    typed,
    given: given.given,
    signal: command.output === 'lines' ? AbortSignal.any([world.signal, world.readerGone]) : world.signal,
    files: world.files,
    clock: world.clock,
    log,
    isJson,
    style: styleOf(stdout, env, isColourOff),
    noteStyle,
    print: (line = '') => {
      if (isJson) return;
      makeRoom();
      // names and versions of boards and projects are in it
      stdout.write(`${forTerminal(line)}\n`);
    },
    note: (line) => {
      makeRoom();
      stderr.write(`${forTerminal(line)}\n`);
    },
    emit: (event) => {
      if (!isJson) return;
      makeRoom();
      stdout.write(`${jsonText({ schemaVersion: SCHEMA_VERSION, ...event })}\n`);
    },
    progress: (title) => (bar = createProgress(title, stderr, world.clock, noteStyle)),
    makers: world.makers(folder === undefined ? undefined : resolve(world.cwd, folder), log),
  };
  const result = await command.run(context, values, operands).finally(() => bar?.end());
  const exitCode = world.signal.aborted ? world.endCode() : result.exitCode;
  if (isJson) tellJson(stdout, command, { exitCode, ...result.data });
  return exitCode;
}

function typedAs(
  { name, operands: [first] }: Command,
  argv: readonly string[],
  values: Readonly<Record<string, unknown>>,
  operands: readonly string[],
): Typed {
  const text = (option: string): string | undefined => {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  };
  const isProject = first?.usage.startsWith('[project') === true && values['partition'] === undefined;
  const project = text('project') ?? (isProject ? operands[0] : undefined);
  return { command: name, argv, project, dataDir: text('data-dir'), keyType: text('key-type'), port: text('port') };
}

/** What was typed; where it asks for words alone, which: that counts whatever else is wrong.
 * @throws {UsageError} those of `parseArguments` */
function parsed(argv: readonly string[], command: Command) {
  const options = { ...command.options, ...GLOBAL_OPTIONS };
  try {
    const given = parseArguments(argv, options);
    const { help, version } = given.values;
    return { ...given, asked: help ? ('help' as const) : version ? ('version' as const) : undefined };
  } catch (error) {
    const asked = has(argv, '--help') || has(argv, '-h') ? 'help' : has(argv, '--version') ? 'version' : undefined;
    if (asked === undefined) throw error;
    return { asked } as const;
  }
}

/** The one document, or the last line. */
function tellJson(stdout: OutputStream, command: Command | undefined, data: Readonly<Record<string, unknown>>): void {
  const isLines = command?.output === 'lines';
  const head = {
    schemaVersion: SCHEMA_VERSION,
    ...(isLines ? { event: 'ended' } : {}),
    ...(command === undefined ? {} : { command: command.name }),
  };
  stdout.write(`${jsonText({ ...head, ...data }, isLines ? undefined : 2)}\n`);
}

async function tellError(
  world: World,
  error: unknown,
  command: Command | undefined,
  typed: Typed | undefined,
): Promise<ExitCode> {
  const { argv, stdout, stderr, env } = world;
  // Ctrl+C at a question is a key, and no signal
  const isCancelled = isOtaError(error, 'cancelled');
  // what fails because everything is being ended, is ended
  const exitCode = isOtaError(error) && world.signal.aborted ? world.endCode() : exitCodeOf(error);
  const textOf = isOtaError(error) ? await world.errorTexts() : noTexts;
  const told = jsonOfError(error, textOf, typed);
  if (has(argv, '--json')) {
    tellJson(stdout, command, { exitCode, error: told });
    return exitCode;
  }
  const style = styleOf(stderr, env, has(argv, '--no-color'));
  const message = forTerminal(told.message);
  stderr.write(isCancelled ? `${message}\n` : `${labelled(l10n.t('error:'), message, style.red)}\n`);
  for (const way of isCancelled ? [] : told.waysOut) stderr.write(`  → ${forTerminal(way.message)}\n`);
  if (error instanceof UsageError) {
    const help = command === undefined ? `${PROGRAM} --help` : `${PROGRAM} ${command.name} --help`;
    stderr.write(`${l10n.t('{0} says what there is.', help)}\n`);
  }
  if (exitCode === EXIT.internal && error instanceof Error)
    stderr.write(`${style.dim(forTerminal(error.stack ?? ''))}\n`);
  return exitCode;
}

function runWithoutCommand(world: World): ExitCode {
  const { argv, stdout, stderr, commands, version } = world;
  const { values } = parseArguments(argv, GLOBAL_OPTIONS);
  if (values.version) {
    stdout.write(`${version}\n`);
    return EXIT.ok;
  }
  const help = generalHelp(commands, helpLayout(world));
  if (values.help) {
    stdout.write(help);
    return EXIT.ok;
  }
  if (values.json) throw new UsageError('usage.noCommand', l10n.t('A command is needed.'));
  stderr.write(help);
  return EXIT.usage;
}

function helpLayout({ argv, stdout, env }: World): Parameters<typeof generalHelp>[1] {
  return { columns: stdout.columns ?? 80, style: styleOf(stdout, env, has(argv, '--no-color')) };
}

/** Whether a flag is among the options: behind `--` are none. */
function has(argv: readonly string[], name: string): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes(name);
}

function unknownCommand(name: string, commands: readonly Command[]): UsageError {
  const meant = nearest(
    name,
    commands.map((one) => one.name),
  );
  return new UsageError(
    'usage.unknownCommand',
    meant === undefined
      ? l10n.t('There is no command “{0}”.', name)
      : l10n.t('There is no command “{0}”. Did you mean {1}?', name, meant),
    { command: name, ...(meant === undefined ? {} : { nearest: meant }) },
  );
}

function noTexts(error: OtaError): ErrorText {
  return { message: error.message, waysOut: [] };
}

function streamLogger(stream: OutputStream, makeRoom: () => void): Logger {
  const at =
    (level: string) =>
    (message: string): void => {
      makeRoom();
      stream.write(`${level}: ${forTerminal(message)}\n`);
    };
  return { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
