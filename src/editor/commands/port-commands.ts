import { QuickPickItemKind, env, l10n, window } from 'vscode';
import { showInformationMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { isOtaError } from '../../base/ota-error.ts';
import { formatPortAddress, parsePortAddress } from '../../serial/port-address.ts';
import { errorLine } from '../../texts/error-texts.ts';
import { virtualAddress } from '../../ota/virtual-port.ts';
import { virtualName } from '../../texts/board-names.ts';
import type { WindowSession } from '../window-session.ts';
import { requireTrust, type Handler } from './run.ts';

/** The address of the row a command was called on. */
export function addressOfRow(row: unknown): string | undefined {
  if (typeof row !== 'object' || row === null || !('payload' in row)) return undefined;
  return typeof row.payload === 'string' ? row.payload : undefined;
}

/** Asks which port; undefined when the user leaves. */
export async function pickPort(session: WindowSession): Promise<string | undefined> {
  await session.ports.refresh();
  const { ports } = session;
  const item = (
    address: string,
    label: string,
    description: string,
  ): { label: string; description: string; address: string | undefined } => ({
    label,
    description: [description, address === ports.selected ? l10n.t('selected now') : ''].filter(Boolean).join(' · '),
    address,
  });
  const devices = ports.ports.filter((port) => port.kind === 'device');
  const remote = ports.ports.filter((port) => port.kind === 'remote');
  const separator = (label: string) => ({
    label,
    description: '',
    address: undefined,
    kind: QuickPickItemKind.Separator,
  });
  const add = { label: l10n.t('Add Remote Port…'), description: 'rfc2217://, socket://', address: undefined };
  const virtual = session.board.boards.map(({ number }) => {
    const address = virtualAddress(number);
    return item(address, virtualName(number), address);
  });
  const chosen = await window.showQuickPick(
    [
      ...devices.map((port) => item(port.address, port.name, [port.usbId, port.address].filter(Boolean).join(' · '))),
      ...virtual,
      ...(remote.length > 0 ? [separator(l10n.t('on other computers'))] : []),
      ...remote.map((port) => item(port.address, port.name, '')),
      separator(''),
      add,
    ],
    {
      title: l10n.t('Select the port that the board is on'),
      placeHolder:
        devices.length === 0
          ? l10n.t('No serial port was found on this computer.')
          : l10n.t('Likely boards come first.'),
    },
  );
  if (chosen === undefined) return undefined;
  return chosen.address ?? (await askAddress(session));
}

async function askAddress(session: WindowSession): Promise<string | undefined> {
  const typed = await window.showInputBox({
    title: l10n.t('Port on another computer'),
    prompt: l10n.t(
      'rfc2217://host:port where the cable’s computer runs esp_rfc2217_server or ser2net; socket://host:port for raw TCP',
    ),
    value: 'rfc2217://',
    valueSelection: [10, 10],
    validateInput: (text) => {
      try {
        const { kind } = parsePortAddress(text.trim());
        return kind === 'virtual' ? l10n.t('Attach the virtual board instead.') : undefined;
      } catch (error) {
        if (isOtaError(error)) return errorLine(error);
        throw error;
      }
    },
  });
  if (typed === undefined) return undefined;
  const address = formatPortAddress(parsePortAddress(typed.trim()));
  await session.ports.addRemote(address);
  return address;
}

/** The port to work with: that of the row, the selected one, or the one the user picks now. */
export async function portFor(session: WindowSession, row: unknown): Promise<string | undefined> {
  const named = addressOfRow(row) ?? (session.ports.selected === '' ? undefined : session.ports.selected);
  if (named !== undefined) return named;
  const picked = await pickPort(session);
  if (picked !== undefined) await session.ports.select(picked);
  return picked;
}

export const selectPort: Handler = async (session, row) => {
  requireTrust();
  const address = addressOfRow(row) ?? (await pickPort(session));
  if (address !== undefined) await session.ports.select(address);
};

export const addRemotePort: Handler = async (session) => {
  requireTrust();
  const address = await askAddress(session);
  if (address !== undefined && session.ports.selected === '') await session.ports.select(address);
};

export const removeRemotePort: Handler = async (session, row) => {
  const named = addressOfRow(row);
  const remote = session.ports.ports.filter((port) => port.kind === 'remote');
  const chosen =
    named ??
    (await window.showQuickPick(
      remote.map((port) => port.address),
      { title: l10n.t('Select the port to remove') },
    ));
  if (chosen !== undefined) await session.ports.removeRemote(chosen);
};

/** The virtual board’s port, for other programs of this computer and for trying the ways that remote boards are reached. */
export const openVirtualLine: Handler = async (session) => {
  const { board } = session.board;
  if (board === undefined) return;
  const chosen = await window.showQuickPick(
    [
      { label: 'RFC 2217', description: l10n.t('with baud rate, DTR and RTS'), kind: 'rfc2217' as const },
      { label: l10n.t('Raw TCP'), description: l10n.t('bytes only: no reset'), kind: 'socket' as const },
    ].map(({ kind, ...rest }) => ({ ...rest, scheme: kind })),
    { title: l10n.t('Select how the virtual board’s serial port is reached') },
  );
  if (chosen === undefined) return;
  const address = await board.listen(chosen.scheme);
  await session.ports.addRemote(address);
  session.log.info(`the virtual board's serial port is at ${address}`);
  const copy = l10n.t('Copy Address');
  const message = l10n.t('The virtual board’s serial port is at {0}.', address);
  onAnswer(showInformationMessage(message, copy), () => env.clipboard.writeText(address), session.log);
};
