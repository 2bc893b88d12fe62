import { l10n } from 'vscode';
import type { ClientTrouble, SeenClient, SeenClients } from '../../ota/clients.ts';
import type { Timeline } from '../../ota/update-state.ts';
import { slotState, type DeviceSlot, type DeviceState, type VirtualDevice } from '../../ota/virtual-device.ts';
import { activityText, type FlashActivity } from '../flash-texts.ts';
import { VIRTUAL_PORT, type ChipFacts, type KnownPort } from '../sessions/port-session.ts';
import { factItems, portItem } from './port-items.ts';
import { causeText } from '../cause-texts.ts';
import { bytesText, clockText, percentText, rateText } from '../text.ts';
import { slotStateText } from './slot-texts.ts';
import { timelineItem } from './timeline-items.ts';
import type { TreeNode } from './tree-node.ts';

export interface DevicesState {
  readonly board: VirtualDevice | undefined;
  readonly timeline: Timeline | undefined;
  readonly clients: SeenClients;
  readonly ports: readonly KnownPort[];
  /** What the chip of the virtual board said, when it was asked over its port. */
  readonly boardFacts: ChipFacts | undefined;
  readonly isBoardSelected: boolean;
  readonly activity: FlashActivity | undefined;
}

export function devicesItems(state: DevicesState): readonly TreeNode[] {
  const clients = [...state.clients.values()].map(clientItem);
  const ports = state.ports.map((port) => portItem(port, state.activity));
  return [...(state.board === undefined ? [] : [boardItem(state.board, state)]), ...ports, ...clients];
}

function boardItem(board: VirtualDevice, { timeline, boardFacts, isBoardSelected, activity }: DevicesState): TreeNode {
  const { state } = board;
  const isUpdating = timeline !== undefined && timeline.verdict === undefined;
  const isFlashing = activity?.address === VIRTUAL_PORT;
  return {
    id: 'virtualBoard',
    label: l10n.t('Virtual board'),
    description: [isBoardSelected ? l10n.t('selected') : '', isFlashing ? activityText(activity) : phaseText(state)]
      .filter(Boolean)
      .join(' · '),
    icon: isUpdating || isFlashing ? 'loading~spin' : 'circuit-board',
    ...(isBoardSelected ? { color: 'charts.green' } : {}),
    contextValue: isUpdating ? 'virtualBoard-updating' : isFlashing ? 'virtualBoard-busy' : 'virtualBoard',
    payload: VIRTUAL_PORT,
    isExpanded: true,
    children: [
      ...state.slots.map((slot) => slotItem(slot, slotState(state, slot))),
      ...(boardFacts === undefined ? [] : factItems(boardFacts, 'virtualBoard')),
      ...(timeline === undefined ? [] : [timelineItem(timeline, 'timeline')]),
    ],
  };
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

function slotItem(slot: DeviceSlot, state: string | undefined): TreeNode {
  const parts = [
    slot.version ?? l10n.t('empty'),
    state === undefined ? '' : slotStateText(state),
    slot.isRunning ? l10n.t('running') : '',
    slot.isActive && !slot.isRunning ? l10n.t('boots next') : '',
  ];
  return {
    id: `slot/${slot.label}`,
    label: slot.label,
    description: parts.filter((one) => one !== '').join(' · '),
    ...(slot.projectName === undefined ? {} : { tooltip: slot.projectName }),
    icon: slot.isRunning ? 'play' : slot.isActive ? 'debug-continue' : 'symbol-file',
    ...(slot.isRunning ? { color: 'charts.green' } : {}),
  };
}

function troubleText(trouble: ClientTrouble): string {
  switch (trouble.kind) {
    case 'tls':
      return causeText(`tls.${trouble.cause}`);
    case 'status':
      return l10n.t('asked for {0}: {1}', trouble.path, trouble.status);
    case 'aborted':
      return l10n.t('broke off at {0} of {1}', bytesText(trouble.atBytes), bytesText(trouble.totalBytes));
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
