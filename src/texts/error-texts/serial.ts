import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { TERMINAL_WINDOW } from '../../serial/lock-folder.ts';
import { holderText } from '../holder-texts.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `serial.${string}`>;

/** Lets whoever sits at the computer open the device. @see udev(7), systemd-logind's `uaccess` tag */
function udevRule({ vendorId, productId }: { readonly vendorId: string; readonly productId: string }): string {
  return `SUBSYSTEM=="tty", ATTRS{idVendor}=="${vendorId}", ATTRS{idProduct}=="${productId}", TAG+="uaccess"`;
}

export const serialTexts: ErrorTexts<Code> = {
  'serial.badAddress': (it) =>
    says(l10n.t('“{0}” is not a port. Enter a device, socket://host:port or rfc2217://host:port.', it.address)),
  'serial.busy': (it) =>
    it.holder === ''
      ? says(l10n.t('{0} is used by another program: close it there.', it.address))
      : says(l10n.t('{0} is used by {1} (process {2}): close it there.', it.address, it.holder, it.holderPid)),
  'serial.inUse': (it) => says(l10n.t('{0} is already in use in this window: {1}.', it.address, holderText(it.holder))),
  'serial.otherWindow': (it) =>
    it.windowId.startsWith(TERMINAL_WINDOW)
      ? says(
          l10n.t(
            '{0} is in use by esp32-ota in a terminal (process {1}): {2}.',
            it.address,
            it.holderPid,
            holderText(it.holder),
          ),
        )
      : says(
          l10n.t(
            '{0} is in use in another window of the editor (process {1}): {2}.',
            it.address,
            it.holderPid,
            holderText(it.holder),
          ),
        ),
  'serial.noPermission': (it) =>
    it.isMember && !it.isActive
      ? says(l10n.t('You were added to the group {0}: log out and in again to use {1}.', it.group, it.address))
      : it.group === ''
        ? says(l10n.t('You have no permission to open {0}.', it.address))
        : says(
            [
              l10n.t(
                'You have no permission to open {0}. Run “sudo usermod -aG {1} $USER”, then log out and in again.',
                it.address,
                it.group,
              ),
              ...(it.vendorId === ''
                ? []
                : [
                    l10n.t(
                      'Or put this into /etc/udev/rules.d/60-esp32.rules and plug the board in again: {0}',
                      udevRule(it),
                    ),
                  ]),
            ].join(' '),
          ),
  'serial.gone': (it) => says(l10n.t('{0} is gone: check the cable.', it.address)),
  'serial.closed': (it) => says(l10n.t('{0} is closed.', it.address)),
  'serial.noSuchPort': (it) => says(l10n.t('There is no port {0}: check the cable and the name.', it.address)),
  'serial.noBoard': (it) =>
    it.count === 0
      ? says(l10n.t('There is no serial port: plug the board in, or name a port with --port.'))
      : says(l10n.t('No port looks like a board: plug it in, or name one with --port:\n{0}', it.ports)),
  'serial.severalBoards': (it) => says(l10n.t('Several ports look like a board: name one with --port:\n{0}', it.ports)),
  'serial.notASerialDevice': (it) => says(l10n.t('{0} is not a serial port.', it.address)),
  'serial.unsupportedPlatform': (it) =>
    says(
      l10n.t('Serial ports are not supported on {0}. Use rfc2217:// to a computer that has the cable.', it.platform),
    ),
  'serial.unsupportedBaud': (it) =>
    says(l10n.t('{0} does not support {1} baud. Choose another rate.', it.address, it.baud)),
  'serial.noModemLines': (it) => says(l10n.t('{0} has no DTR and RTS lines: reset the board by hand.', it.address)),
  'serial.unreachable': (it) => says(l10n.t('{0} can’t be reached: {1}.', it.address, it.reason)),
  'serial.notRfc2217': (it) => says(l10n.t('{0} does not speak RFC 2217. Use socket:// for raw TCP.', it.address)),
  'serial.failed': (it) => says(l10n.t('{0}: {1}', it.address, it.reason)),
  'serial.badResetSequence': (it) =>
    says(l10n.t('The reset sequence “{0}” is wrong at character {1}.', it.sequence, it.position + 1)),
};
