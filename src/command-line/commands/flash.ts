import * as l10n from '@vscode/l10n';
import { PORT_OPTIONS } from '../board/port-options.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { PROJECT_OPERAND } from '../open-project.ts';
import { flag, number, text } from '../option.ts';

/** A build onto a board by cable. */
export const flash = defineCommand({
  name: 'flash',
  summary: () =>
    l10n.t('a build onto a board by cable, only what has changed, each file proved by the chip’s own digest'),
  describe: () =>
    l10n.t(
      'Writes what the build of a project lists: bootloader, partition table, otadata and application; or the parts that the options name. The chip computes the MD5 digest of its flash after each file. Only blocks that differ are sent, unless --full is given.\nCtrl+C ends it between two blocks, restarts the board and says what is in flash then. With --spare-slot the board boots what it booted before until all of it is written and proved.',
    ),
  operands: [PROJECT_OPERAND],
  otherUsages: ['--partition LABEL <file>'],
  options: {
    ...PORT_OPTIONS,
    app: flag(() => l10n.t('the application only; says so when another slot boots')),
    'spare-slot': flag(() =>
      l10n.t('the application into the slot that does not boot, and then have it booted, as an update does'),
    ),
    partition: text(
      () => l10n.t('one partition of the project’s table: its label; the file to write is the argument then'),
      {
        placeholder: 'LABEL',
      },
    ),
    project: text(() => l10n.t('folder of the project, where --partition takes the argument'), { placeholder: 'DIR' }),
    erase: flag(() => l10n.t('erase the whole flash first, settings and calibration with it; asks')),
    full: flag(() => l10n.t('write all of it, not only what has changed')),
    baud: number(() => l10n.t('the fastest rate to try; by default ESPBAUD, or 921600'), { min: 9600, max: 4_000_000 }),
    'no-restart': flag(() => l10n.t('leave the board in its loader when all went well')),
    yes: flag(() => l10n.t('do not ask before the flash is erased'), { short: 'y' }),
  },
  examples: [
    {
      line: 'flash',
      describe: () => l10n.t('the project in the current folder, onto the only board that is plugged in'),
    },
    { line: 'flash firmware --app --port COM3', describe: () => l10n.t('the application only') },
    {
      line: 'flash --partition storage build/storage.bin',
      describe: () => l10n.t('a file into one partition of the project’s table'),
    },
    {
      line: 'flash --port "rfc2217://192.168.1.9:4000?ign_set_control"',
      describe: () => l10n.t('a board on another computer, where esp_rfc2217_server runs'),
    },
    { line: 'flash --json', describe: () => l10n.t('for a program: media/schemas/flash.schema.json describes it') },
  ],
  exitCodes: [
    { code: EXIT.ok, describe: () => l10n.t('all of it is in flash, as far as the chip could be asked') },
    { code: EXIT.missing, describe: () => l10n.t('there is no project, it is not built, or the file is missing') },
    {
      code: EXIT.unavailable,
      describe: () => l10n.t('the port or the board did not do what was needed, or the build is for another chip'),
    },
    {
      code: EXIT.notAgreed,
      describe: () => l10n.t('nothing was changed: the answer to --erase was no, or there is no terminal and no --yes'),
    },
  ],
  output: 'document',
  run: async (context, options, operands) => (await import('../board/flash.ts')).runFlash(context, options, operands),
});
