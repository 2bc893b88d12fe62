import { l10n } from 'vscode';
import type { ChipSlots } from '../../flash/slots.ts';
import type { AppDescription } from '../../image/app-description.ts';
import type { ClientTrouble, SeenClient, SeenClients } from '../../ota/clients.ts';
import type { DeviceState } from '../../ota/virtual-device.ts';
import { misbehaviourText, virtualName } from '../../texts/board-names.ts';
import { activityText, type FlashActivity } from '../../texts/flash-texts.ts';
import { virtualRow, type AttachedBoard } from '../sessions/board-session.ts';
import type { MonitorFacts } from '../sessions/monitor-session.ts';
import { virtualAddress } from '../../ota/virtual-port.ts';
import type { ChipFacts, KnownPort } from '../sessions/port-session.ts';
import { factItems, portItem } from './port-items.ts';
import { causeText } from '../../texts/cause-texts.ts';
import { bytesText, clockText, percentText, rateText } from '../../texts/text.ts';
import { monitorItem } from './monitor-texts.ts';
import { deviceSlotItems, slotItems } from './slot-items.ts';
import { timelineItem } from './timeline-items.ts';
import type { TreeNode } from './tree-node.ts';

export interface DevicesState {
  /** The virtual boards; the first has all that a port's row has. */
  readonly boards: readonly AttachedBoard[];
  readonly clients: SeenClients;
  readonly ports: readonly KnownPort[];
  /** What the chip of a virtual board said, when it was asked over its port. */
  readonly factsOf: (address: string) => ChipFacts | undefined;
  /** Address of the selected port; empty when none is. */
  readonly selected: string;
  readonly activity: FlashActivity | undefined;
  /** Slots that were read, by the port's address. */
  readonly slotsOf: (address: string) => ChipSlots | undefined;
  /** Description of the local build. */
  readonly build: AppDescription | undefined;
  readonly monitors: readonly MonitorFacts[];
}

export function devicesItems(state: DevicesState): readonly TreeNode[] {
  const clients = [...state.clients.values()].map(clientItem);
  const ports = state.ports.map((port) =>
    portItem(port, state.activity, monitorOf(state, port.address), slotsBelow(state, port.address)),
  );
  const [first, ...others] = state.boards;
  return [
    ...(first === undefined ? [] : [boardItem(first, state)]),
    ...others.map((board) => otherBoardItem(board, state.build)),
    ...ports,
    ...monitorsAlone(state).map((monitor) => monitorItem(monitor, true)),
    ...clients,
  ];
}

/** Of boards that are away, and so have no row. */
function monitorsAlone({ monitors, ports, boards }: DevicesState): readonly MonitorFacts[] {
  const [first] = boards;
  const withRow = new Set(ports.map((port) => port.address));
  if (first !== undefined) withRow.add(virtualAddress(first.number));
  return monitors.filter(({ address }) => !withRow.has(address));
}

function slotsBelow({ slotsOf, build }: DevicesState, address: string): readonly TreeNode[] {
  const slots = slotsOf(address);
  return slots === undefined ? [] : slotItems(slots, build, `port/${address}`, address);
}

/** A virtual board beside the first: it is there to be updated together with that one. */
function otherBoardItem(board: AttachedBoard, build: AppDescription | undefined): TreeNode {
  const { number, device, timeline } = board;
  const id = virtualRow(number);
  return {
    id,
    label: virtualName(number),
    description: [phaseText(device.state), troubleOf(board)].filter(Boolean).join(' · '),
    icon: isUpdating(board) ? 'loading~spin' : 'circuit-board',
    contextValue: isUpdating(board) ? 'otherBoard-updating' : 'otherBoard',
    children: [
      ...deviceSlotItems(device, build, id, undefined),
      ...(timeline === undefined ? [] : [timelineItem(timeline, `${id}/timeline`)]),
    ],
  };
}

function isUpdating({ timeline }: AttachedBoard): boolean {
  return timeline !== undefined && timeline.verdict === undefined;
}

function troubleOf({ trouble }: AttachedBoard): string {
  return trouble === 'none' ? '' : misbehaviourText(trouble);
}

