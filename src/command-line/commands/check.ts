import * as l10n from '@vscode/l10n';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { PROJECT_OPERAND } from '../open-project.ts';
import { flag } from '../option.ts';
import { SERVER_OPTIONS } from '../server-options.ts';

/** What stands in the way of an update over the air. */
export const check = defineCommand({
  name: 'check',
  summary: () => l10n.t('what stands in the way of an update over the air, with place, cause and fix'),
  describe: () =>
    l10n.t(
      'Looks at the project alone: configuration, partition table, version, certificate files, image. With --server it also looks at whether the firmware fits what “serve” would do on this computer: certificate, URL, port. Nothing of the project is changed, built or started.',
    ),
  operands: [PROJECT_OPERAND],
  options: {
    'warnings-as-errors': flag(() => l10n.t('exit with 1 on warnings too')),
    server: flag(() => l10n.t('also check against the server of this computer, as the options below would start it')),
    ...SERVER_OPTIONS,
  },
  needs: { protocol: 'server', port: 'server', bind: 'server', host: 'server', 'key-type': 'server' },
  examples: [
    { line: 'check', describe: () => l10n.t('the project in the current folder') },
    { line: 'check firmware --warnings-as-errors', describe: () => l10n.t('in continuous integration') },
    {
      line: 'check --server --host 192.168.1.20',
      describe: () => l10n.t('before boards on the desk are updated from here'),
    },
    { line: 'check --json', describe: () => l10n.t('for a program: media/schemas/check.schema.json describes it') },
  ],
  exitCodes: [
    { code: EXIT.ok, describe: () => l10n.t('nothing would make an update fail') },
    {
      code: EXIT.failed,
      describe: () => l10n.t('findings of severity error; with --warnings-as-errors also warnings'),
    },
    { code: EXIT.missing, describe: () => l10n.t('there is no ESP-IDF project') },
    { code: EXIT.unavailable, describe: () => l10n.t('a file could not be read') },
  ],
  output: 'document',
  run: async (context, options, operands) =>
    (await import('../check-project.ts')).checkProject(context, options, operands),
});
