import * as l10n from '@vscode/l10n';
import { portJson } from '../../json/port-json.ts';
import { listPorts } from '../../serial/ports.ts';
import { hex4 } from '../../serial/usb-identities.ts';
import type { CommandContext, CommandResult } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { table } from '../table.ts';

/** Runs `ports`. @throws {OtaError} `serial.unsupportedPlatform`, `serial.failed` */
export async function tellPorts(context: CommandContext): Promise<CommandResult> {
  const ports = await listPorts();
  const { print, style } = context;
  if (ports.length === 0) print(l10n.t('There is no serial port.'));
  const rows = ports.map(({ address, name, usb, isLikelyBoard }) => [
    isLikelyBoard ? style.bold(address) : address,
    name === address.replace(/^\/dev\//, '') ? '' : name,
    usb === undefined ? '' : `${hex4(usb.vendorId)}:${hex4(usb.productId)}`,
    isLikelyBoard ? style.green(l10n.t('board')) : '',
  ]);
  for (const line of table(rows)) print(line);
  return { exitCode: EXIT.ok, data: { ports: ports.map(portJson) } };
}
