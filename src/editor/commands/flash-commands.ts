import { Uri, l10n, window } from 'vscode';
import { showInformationMessage, showWarningMessage } from '../messages.ts';
import { basename, dirname, join } from 'node:path';
import { OtaError } from '../../base/ota-error.ts';
import type { FlashOutcome } from '../../flash/flash-board.ts';
import type { FlashRequest } from '../../flash/flash-plan.ts';
import type { Partition } from '../../image/partition-table.ts';
import { flashBehaviour, flashRequest, isMadeWithoutCompiler, type FlashBehaviour } from '../../ota/flash-project.ts';
import { notRestartedText, stateText } from '../../texts/flash-texts.ts';
import { reportError } from '../report-error.ts';
import { virtualWithin } from '../../texts/board-names.ts';
import { bytesText, durationText, hexText } from '../../texts/text.ts';
import type { WindowSession } from '../window-session.ts';
import { portFor } from './port-commands.ts';
import { requireProject, requireTrust, type Handler } from './run.ts';
import { watchSlots } from './slot-watch.ts';

/** How a port is called in titles and messages. */
export function nameOf(session: WindowSession, address: string): string {
  return virtualWithin(address) ?? session.ports.ports.find((port) => port.address === address)?.name ?? address;
}

/** Where the bytes went: how many had to be written, and how many were there. */
function savingText(outcome: FlashOutcome): string {
  const total = outcome.files.reduce((sum, file) => sum + file.lengthBytes, 0);
  const written = outcome.files.reduce((sum, file) => sum + file.writtenBytes, 0);
  if (written === 0) return l10n.t('everything was there already');
  return written < total ? l10n.t('{0} of {1} had changed', bytesText(written), bytesText(total)) : bytesText(total);
}

/** Tells how flashing ended, and in every case what is in flash now. */
function tellOutcome(session: WindowSession, address: string, outcome: FlashOutcome): void {
  session.log.info(`${address}: ${outcome.end}, ${JSON.stringify(outcome.state)}, ${JSON.stringify(outcome.files)}`);
  const board = outcome.isRestarted ? '' : ` ${notRestartedText()}`;
  switch (outcome.end) {
    case 'done': {
      const took = durationText(outcome.durationMs);
      const isSeen = outcome.state.kind === 'verified';
      const message = isSeen
        ? l10n.t('Flashed {0} and read back: {1}, {2}.', nameOf(session, address), savingText(outcome), took)
        : l10n.t('Flashed {0}, but not read back: {1}, {2}.', nameOf(session, address), savingText(outcome), took);
      void showInformationMessage(`${message}${board}`);
      return;
    }
    case 'cancelled':
      void showWarningMessage(`${l10n.t('Flashing was cancelled.')} ${stateText(outcome.state)}${board}`);
      return;
    case 'failed':
      if (outcome.error !== undefined) reportError(outcome.error, session.log, stateText(outcome.state) + board);
  }
}

/** The image of the example is one to rehearse with: a board on a cable would not start with it. */
async function isWanted(session: WindowSession, address: string): Promise<boolean> {
  const { project } = session.projects;
  const isOnCable = session.ports.ports.some((port) => port.address === address && port.kind === 'device');
  if (!isOnCable || project === undefined || !(await isMadeWithoutCompiler(project, session.files))) return true;
  const anyway = l10n.t('Flash Anyway');
  const answer = await showWarningMessage(
    l10n.t('This image was made without a compiler. A real board does not start with it.'),
    {
      modal: true,
      detail: l10n.t(
        'The example’s build command makes images to rehearse with. To build for a board, install ESP-IDF and remove the setting esp32Ota.build.command.',
      ),
    },
    anyway,
  );
  return answer === anyway;
}

async function flash(
  session: WindowSession,
  row: unknown,
  makeRequest: () => Promise<FlashRequest>,
  {
    isOfBuild = false,
    ...options
  }: Partial<FlashBehaviour> & { readonly isFastReflash?: boolean; readonly isOfBuild?: boolean } = {},
): Promise<void> {
  requireTrust();
  const request = await makeRequest();
  const address = await portFor(session, row);
  if (address === undefined || (isOfBuild && !(await isWanted(session, address)))) return;
  const title = l10n.t('Flashing {0}', nameOf(session, address));
  const watch = watchSlots(session, address, nameOf(session, address), request);
  const outcome = await session.flash.flash(address, title, request, { ...options, ...watch.options });
  tellOutcome(session, address, outcome);
  if (outcome.end === 'done') watch.tell();
}

export const flashProject: Handler = async (session, row) => {
  const project = requireProject(session);
  await flash(session, row, () => flashRequest(project, 'everything', session.files), {
    ...flashBehaviour(project),
    isOfBuild: true,
  });
};

