import * as l10n from '@vscode/l10n';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { PROJECT_OPERAND } from '../open-project.ts';
import { choice, flag, number, text } from '../option.ts';
import { OWN_CERTIFICATE_OPTIONS } from '../own-certificate-options.ts';

/** A whole update on a virtual board. */
export const rehearse = defineCommand({
  name: 'rehearse',
  summary: () => l10n.t('a whole update on a virtual board, with the real image, certificate and server'),
  describe: () =>
    l10n.t(
      'Makes a virtual board as a flash by cable would leave it, running the project’s application under an older version, serves the build on this computer only, and follows the update from the first request to the confirmed boot.\nA project that is not built, or whose image does not trust the local authority, is built in a temporary copy with its certificate, when its build command is known (--build-command, or esp32Ota.build.command in .vscode/settings.json). Nothing of the project is changed.',
    ),
  operands: [PROJECT_OPERAND],
  options: {
    client: choice(() => l10n.t('what the firmware is taken for'), ['auto', 'simple', 'advanced', 'native'], {
      otherwise: 'auto',
    }),
    kbps: number(() => l10n.t('how many KB the board downloads a second; by default as many as it can'), {
      min: 0.1,
      max: 1_000_000,
      isFraction: true,
    }),
    'flash-size': text(() => l10n.t('flash of the board, such as 4MB; by default as configured'), {
      placeholder: 'SIZE',
    }),
    from: text(
      () => l10n.t('application image that the board runs before the update; by default the same one as 0.0.0'),
      {
        placeholder: 'FILE',
      },
    ),
    trouble: choice(
      () => l10n.t('how the board misbehaves'),
      ['none', 'crash', 'neverConfirm', 'failDiagnostics', 'dropWifi', 'powerCut'],
      { otherwise: 'none' },
    ),
    'as-configured': flag(() =>
      l10n.t(
        'let the board ask for the URL that is configured; by default it is told one on 127.0.0.1, on a free port',
      ),
    ),
    'build-command': text(() => l10n.t('builds the copy, run by the shell in its folder'), { placeholder: 'COMMAND' }),
    'key-type': choice(() => l10n.t('kind of the certificate’s key'), ['rsa', 'ec'], { otherwise: 'rsa' }),
    ...OWN_CERTIFICATE_OPTIONS,
    console: flag(() => l10n.t('show what the board prints')),
  },
  examples: [
    {
      line: 'rehearse examples/simple_ota',
      describe: () => l10n.t('the example of the repository; needs neither ESP-IDF nor a board'),
    },
    {
      line: 'rehearse --kbps 200 --client advanced',
      describe: () => l10n.t('as slowly as over Wi-Fi, as advanced_https_ota does it'),
    },
    { line: 'rehearse --trouble crash', describe: () => l10n.t('a new version that crashes: does the board go back?') },
    {
      line: 'rehearse --build-command "idf.py build" --json',
      describe: () => l10n.t('in continuous integration, with ESP-IDF’s environment set'),
    },
  ],
  exitCodes: [
    { code: EXIT.ok, describe: () => l10n.t('the new version runs; with rollback on, it has confirmed itself') },
    {
      code: EXIT.failed,
      describe: () => l10n.t('the update was refused, failed, was rolled back or did not come to an end'),
    },
    { code: EXIT.missing, describe: () => l10n.t('the project, its build or the trust in the certificate is missing') },
    { code: EXIT.unavailable, describe: () => l10n.t('the build failed, or a port or file could not be used') },
  ],
  output: 'document',
  run: async (context, options, operands) =>
    (await import('../rehearse-in-terminal.ts')).rehearseInTerminal(context, options, operands),
});
