import * as l10n from '@vscode/l10n';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

/** The serial ports of this computer. */
export const ports = defineCommand({
  name: 'ports',
  summary: () => l10n.t('the serial ports of this computer, and which look like a board’s'),
  operands: [],
  options: {},
  examples: [
    { line: 'ports', describe: () => l10n.t('likely boards first') },
    { line: 'ports --json', describe: () => l10n.t('for a program: media/schemas/ports.schema.json describes it') },
  ],
  exitCodes: [{ code: EXIT.unavailable, describe: () => l10n.t('the ports can’t be listed on this computer') }],
  output: 'document',
  run: async (context) => (await import('../board/list-ports.ts')).tellPorts(context),
});