export const flashProjectFully: Handler = async (session, row) => {
  const project = requireProject(session);
  await flash(session, row, () => flashRequest(project, 'everything', session.files), {
    ...flashBehaviour(project),
    isFastReflash: false,
    isOfBuild: true,
  });
};

export const flashApp: Handler = async (session, row) => {
  const project = requireProject(session);
  await flash(session, row, () => flashRequest(project, 'app', session.files), {
    ...flashBehaviour(project),
    isOfBuild: true,
  });
};

/** A partition of the project's table, picked by the user. */
async function pickPartition(session: WindowSession, title: string): Promise<Partition | undefined> {
  const { partitions } = requireProject(session).partitionTable;
  const items = partitions.map((partition) => ({
    label: partition.label,
    description: `${hexText(partition.offset)} · ${bytesText(partition.size)}`,
    partition,
  }));
  return (await window.showQuickPick(items, { title, matchOnDescription: true }))?.partition;
}

export const flashImageToPartition: Handler = async (session, row) => {
  requireTrust();
  const project = requireProject(session);
  const partition = await pickPartition(session, l10n.t('Select the partition to write'));
  if (partition === undefined) return;
  const [file] =
    (await window.showOpenDialog({
      title: l10n.t('Select the file for {0}', partition.label),
      openLabel: l10n.t('Flash'),
      filters: { [l10n.t('Firmware')]: ['bin'], [l10n.t('All files')]: ['*'] },
      defaultUri: Uri.file(project.buildFolder ?? project.folder),
    })) ?? [];
  if (file === undefined) return;
  await flash(session, row, async () => {
    const bytes = await session.files.read(file.fsPath);
    if (bytes === undefined) throw new OtaError('file.unreadable', { path: file.fsPath, reason: 'ENOENT' });
    const { requestForPartition } = await import('../../flash/flash-plan.ts');
    return requestForPartition(partition.label, bytes, project.partitionTable.partitions);
  });
};

interface Region {
  readonly name: string;
  readonly offset: number;
  readonly lengthBytes: number;
}

/** Typed as `0x9000 0x6000`: offset and length. */
async function askRegion(): Promise<Region | undefined> {
  const typed = await window.showInputBox({
    title: l10n.t('Region of flash'),
    prompt: l10n.t('Offset and length, such as 0x9000 0x6000; both multiples of 0x1000'),
    validateInput: (text) =>
      parseRegion(text) === undefined
        ? l10n.t('Write two numbers: offset and length, both multiples of 0x1000.')
        : undefined,
  });
  return typed === undefined ? undefined : parseRegion(typed);
}

function parseRegion(text: string): Region | undefined {
  const match = /^\s*(0x[\da-f]+|\d+)[\s,]+(0x[\da-f]+|\d+)\s*$/i.exec(text);
  const [offset, lengthBytes] = [Number(match?.[1]), Number(match?.[2])];
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(lengthBytes) || lengthBytes <= 0) return undefined;
  if (offset % 0x1000 !== 0 || lengthBytes % 0x1000 !== 0) return undefined;
  return { name: hexText(offset), offset, lengthBytes };
}

async function pickRegion(session: WindowSession, title: string): Promise<Region | 'whole' | undefined> {
  const partitions = session.projects.project?.partitionTable.partitions ?? [];
  const whole = { label: l10n.t('Whole flash'), description: '', region: 'whole' as const };
  const typed = { label: l10n.t('A region…'), description: l10n.t('offset and length'), region: undefined };
  const chosen = await window.showQuickPick(
    [
      ...partitions.map((one) => ({
        label: one.label,
        description: `${hexText(one.offset)} · ${bytesText(one.size)}`,
        region: { name: one.label, offset: one.offset, lengthBytes: one.size },
      })),
      whole,
      typed,
    ],
    { title },
  );
  if (chosen === undefined) return undefined;
  return chosen.region ?? (await askRegion());
}

export const eraseFlash: Handler = async (session, row) => {
  requireTrust();
  const address = await portFor(session, row);
  if (address === undefined) return;
  const region = await pickRegion(session, l10n.t('Select what to erase'));
  if (region === undefined) return;
  const what = region === 'whole' ? l10n.t('the whole flash') : `${region.name} (${bytesText(region.lengthBytes)})`;
  const erase = l10n.t('Erase');
  const answer = await showWarningMessage(
    l10n.t('Erase {0} of {1}?', what, nameOf(session, address)),
    { modal: true, detail: l10n.t('What is there is lost. Use “Read Flash To File…” first to keep it.') },
    erase,
  );
  if (answer !== erase) return;
  const { eraseFlashRegion, eraseWholeFlash } = await import('../../flash/erase-flash.ts');
  session.flash.announceWrite(address);
  await session.flash.withChip(address, l10n.t('Erasing {0}', what), async (chip, signal, onProgress) => {
    if (region === 'whole') await eraseWholeFlash(chip, { onProgress }, signal);
    else await eraseFlashRegion(chip, region.offset, region.lengthBytes, { onProgress }, signal);
  });
  void showInformationMessage(l10n.t('Erased {0} of {1}.', what, nameOf(session, address)));
};

