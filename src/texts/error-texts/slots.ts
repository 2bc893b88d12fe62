import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import type { SlotProblem } from '../../flash/slots.ts';
import { slotProblemText } from '../slot-texts.ts';
import { bytesText, hexText } from '../text.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `slots.${string}`>;

export const slotTexts: ErrorTexts<Code> = {
  'slots.noTable': (it) =>
    it.isErased
      ? says(l10n.t('The board has no partition table at {0}: the flash is erased there. Flash the project.', at(it)), {
          kind: 'command',
          title: l10n.t('Flash Project'),
          command: 'flashProject',
        })
      : says(
          l10n.t(
            'What the board has at {0} is no partition table: it has its table elsewhere (CONFIG_PARTITION_TABLE_OFFSET), or flash encryption is on.',
            at(it),
          ),
        ),
  'slots.encrypted': (it) =>
    says(l10n.t('Flash encryption is on in this {0}: its slots can’t be read or changed over the cable.', it.chip)),
  'slots.noOtadata': (it) =>
    it.sizeBytes === 0
      ? says(l10n.t('The board’s partition table has no otadata partition: it always boots the same slot.'))
      : says(l10n.t('The board’s otadata partition has {0} instead of 8 KB: nothing boots.', bytesText(it.sizeBytes))),
  'slots.notBootable': (it) =>
    says(l10n.t('Nothing can boot from {0}: {1}. Nothing was changed.', it.slot, problem(it.problem))),
  'slots.noImage': (it) =>
    says(l10n.t('{0} has no image to save: {1}.', it.slot, problem(it.problem)), {
      kind: 'command',
      // its bytes as they are
      title: l10n.t('Read Flash To File…'),
      command: 'readFlash',
    }),
  'slots.noPrevious': (it) =>
    says(l10n.t('There is no previous version to go back to: only {0} has one that may boot.', it.slot)),
  'slots.noSuchSlot': (it) => says(l10n.t('The board has no slot {0}.', it.slot)),
  'slots.noSpare': () =>
    says(l10n.t('The board has no second OTA slot. Choose a partition table with two OTA slots and flash by cable.')),
  'slots.changed': () =>
    says(l10n.t('The board has changed its otadata in the meantime. Nothing was written; try again.')),
  'slots.notOnBoard': (it) =>
    says(l10n.t('No slot of the board has the build of this project ({0}). Flash it first.', it.version), {
      kind: 'command',
      title: l10n.t('Flash Into Spare Slot'),
      command: 'flashIntoSpareSlot',
    }),
  'slots.onlyBootable': (it) =>
    says(l10n.t('Only {0} has something that boots: nothing would if the power failed while it is written.', it.slot)),
};

function at({ offset }: { readonly offset: number }): string {
  return hexText(offset);
}

function problem(id: string): string {
  return slotProblemText(id as SlotProblem);
}
