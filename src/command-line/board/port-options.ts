import * as l10n from '@vscode/l10n';
import { choosePort } from '../../serial/choose-port.ts';
import { formatPortAddress, parsePortAddress } from '../../serial/port-address.ts';
import { listPorts } from '../../serial/ports.ts';
import type { ResetChoice } from '../../serial/reset.ts';
import type { CommandContext } from '../command.ts';
import { choice, text } from '../option.ts';

/** What every command that talks to a board has. */
export const PORT_OPTIONS = {
  port: text(
    () =>
      l10n.t(
        'port of the board: /dev/ttyUSB0, COM3, socket://host:port or rfc2217://host:port; by default ESPPORT, or the only one that looks like a board (“esp32-ota ports” lists them)',
      ),
    { placeholder: 'PORT', short: 'p' },
  ),
  'reset-by': choice(
    () => l10n.t('how the board is reset; auto goes by what the port is, none leaves it to its buttons'),
    ['auto', 'classic', 'usb-jtag', 'none'],
    { otherwise: 'auto' },
  ),
};

/** The port that was given, that of the environment as idf.py and esptool take it, or the only one that looks like a board.
 * @throws {OtaError} `serial.badAddress`, `serial.noBoard`, `serial.severalBoards`, `serial.unsupportedPlatform` */
export async function portOf({ env, log }: CommandContext, given: string | undefined): Promise<string> {
  const named = given ?? env['ESPPORT'] ?? '';
  if (named !== '') return formatPortAddress(parsePortAddress(named));
  const { address } = choosePort(await listPorts());
  log.info(`port ${address}`);
  return address;
}

/** The word of `--reset-by` as the rooms call it. */
export function resetOf(word: 'auto' | 'classic' | 'usb-jtag' | 'none'): ResetChoice {
  return word === 'usb-jtag' ? 'usbSerialJtag' : word;
}
