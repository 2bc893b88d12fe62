import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { version } from '../package.json';
import { systemClock } from './base/clock.ts';
import { diskFiles } from './base/files.ts';
import type { Logger } from './base/logger.ts';
import { COMMANDS } from './command-line/commands/commands.ts';
import type { Makers } from './command-line/command.ts';
import { dataFolder } from './command-line/data-folder.ts';
import { EXIT, type ExitCode } from './command-line/exit-codes.ts';
import { runCommandLine } from './command-line/run-command-line.ts';
import { userLanguage } from './command-line/user-language.ts';
import type { CertificateStore } from './server/certificate-store.ts';
import type { PortLeases } from './serial/port-lease.ts';
import { useLanguage } from './texts/language.ts';

const LONG_MS = 1 << 30;
/** Descriptors that were a terminal's when the process began. */
const TERMINALS = [0, 1, 2].filter((descriptor) => isatty(descriptor));

/** The composition root of the command line: as extension.ts is that of the editor. Heavy parts load when they are needed. */
async function main(): Promise<void> {
  const argv = process.argv.slice(2);
  const tag = userLanguage(argv, process.env);
  if (tag === 'zh-cn') {
    const { default: bundle } = await import('../l10n/bundle.l10n.zh-cn.json');
    useLanguage({ tag, bundle });
  } else {
    useLanguage({ tag });
  }
  // waiting, for a board that is away for one, is work too: the timers of the rooms do not keep the process alive
  setInterval(() => undefined, LONG_MS);
  const { signal, endCode, hangUp } = listenToSignals();
  const readerGone = outliveReaders(hangUp);
  const code = await runCommandLine({
    argv,
    env: process.env,
    cwd: process.cwd(),
    // reading begins with its first use
    get stdin() {
      return typed();
    },
    stdout: process.stdout,
    stderr: process.stderr,
    signal,
    endCode,
    readerGone,
    files: diskFiles,
    clock: systemClock,
    commands: COMMANDS,
    version,
    makers,
    errorTexts: async () => (await import('./texts/error-texts.ts')).textOfError,
  });
  // what was written to a pipe is on its way; whatever else still runs has nothing more to say
  await Promise.all([process.stdout, process.stderr].map(written));
  end(code);
}

function makers(folder: string | undefined, log: Logger): Makers {
  const directory = folder ?? dataFolder(process.env);
  let certificates: Promise<CertificateStore> | undefined;
  let leases: Promise<PortLeases> | undefined;
  return {
    dataFolder: directory,
    createVirtualDevice: async (plan) => new (await import('./virtual-board/wired-board.ts')).WiredBoard(plan),
    certificateStore: () =>
      (certificates ??= import('./server/certificate-store.ts').then(
        (room) => new room.CertificateStore(directory, diskFiles),
      )),
    portLeases: () => (leases ??= portLeases(folder === undefined ? undefined : join(folder, 'ports'), log)),
    imageCache: async () =>
      (await import('./flash/image-cache.ts')).directoryCache(join(directory, 'flashed'), diskFiles),
  };
}

/** Shares its locks with the windows of the editor, unless another folder was named. Where no lock can be written, as in a container without a home,
 * the system still keeps two programs off one device. */
async function portLeases(named: string | undefined, log: Logger): Promise<PortLeases> {
  const [room, { portLockFolder, TERMINAL_WINDOW }, { makeFolders }] = await Promise.all([
    import('./serial/port-lease.ts'),
    import('./serial/lock-folder.ts'),
    import('./base/make-folders.ts'),
  ]);
  const directory = named ?? portLockFolder();
  try {
    await makeFolders(directory, 0o700);
  } catch (error) {
    log.warn(`no port locks: ${String(error)}`);
    return new room.PortLeases({ logger: log });
  }
  return new room.PortLeases({ windows: { directory, windowId: `${TERMINAL_WINDOW}${process.pid}` }, logger: log });
}

/** Longer than anything that is released takes; a whole chip that is being erased is the longest. */
const MOST_ENDING_MS = 120_000;

/** The first signal asks everything to end in order, the second ends the process at once. A terminal that is closed sends SIGHUP more than
 * once, by the system and by its shell: that is one. */
function listenToSignals(): {
  readonly signal: AbortSignal;
  readonly endCode: () => ExitCode;
  /** As SIGHUP does, by whoever notices it before. */
  readonly hangUp: () => void;
} {
  const stop = new AbortController();
  let endCode: ExitCode = EXIT.cancelled;
  const codes = { SIGINT: EXIT.cancelled, SIGTERM: EXIT.terminated, SIGHUP: EXIT.hungUp } as const;
  const told = (code: ExitCode): void => {
    if (stop.signal.aborted) {
      if (code !== EXIT.hungUp) end(code);
      return;
    }
    endCode = code;
    stop.abort();
    // what does not come to an end, such as a disk that hangs, is not waited for
    setTimeout(() => end(code), MOST_ENDING_MS).unref();
  };
  for (const [name, code] of Object.entries(codes)) {
    process.on(name, () => {
      told(code);
    });
  }
  const hangUp = (): void => {
    told(EXIT.hungUp);
  };
  return { signal: stop.signal, endCode: () => endCode, hangUp };
}

/** `esp32-ota … | head`, or a terminal that was closed: what is written comes to nobody any more. Whatever is at work comes to its end all
 * the same, with a board that is restarted and ports that are free. Gives the signal that nobody reads stdout; a terminal that can't be written
 * to any more was closed, and SIGHUP is on its way. */
function outliveReaders(hangUp: () => void): AbortSignal {
  const gone = new AbortController();
  process.stdout.on('error', () => {
    if (process.stdout.isTTY) hangUp();
    else gone.abort();
  });
  process.stderr.on('error', () => undefined);
  return gone.signal;
}

let isStdinHeard = false;

/** What is typed. A terminal that was closed can't be read: SIGHUP says so. */
function typed(): NodeJS.ReadStream {
  if (!isStdinHeard) process.stdin.on('error', () => undefined);
  isStdinHeard = true;
  return process.stdin;
}

/** Ends the process. Node aborts when it can't put a terminal back as it was (`ResetStdio` in its node.cc): one that was closed meanwhile is
 * none any more, and is let go of before. */
function end(code: ExitCode): never {
  for (const descriptor of TERMINALS) if (!isatty(descriptor)) closeSync(descriptor);
  process.exit(code);
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => {
      resolve();
    });
  });
}

void main();
