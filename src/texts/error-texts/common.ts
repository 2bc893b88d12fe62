import * as l10n from '@vscode/l10n';
import { basename } from 'node:path';
import { says, type ErrorTexts } from './error-text.ts';
import { bytesText, durationText, hexText } from '../text.ts';

type Code =
  | 'bytes.truncated'
  | 'file.unreadable'
  | 'file.unwritable'
  | 'file.outside'
  | 'file.changed'
  | 'file.halfWritten'
  | 'file.notUtf8'
  | 'file.tooLarge'
  | 'cancelled'
  | 'timeout'
  | 'command.noProject'
  | 'command.noImage'
  | 'command.untrusted'
  | 'command.busy'
  | 'build.noEnvironment'
  | 'build.failed'
  | 'board.badSetup'
  | 'board.flashOutOfRange'
  | 'board.flashUnaligned'
  | 'board.powerCut'
  | 'board.notBuilt'
  | 'board.encrypted'
  | 'board.cannotListen'
  | 'board.lineBusy'
  | 'board.notPluggedIn';

/** What the system calls a failure, in words. */
function reasonText(reason: string): string {
  const reasons: Record<string, string> = {
    EACCES: l10n.t('permission denied'),
    EPERM: l10n.t('operation not permitted'),
    ENOENT: l10n.t('it does not exist'),
    EISDIR: l10n.t('it is a folder'),
    ENOSPC: l10n.t('the disk is full'),
    EROFS: l10n.t('the disk is read-only'),
    EBUSY: l10n.t('another program uses it'),
    EFBIG: l10n.t('it is too large'),
    ELOOP: l10n.t('it is a link to another file'),
    notAFile: l10n.t('it is a device or a pipe, not a file'),
  };
  return reasons[reason] ?? reason;
}

export const commonTexts: ErrorTexts<Code> = {
  'bytes.truncated': (it) =>
    says(
      l10n.t(
        'The data ends at {0}, {1} too early.',
        hexText(it.offsetBytes + it.availableBytes),
        bytesText(it.neededBytes - it.availableBytes),
      ),
    ),
  'file.unreadable': (it) => says(l10n.t('{0} could not be read: {1}.', it.path, reasonText(it.reason))),
  'file.unwritable': (it) =>
    says(l10n.t('{0} could not be written: {1}. Nothing was changed.', it.path, reasonText(it.reason))),
  'file.outside': (it) =>
    says(
      l10n.t('{0} lies outside of {1}, also where links lead, and is neither read nor written.', it.path, it.folder),
    ),
  'file.changed': (it) =>
    says(l10n.t('{0} was changed in the meantime. Nothing was written; try again.', basename(it.path)), {
      kind: 'file',
      path: it.path,
    }),
  'file.halfWritten': (it) =>
    says(
      l10n.t(
        '{0} could not be written: {1}. These files were changed before it and could not be put back: {2}.',
        it.path,
        reasonText(it.reason),
        it.changed,
      ),
    ),
  'file.notUtf8': (it) =>
    says(l10n.t('{0} is not UTF-8, so this text can’t be written into it.', basename(it.path)), {
      kind: 'file',
      path: it.path,
    }),
  'file.tooLarge': (it) =>
    says(
      l10n.t(
        '{0} is too large: {1}, where {2} is the maximum.',
        it.path,
        bytesText(it.sizeBytes),
        bytesText(it.maxBytes),
      ),
    ),
  cancelled: () => says(l10n.t('Cancelled.')),
  timeout: (it) => says(l10n.t('{0} did not end within {1}.', it.what, durationText(it.afterMs))),
  'command.noProject': () => says(l10n.t('There is no ESP-IDF project in this window. Open its folder first.')),
  'command.noImage': () =>
    says(l10n.t('The project has no application image yet: build it first.'), {
      kind: 'command',
      title: l10n.t('Build Firmware'),
      command: 'buildFirmware',
    }),
  'command.untrusted': () =>
    says(
      l10n.t(
        'This needs a trusted workspace, because it runs what the workspace says. Run “Manage Workspace Trust” to trust it.',
      ),
    ),
  'command.busy': () =>
    says(l10n.t('A board is being flashed already: wait for it, or cancel it.'), {
      kind: 'command',
      title: l10n.t('Cancel Flashing'),
      command: 'cancelFlash',
    }),
  'build.noEnvironment': () =>
    says(
      l10n.t(
        'No ESP-IDF was found. Set its folder or a build command, set IDF_PATH, or install the ESP-IDF extension.',
      ),
      { kind: 'setting', key: 'build.idfPath' },
    ),
  'build.failed': (it) =>
    it.exitCode < 0
      ? says(l10n.t('The build could not be started: its output says why.'), {
          kind: 'setting',
          key: 'build.command',
        })
      : says(l10n.t('The build failed with exit code {0}: its output says why.', it.exitCode)),
  'board.badSetup': (it) =>
    says(
      it.field === 'chip'
        ? l10n.t('The virtual board can’t simulate this project’s chip. Select another one with idf.py set-target.')
        : l10n.t('The virtual board can’t be set up like this: {0} ({1}).', it.field, it.reason),
    ),
  'board.flashOutOfRange': (it) =>
    says(
      l10n.t(
        '{0} at {1} do not fit into the flash of {2}. Set the flash size in menuconfig and build again.',
        bytesText(it.lengthBytes),
        hexText(it.offsetBytes),
        bytesText(it.sizeBytes),
      ),
    ),
  'board.flashUnaligned': (it) =>
    says(l10n.t('The erase at {0} does not begin at a 4 KB sector.', hexText(it.offsetBytes))),
  'board.powerCut': (it) => says(l10n.t('The power failed at {0}.', hexText(it.offsetBytes))),
  'board.notBuilt': (it) =>
    says(l10n.t('{0} is missing: a board needs everything that a build makes. Build the firmware.', it.path), {
      kind: 'command',
      title: l10n.t('Build Firmware'),
      command: 'buildFirmware',
    }),
  'board.encrypted': (it) =>
    says(
      l10n.t(
        '{0} is encrypted for one chip: the virtual board can’t run it. Build without flash encryption to rehearse.',
        it.file,
      ),
    ),
  'board.cannotListen': (it) => says(l10n.t('The virtual board can’t listen on port {0}: {1}.', it.port, it.reason)),
  'board.lineBusy': () => says(l10n.t('The virtual board’s serial line is already in use.')),
  'board.notPluggedIn': () => says(l10n.t('The virtual board’s cable is unplugged.')),
};
