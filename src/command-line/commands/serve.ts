import * as l10n from '@vscode/l10n';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flag, number, text } from '../option.ts';
import { OWN_CERTIFICATE_OPTIONS } from '../own-certificate-options.ts';
import { SERVER_OPTIONS } from '../server-options.ts';

/** The firmware server, until Ctrl+C. */
export const serve = defineCommand({
  name: 'serve',
  summary: () => l10n.t('serve the build over HTTPS or HTTP, and every new one, until Ctrl+C'),
  describe: () =>
    l10n.t(
      'The server shows a certificate by your local authority, which firmware embeds once: --install-certificate puts it into the project. Authority and key are kept in a folder of your own, outside of every project (--data-dir). Give that of the VS Code extension there to share its authority.',
    ),
  operands: [
    {
      usage: '[project | file.bin…]',
      describe: () =>
        l10n.t(
          'folder of an ESP-IDF project, and application images to serve beside it; by default the current folder',
        ),
    },
  ],
  options: {
    ...SERVER_OPTIONS,
    ...OWN_CERTIFICATE_OPTIONS,
    'install-certificate': flag(() =>
      l10n.t('put the authority’s certificate into the project; what stood there is kept'),
    ),
    'allow-public': flag(() => l10n.t('answer public addresses too; by default only those of local networks')),
    fault: text(
      () => l10n.t('serve with a fault, such as cutBody or flippedByte:percent=30; docs/faults.md lists them'),
      {
        placeholder: 'FAULT',
      },
    ),
    'fault-requests': number(() => l10n.t('how often the fault happens; by default always'), {
      min: 1,
      max: 1_000_000,
    }),
    notes: text(() => l10n.t('release notes, a file inside of the project'), {
      placeholder: 'FILE',
      otherwise: 'RELEASE_NOTES.md',
    }),
    keep: number(() => l10n.t('how many releases of one name stay available'), { min: 1, max: 100, otherwise: 4 }),
  },
  needs: { 'fault-requests': 'fault' },
  examples: [
    { line: 'serve', describe: () => l10n.t('the project in the current folder, again whenever it is built') },
    { line: 'serve --install-certificate', describe: () => l10n.t('once, before the firmware is built') },
    { line: 'serve build/app.bin other.bin --protocol http', describe: () => l10n.t('images, over plain HTTP') },
    {
      line: 'serve --fault cutBody:percent=30 --fault-requests 1',
      describe: () => l10n.t('the next download breaks off'),
    },
  ],
  exitCodes: [
    { code: EXIT.missing, describe: () => l10n.t('there is no project, or a file is no application image') },
    { code: EXIT.unavailable, describe: () => l10n.t('the port is taken, or the certificate can not be used') },
  ],
  output: 'lines',
  run: async (context, options, operands) =>
    (await import('../serve-until-ended.ts')).serveUntilEnded(context, options, operands),
});
