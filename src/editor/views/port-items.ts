import { l10n } from 'vscode';
import { activityText, type FlashActivity } from '../../texts/flash-texts.ts';
import type { ChipFacts, KnownPort } from '../sessions/port-session.ts';
import type { MonitorFacts } from '../sessions/monitor-session.ts';
import { agoText, bytesText } from '../../texts/text.ts';
import { monitorItem, runningText } from './monitor-texts.ts';
import type { TreeNode } from './tree-node.ts';

/** What a chip said about itself, marked with its age. */
export function factsText({ chip, revision, flashSizeBytes }: ChipFacts): string {
  return [`${chip} ${revision}`, flashSizeBytes === undefined ? undefined : bytesText(flashSizeBytes)]
    .filter(Boolean)
    .join(' · ');
}

/** Rows below a board: what its chip said. */
export function factItems(facts: ChipFacts, id: string): readonly TreeNode[] {
  return [
    {
      id: `${id}/chip`,
      label: `${facts.chip} ${facts.revision}`,
      description: l10n.t('read {0}', agoText(facts.atMs)),
      icon: 'circuit-board',
    },
    ...(facts.flashSizeBytes === undefined
      ? []
      : [{ id: `${id}/flash`, label: l10n.t('Flash {0}', bytesText(facts.flashSizeBytes)), icon: 'database' }]),
    { id: `${id}/mac`, label: `MAC ${facts.mac}`, icon: 'key' },
  ];
}

export function portItem(
  port: KnownPort,
  activity: FlashActivity | undefined,
  monitor: MonitorFacts | undefined,
  slots: readonly TreeNode[] = [],
): TreeNode {
  const { facts } = port;
  const isBusy = activity?.address === port.address;
  const parts = isBusy
    ? [activityText(activity)]
    : [
        port.isSelected ? l10n.t('selected') : '',
        ...(monitor === undefined ? [] : [runningText(monitor)]),
        facts === undefined ? (port.usbId ?? '') : factsText(facts),
      ].filter(Boolean);
  const kinds = { device: 'port', remote: 'port-remote' };
  return {
    id: `port/${port.address}`,
    label: port.name,
    description: parts.join(' · '),
    tooltip: [port.address, port.usbId === undefined ? '' : `USB ${port.usbId}`].filter(Boolean).join('\n\n'),
    icon: isBusy ? 'loading~spin' : port.kind === 'remote' ? 'remote' : 'plug',
    ...(port.isSelected ? { color: 'charts.green' } : {}),
    contextValue: isBusy ? `${kinds[port.kind]}-busy` : kinds[port.kind],
    payload: port.address,
    spoken: [l10n.t('Serial port {0}', port.name), ...parts].join(', '),
    isExpanded: slots.length > 0 || monitor !== undefined,
    children: [
      ...(monitor === undefined ? [] : [monitorItem(monitor)]),
      ...slots,
      ...(facts === undefined ? [] : factItems(facts, `port/${port.address}`)),
    ],
  };
}
