import * as l10n from '@vscode/l10n';
import { PORT_OPTIONS } from '../board/port-options.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flag, number, text } from '../option.ts';

/** What a board has in its slots, and which of them boots. */
export const slots = defineCommand({
  name: 'slots',
  summary: () => l10n.t('what a board has in its slots, which boots next and why; boot another, save and restore one'),
  describe: () =>
    l10n.t(
      'Without an action it lists the slots. “boot”, “previous” and “erase-otadata” change which one boots: what is written and what boots before and after is shown, and asked. Power may fail at any moment of it: the board boots the one or the other. “save” and “restore” move the application of a slot to a file and back.\nThe board is restarted at the end, also after Ctrl+C.',
    ),
  operands: [
    {
      usage: '[action]',
      describe: () => l10n.t('list, boot <slot>, previous, erase-otadata, save <slot> <file>, restore <slot> <file>'),
    },
    { usage: '[slot]', describe: () => l10n.t('label of a slot, such as ota_0 or factory') },
    { usage: '[file]', describe: () => l10n.t('file of “save” and “restore”') },
  ],
  options: {
    ...PORT_OPTIONS,
    project: text(
      () =>
        l10n.t(
          'folder of the project: its build is looked for in the slots, and it says where the partition table is and whether the bootloader rolls back; by default the current folder',
        ),
      { placeholder: 'DIR' },
    ),
    'table-offset': number(
      () => l10n.t('where the partition table is; by default as the project has it, else 0x8000'),
      {
        min: 0,
        max: 0xff_f000,
      },
    ),
    rollback: flag(() => l10n.t('the bootloader of the board rolls back (CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE)')),
    baud: number(() => l10n.t('the fastest rate to try'), { min: 9600, max: 4_000_000, otherwise: 921_600 }),
    full: flag(() => l10n.t('restore: write all of it, not only what has changed')),
    yes: flag(() => l10n.t('do not ask before something is changed'), { short: 'y' }),
  },
  examples: [
    { line: 'slots', describe: () => l10n.t('of the only board that is plugged in') },
    { line: 'slots boot ota_1 --port /dev/ttyUSB0', describe: () => l10n.t('boots another slot, after a question') },
    { line: 'slots previous --yes', describe: () => l10n.t('back to the version before, in a script') },
    { line: 'slots save ota_0 before.bin', describe: () => l10n.t('keeps the application that a board has') },
    { line: 'slots --json', describe: () => l10n.t('for a program: media/schemas/slots.schema.json describes it') },
  ],
  exitCodes: [
    {
      code: EXIT.missing,
      describe: () => l10n.t('the project or the file to restore is missing, or is not what is needed'),
    },
    {
      code: EXIT.unavailable,
      describe: () =>
        l10n.t('the port or the board did not do what was needed, or what was asked for is not possible on this board'),
    },
    {
      code: EXIT.notAgreed,
      describe: () => l10n.t('nothing was changed: the answer was no, or there is no terminal and no --yes'),
    },
  ],
  output: 'document',
  run: async (context, options, operands) => (await import('../board/slots.ts')).runSlots(context, options, operands),
});