function boardItem(board: AttachedBoard, { factsOf, selected, activity, build, monitors }: DevicesState): TreeNode {
  const { timeline } = board;
  const { state } = board.device;
  const address = virtualAddress(board.number);
  const boardFacts = factsOf(address);
  const isBoardSelected = selected === address;
  const isFlashing = activity?.address === address;
  const monitor = monitors.find((one) => one.address === address);
  return {
    id: virtualRow(board.number),
    label: virtualName(board.number),
    description: [
      isBoardSelected ? l10n.t('selected') : '',
      isFlashing ? activityText(activity) : phaseText(state),
      troubleOf(board),
    ]
      .filter(Boolean)
      .join(' · '),
    icon: isUpdating(board) || isFlashing ? 'loading~spin' : 'circuit-board',
    ...(isBoardSelected ? { color: 'charts.green' } : {}),
    contextValue: isUpdating(board) ? 'virtualBoard-updating' : isFlashing ? 'virtualBoard-busy' : 'virtualBoard',
    payload: address,
    isExpanded: true,
    children: [
      ...(monitor === undefined ? [] : [monitorItem(monitor)]),
      ...deviceSlotItems(board.device, build, 'virtualBoard', address),
      ...(boardFacts === undefined ? [] : factItems(boardFacts, 'virtualBoard')),
      ...(timeline === undefined ? [] : [timelineItem(timeline, 'timeline')]),
    ],
  };
}

function monitorOf({ monitors }: DevicesState, address: string): MonitorFacts | undefined {
  return monitors.find((monitor) => monitor.address === address);
}

function phaseText({ phase, running }: DeviceState): string {
  const version = running?.version ?? '?';
  switch (phase) {
    case 'off':
      return l10n.t('off');
    case 'booting':
    case 'rebooting':
      return l10n.t('booting');
    case 'bootFailed':
      return l10n.t('nothing bootable in its flash');
    case 'crashed':
      return l10n.t('{0} crashed', version);
    case 'updating':
    case 'waitingForUrl':
      return l10n.t('runs {0}, updating', version);
    case 'connecting':
    case 'idle':
      return l10n.t('runs {0} from {1}', version, running?.label ?? '?');
  }
}

function troubleText(trouble: ClientTrouble): string {
  switch (trouble.kind) {
    case 'tls':
      return causeText(`tls.${trouble.cause}`);
    case 'status':
      return l10n.t('asked for {0}: {1}', trouble.path, trouble.status);
    case 'aborted':
      // the network took the last bytes, the board did not: as firmware that refuses an image does
      return trouble.atBytes >= trouble.totalBytes
        ? l10n.t('hung up before it had all {0}', bytesText(trouble.totalBytes))
        : l10n.t('broke off at {0} of {1}', bytesText(trouble.atBytes), bytesText(trouble.totalBytes));
    case 'refused':
      return causeText(`client.${trouble.reason}`);
  }
}

function clientItem(client: SeenClient): TreeNode {
  const { current, fetched, trouble } = client;
  const doing =
    current !== undefined
      ? l10n.t(
          '{0} of {1}, {2}',
          percentText(current.offsetBytes, current.totalBytes),
          current.version,
          rateText(current.bytesPerSecond),
        )
      : trouble !== undefined
        ? troubleText(trouble)
        : fetched !== undefined
          ? l10n.t('fetched {0} at {1}', fetched.version, clockText(fetched.atMs))
          : l10n.t('seen at {0}', clockText(client.lastSeenMs));
  const facts = [
    client.userAgent === undefined ? undefined : { id: 'agent', label: client.userAgent, icon: 'info' },
    client.tls === undefined
      ? undefined
      : { id: 'tls', label: `${client.tls.version} ${client.tls.cipher}`, icon: 'lock' },
    client.announced?.mac === undefined
      ? undefined
      : { id: 'mac', label: `MAC ${client.announced.mac}`, icon: 'circuit-board' },
    client.announced?.runningVersion === undefined
      ? undefined
      : { id: 'version', label: l10n.t('says it runs {0}', client.announced.runningVersion), icon: 'versions' },
  ].filter((one) => one !== undefined);
  return {
    id: `client/${client.address}`,
    label: client.address,
    description: doing,
    icon: current !== undefined ? 'cloud-download' : trouble !== undefined ? 'warning' : 'device-mobile',
    ...(trouble !== undefined && current === undefined ? { color: 'list.warningForeground' } : {}),
    contextValue: 'client',
    spoken: `${l10n.t('Client {0}', client.address)}, ${doing}`,
    children: facts.map((fact) => ({ ...fact, id: `client/${client.address}/${fact.id}` })),
  };
}
