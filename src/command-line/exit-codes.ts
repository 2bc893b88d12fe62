import * as l10n from '@vscode/l10n';
import { isOtaError, type OtaErrorCode } from '../base/ota-error.ts';
import { UsageError } from './usage-error.ts';

/** What the process says at its end, the same for every command. docs/command-line.md has this table; a test compares them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  missing: 3,
  unavailable: 4,
  notAgreed: 5,
  internal: 70,
  hungUp: 129,
  cancelled: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Codes that any command may end with. */
export const COMMON_EXIT_CODES: readonly ExitCode[] = [EXIT.ok, EXIT.usage, EXIT.internal, EXIT.cancelled];

/** What a code means, where a command does not say it more exactly. */
export function exitCodeText(code: ExitCode): string {
  switch (code) {
    case EXIT.ok:
      return l10n.t('done, nothing is wrong');
    case EXIT.failed:
      return l10n.t(
        'done, and the answer is no: findings of severity error, an update that failed, a board with a fault',
      );
    case EXIT.usage:
      return l10n.t('the command line is wrong: an unknown command or option, a value that is not allowed');
    case EXIT.missing:
      return l10n.t('the project, its build or a file is missing, or is not what is needed');
    case EXIT.unavailable:
      return l10n.t('a port, a board, the network or the disk did not do what was needed');
    case EXIT.notAgreed:
      return l10n.t(
        'nothing was done, because it was not agreed to: the answer was no, or there is no terminal and no --yes',
      );
    case EXIT.internal:
      return l10n.t('something unexpected went wrong in esp32-ota itself');
    case EXIT.hungUp:
      return l10n.t('ended because its terminal was closed (SIGHUP); everything was released');
    case EXIT.cancelled:
      return l10n.t('ended by Ctrl+C (SIGINT); everything was released');
    case EXIT.terminated:
      return l10n.t('ended by SIGTERM; everything was released');
  }
}

/** Errors about what was given; all others are about what it was to be done with. */
const MISSING: ReadonlySet<OtaErrorCode> = new Set<OtaErrorCode>([
  'command.noProject',
  'command.noImage',
  'manifest.notBuilt',
  'manifest.badImage',
  'board.notBuilt',
  'board.encrypted',
  'board.badSetup',
  'project.notIdf',
  'publish.notAnApp',
  'flash.nothingToFlash',
  'rehearse.untrusted',
]);

const ABOUT_CONTENT = /^(image|partitionTable|partitionCsv|otadata|elf|bytes)\./;

/** Values of options that a room below reads. */
const USAGE: ReadonlySet<OtaErrorCode> = new Set<OtaErrorCode>(['serial.badAddress', 'monitor.badFilter']);

/** How a command ends that threw this. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (!isOtaError(error)) return EXIT.internal;
  if (error.code === 'cancelled') return EXIT.cancelled;
  if (error.code === 'commandLine.notAgreed') return EXIT.notAgreed;
  if (USAGE.has(error.code)) return EXIT.usage;
  if (MISSING.has(error.code) || ABOUT_CONTENT.test(error.code)) return EXIT.missing;
  if (error.code === 'file.unreadable' && 'reason' in error.details && error.details.reason === 'ENOENT')
    return EXIT.missing;
  return EXIT.unavailable;
}