export const readFlash: Handler = async (session, row) => {
  requireTrust();
  const address = await portFor(session, row);
  if (address === undefined) return;
  const region = await pickRegion(session, l10n.t('Select what to read'));
  if (region === undefined) return;
  const name = region === 'whole' ? 'flash' : region.name;
  const folder = session.projects.project?.folder;
  const target = await window.showSaveDialog({
    title: l10n.t('Save as'),
    filters: { [l10n.t('Firmware')]: ['bin'] },
    ...(folder === undefined ? {} : { defaultUri: Uri.file(join(folder, `${name}.bin`)) }),
  });
  if (target === undefined) return;
  const { readFlash: read } = await import('../../flash/read-flash.ts');
  const title = l10n.t('Reading {0}', region === 'whole' ? l10n.t('the whole flash') : region.name);
  const bytes = await session.flash.withChip(address, title, async (chip, signal, onProgress) => {
    const size = chip.facts.flashSizeBytes;
    if (region === 'whole' && size === undefined)
      throw new OtaError('flash.noFlashChip', { id: chip.facts.flashId ?? 0 });
    const [offset, lengthBytes] = region === 'whole' ? [0, size ?? 0] : [region.offset, region.lengthBytes];
    return read(chip, offset, lengthBytes, { onProgress }, signal);
  });
  await session.files.writeAtomic(target.fsPath, bytes);
  const where = `${basename(dirname(target.fsPath))}/${basename(target.fsPath)}`;
  void showInformationMessage(l10n.t('Read {0} into {1}.', bytesText(bytes.length), where));
};

export const chipInformation: Handler = async (session, row) => {
  requireTrust();
  const address = await portFor(session, row);
  if (address === undefined) return;
  const title = l10n.t('Asking the chip at {0}', nameOf(session, address));
  const facts = await session.flash.withChip(address, title, (chip) => Promise.resolve(chip.facts));
  const line = (name: string, value: string | undefined): string => `${name.padEnd(20)}${value ?? '–'}`;
  const security = facts.security;
  const text = [
    line(l10n.t('Port'), address),
    line(l10n.t('Chip'), facts.description ?? facts.name),
    line(l10n.t('Features'), facts.features?.join(', ')),
    line(l10n.t('Crystal'), facts.crystalMhz === undefined ? undefined : `${facts.crystalMhz} MHz`),
    line('MAC', facts.mac),
    line(l10n.t('Flash'), facts.flashSizeBytes === undefined ? undefined : bytesText(facts.flashSizeBytes)),
    line(l10n.t('Flash id'), facts.flashId === undefined ? undefined : hexText(facts.flashId)),
    line(l10n.t('Baud rate'), facts.baud === 0 ? undefined : String(facts.baud)),
    line(
      l10n.t('Secure boot'),
      security === undefined ? undefined : security.isSecureBoot ? l10n.t('on') : l10n.t('off'),
    ),
    '',
  ].join('\n');
  await session.showText('chip.txt', text);
};

export const resetBoard: Handler = async (session, row) => {
  requireTrust();
  const address = await portFor(session, row);
  if (address === undefined) return;
  const monitor = session.monitors.sessionOf(address);
  if (monitor?.state === 'open') {
    // so that nothing of the boot is missed
    await monitor.reset();
    void window.setStatusBarMessage(l10n.t('{0} was reset', nameOf(session, address)), 5000);
    return;
  }
  const title = l10n.t('Resetting {0}', nameOf(session, address));
  await session.flash.withTransport(address, title, async (transport, options, signal) => {
    const { applicationReset, playReset } = await import('../../serial/reset.ts');
    const sequence = transport.hasModemLines ? applicationReset(transport, options.reset) : undefined;
    if (sequence === undefined) throw new OtaError('serial.noModemLines', { address });
    options.onProgress({ phase: 'resetting' });
    await playReset(transport, sequence, signal);
  });
  void window.setStatusBarMessage(l10n.t('{0} was reset', nameOf(session, address)), 5000);
};

export const cancelFlash: Handler = ({ flash: running }) => {
  running.cancel();
};
