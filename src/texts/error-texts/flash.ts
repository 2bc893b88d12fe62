import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { checkName } from '../check-texts.ts';
import { bytesText, hexText } from '../text.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `flash.${string}`>;

/** `v3.1` */
function revision(value: number): string {
  return `v${Math.floor(value / 100)}.${value % 100}`;
}

export const flashTexts: ErrorTexts<Code> = {
  'flash.noAnswer': (it) => {
    if (it.isWaitingForDownload) {
      return says(
        l10n.t(
          'The chip at {0} waits for a download but does not hear us: check the TX wire to the board.',
          it.address,
        ),
      );
    }
    if (!it.canReset) {
      return says(
        l10n.t(
          'No loader answers at {0}, and this line can’t reset the board: hold BOOT, press EN, and try again.',
          it.address,
        ),
      );
    }
    return it.receivedBytes > 0
      ? says(
          l10n.t(
            'The board at {0} did not enter its loader: it goes on running. Hold BOOT while connecting, or set the kind of reset.',
            it.address,
          ),
          { kind: 'setting', key: 'serial.reset' },
        )
      : says(l10n.t('Nothing answers at {0}: check the cable, the power and the port.', it.address), {
          kind: 'command',
          title: l10n.t('Select Port…'),
          command: 'selectPort',
        });
  },
  'flash.commandTimeout': (it) =>
    says(l10n.t('The loader stopped answering ({0}). Check the cable, or try a lower baud rate.', it.command), {
      kind: 'setting',
      key: 'flash.baud',
    }),
  'flash.commandFailed': (it) =>
    says(l10n.t('The loader refused {0}: {1} ({2}).', it.command, it.meaning, hexText(it.code))),
  'flash.commandUnsupported': (it) => says(l10n.t('This chip’s loader does not know {0}.', it.command)),
  'flash.unknownChip': (it) => says(l10n.t('The chip is of a kind that is not known here ({0}).', hexText(it.id))),
  'flash.unsupportedChip': (it) => says(l10n.t('{0} can’t be flashed here.', it.chip)),
  'flash.identifyFailed': (it) => says(l10n.t('The chip could not be identified: {0}.', it.reason)),
  'flash.stubDidNotStart': (it) => says(l10n.t('The flasher stub did not start on the {0}: {1}.', it.chip, it.reason)),
  'flash.baudFailed': (it) =>
    says(l10n.t('Nothing gets through at {1} baud or below: check the cable to {0}.', it.address, it.baud)),
  'flash.noFlashChip': (it) => says(l10n.t('The flash chip does not answer (id {0}).', hexText(it.id))),
  'flash.needsStub': (it) => says(l10n.t('{0} needs the flasher stub, which does not run on this chip.', it.what)),
  'flash.nothingToFlash': () =>
    says(l10n.t('There is nothing to flash: build first.'), {
      kind: 'command',
      title: l10n.t('Build Firmware'),
      command: 'buildFirmware',
    }),
  'flash.emptyFile': (it) => says(l10n.t('{0} is empty.', it.name)),
  'flash.encryptedFile': (it) =>
    says(
      l10n.t('{0} is to be encrypted by the computer, which is not done here: use idf.py encrypted-flash.', it.name),
    ),
  'flash.encryptionEnabled': (it) =>
    says(
      l10n.t('Flash encryption is on in this chip: {0} would not boot as it is. Use idf.py encrypted-flash.', it.name),
    ),
  'flash.wrongChip': (it) =>
    says(
      it.name === ''
        ? l10n.t('The build is for {0}, the board has {1}. Nothing was written.', it.found, it.expected)
        : l10n.t('{0} is for {1}, the board has {2}. Nothing was written.', it.name, it.found, it.expected),
    ),
  'flash.wrongRevision': (it) =>
    says(
      it.revision < it.minimum
        ? l10n.t(
            '{0} needs chip revision {1} or newer, the board has {2}. Nothing was written.',
            it.name,
            revision(it.minimum),
            revision(it.revision),
          )
        : l10n.t(
            '{0} is for chips up to revision {1}, the board has {2}. Nothing was written.',
            it.name,
            revision(it.maximum),
            revision(it.revision),
          ),
    ),
  'flash.badImage': (it) =>
    says(l10n.t('{0} is damaged ({1}). Build again; nothing was written.', it.name, checkName(it.check))),
  'flash.badPartitionTable': (it) => says(l10n.t('{0} is not a valid partition table ({1}).', it.name, it.problem)),
  'flash.misaligned': (it) =>
    says(l10n.t('{0} can’t begin at {1}: flash is written in sectors of 4 KB.', it.name, hexText(it.offset))),
  'flash.outsideFlash': (it) =>
    says(
      l10n.t('{0} at {1} does not fit the flash of {2}.', it.name, hexText(it.offset), bytesText(it.flashSizeBytes)),
    ),
  'flash.flashTooSmall': (it) =>
    says(
      l10n.t(
        'The project is set to {0} of flash, the board has {1}: it would not boot. Set the flash size in menuconfig.',
        bytesText(it.settingBytes),
        bytesText(it.flashSizeBytes),
      ),
    ),
  'flash.overlap': (it) => says(l10n.t('{0} and {1} overlap at {2}.', it.name, it.other, hexText(it.offset))),
  'flash.tooBigForPartition': (it) =>
    says(
      l10n.t(
        '{0} has {1}, the partition {2} only {3}.',
        it.name,
        bytesText(it.lengthBytes),
        it.partition,
        bytesText(it.sizeBytes),
      ),
    ),
  'flash.bootloaderOffset': (it) =>
    says(
      l10n.t(
        '{0} is to be written at {1}, but this chip looks for its bootloader at {2}.',
        it.name,
        hexText(it.offset),
        hexText(it.expected),
      ),
    ),
  'flash.badSetting': (it) => says(l10n.t('{2} has no flash {0} “{1}”.', it.setting, it.value, it.chip)),
  'flash.noSuchPartition': (it) => says(l10n.t('There is no partition {0}.', it.partition)),
  'flash.notProgrammed': (it) =>
    says(
      l10n.t(
        'The flash does not take {0} at {1}: the chip is worn, locked or badly connected.',
        it.name,
        hexText(it.offset),
      ),
    ),
  'flash.verifyFailed': (it) =>
    says(
      it.offset < 0
        ? l10n.t('{0} is not in flash as it was sent. Flash it again.', it.name)
        : l10n.t('{0} is not in flash as it was sent: it differs at {1}. Flash it again.', it.name, hexText(it.offset)),
    ),
  'flash.lineTooNoisy': (it) =>
    says(l10n.t('Blocks arrive damaged again and again at {0} baud. Use a shorter cable or a lower rate.', it.baud), {
      kind: 'setting',
      key: 'flash.baud',
    }),
  'flash.readFailed': (it) =>
    says(
      l10n.t('What was read at {0} does not have the digest that the chip computed. Try again.', hexText(it.offset)),
    ),
};
