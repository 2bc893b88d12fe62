import * as l10n from '@vscode/l10n';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { PROJECT_OPERAND } from '../open-project.ts';
import { flag, text } from '../option.ts';

/** The metadata of what is built. */
export const metadata = defineCommand({
  name: 'metadata',
  summary: () => l10n.t('write build/ota: the image under its version, and its metadata'),
  describe: () =>
    l10n.t(
      'All of it is read from the image that is built: version, chip, size, SHA-256, signature. media/manifest.schema.json describes the metadata.',
    ),
  operands: [PROJECT_OPERAND],
  options: {
    url: text(() => l10n.t('where the image will be: the server’s address, or the whole URL'), { placeholder: 'URL' }),
    notes: text(() => l10n.t('release notes, a file inside of the project'), {
      placeholder: 'FILE',
      otherwise: 'RELEASE_NOTES.md',
    }),
    print: flag(() => l10n.t('print the metadata and write nothing')),
  },
  examples: [
    { line: 'metadata', describe: () => l10n.t('after a build') },
    {
      line: 'metadata --url https://updates.example.com/app/1.2.0.bin',
      describe: () => l10n.t('for a server of your own'),
    },
    { line: 'metadata --print', describe: () => l10n.t('the metadata alone, as JSON') },
  ],
  exitCodes: [
    {
      code: EXIT.missing,
      describe: () => l10n.t('there is no project, it is not built, or what is built is no image'),
    },
    { code: EXIT.unavailable, describe: () => l10n.t('a file could not be read or written') },
  ],
  output: 'document',
  run: async (context, options, operands) =>
    (await import('../write-metadata.ts')).writeProjectMetadata(context, options, operands),
});
