import { l10n } from 'vscode';
import type { BoardUpdate, Delivery, Work } from '../../ota/delivery.ts';
import { deliveryText, deliveryTitle, isGood, workName, workOutcomeText } from '../../texts/delivery-texts.ts';
import { agoText, clockText, dayText, durationText } from '../../texts/text.ts';
import { outcomeIcon } from './outcome-icon.ts';
import { verdictText } from '../../texts/timeline-texts.ts';
import { stepItems, verdictIcon } from './timeline-items.ts';
import type { TreeNode } from './tree-node.ts';

function deliveryIcon(delivery: Delivery): { icon: string; color?: string } {
  const { end, updates, held } = delivery;
  switch (end?.kind) {
    case undefined:
      return { icon: 'loading~spin' };
    case 'stopped':
      return outcomeIcon('failed');
    case 'cancelled':
      return { icon: 'circle-slash' };
    case 'interrupted':
      return { icon: 'debug-disconnect' };
    case 'finished': {
      const [first] = updates;
      if (held !== undefined) return outcomeIcon('failed');
      if (updates.length === 1 && first !== undefined) return verdictIcon(first.timeline);
      return outcomeIcon(updates.every(isGood) ? 'passed' : 'failed');
    }
  }
}

function workItem(work: Work, id: string): TreeNode {
  const icons = {
    running: { icon: 'loading~spin' },
    done: outcomeIcon('passed'),
    skipped: { icon: 'debug-step-over' },
    failed: outcomeIcon('failed'),
    cancelled: { icon: 'circle-slash' },
  };
  const took = work.endedMs === undefined ? '' : durationText(work.endedMs - work.startedMs);
  const isWord = work.outcome === 'skipped' || work.outcome === 'cancelled';
  const note = work.outcome === 'failed' ? '' : (work.note ?? '');
  return {
    id: `${id}/before/${work.id}`,
    label: workName(work),
    description: [isWord ? workOutcomeText(work.outcome) : took, note].filter(Boolean).join(' · '),
    tooltip: clockText(work.startedMs),
    ...icons[work.outcome],
    spoken: [workName(work), workOutcomeText(work.outcome), note].filter(Boolean).join(', '),
  };
}

function boardItem(update: BoardUpdate, id: string): TreeNode {
  const { timeline } = update;
  const own = `${id}/board/${update.id}`;
  return {
    id: own,
    label: update.name,
    description: verdictText(timeline),
    ...verdictIcon(timeline),
    ...(timeline.verdict === undefined ? { iconText: workOutcomeText('running') } : {}),
    contextValue: 'update-board',
    payload: id,
    isExpanded: timeline.verdict === undefined,
    children: stepItems(timeline, own, true),
  };
}

function deliveryItem(delivery: Delivery, isNewest: boolean): TreeNode {
  const { id, updates } = delivery;
  const took = delivery.endedMs === undefined ? '' : durationText(delivery.endedMs - delivery.startedMs);
  const when = agoText(delivery.startedMs);
  return {
    id: `delivery/${id}`,
    label: deliveryTitle(delivery),
    description: [deliveryText(delivery), took, when].filter(Boolean).join(' · '),
    tooltip: [
      `${dayText(delivery.startedMs)} ${clockText(delivery.startedMs)}`,
      delivery.project,
      updates.map((one) => one.name).join(', '),
    ]
      .filter(Boolean)
      .join('\n'),
    ...deliveryIcon(delivery),
    ...(delivery.end === undefined ? { iconText: workOutcomeText('running') } : {}),
    contextValue: delivery.end === undefined ? 'update-running' : 'update',
    payload: id,
    isExpanded: isNewest,
    children: delivery.end === undefined ? childItems(delivery) : keptItems(delivery),
  };
}

/** What ended does not change any more: its rows are made once, not with every step of the delivery that goes on. */
const KEPT = new WeakMap<Delivery, readonly TreeNode[]>();

function keptItems(delivery: Delivery): readonly TreeNode[] {
  const items = KEPT.get(delivery) ?? childItems(delivery);
  KEPT.set(delivery, items);
  return items;
}

function childItems({ id, work, updates, held }: Delivery): readonly TreeNode[] {
  const [only] = updates.length === 1 && held === undefined ? updates : [];
  return [
    ...work.map((one) => workItem(one, id)),
    ...(only === undefined ? updates.map((one) => boardItem(one, id)) : stepItems(only.timeline, id, true)),
    ...(held?.boards ?? []).map((board) => ({
      id: `${id}/held/${board.id}`,
      label: board.name,
      description: l10n.t('not told'),
      icon: 'circle-slash',
    })),
  ];
}

/** What became of each delivery, newest first. */
export function updatesItems(deliveries: readonly Delivery[]): readonly TreeNode[] {
  return deliveries.map((one, index) => deliveryItem(one, index === 0));
}
