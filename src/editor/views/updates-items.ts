import { l10n } from 'vscode';
import type { BoardUpdate, Delivery, Work, WorkId } from '../../ota/delivery.ts';
import { causeText } from '../cause-texts.ts';
import { textOfRecorded } from '../error-texts.ts';
import { agoText, clockText, dayText, durationText } from '../text.ts';
import { outcomeIcon } from './check-texts.ts';
import { stepItems, verdictIcon, verdictText } from './timeline-items.ts';
import type { TreeNode } from './tree-node.ts';

export function workName(id: WorkId): string {
  const names: Record<WorkId, string> = {
    check: l10n.t('Setup checked'),
    bump: l10n.t('Version raised'),
    build: l10n.t('Built'),
    checkImage: l10n.t('Image checked'),
    publish: l10n.t('Server started, image published'),
  };
  return names[id];
}

export function workOutcomeText(outcome: Work['outcome']): string {
  const words: Record<Work['outcome'], string> = {
    running: l10n.t('going on'),
    done: l10n.t('done'),
    skipped: l10n.t('not needed'),
    failed: l10n.t('failed'),
    cancelled: l10n.t('cancelled'),
  };
  return words[outcome];
}

/** How a delivery ended, or how far it is, in one sentence. */
export function deliveryText(delivery: Delivery): string {
  const { end, updates, held } = delivery;
  switch (end?.kind) {
    case undefined: {
      const update = updates.find((one) => one.timeline.verdict === undefined) ?? updates.at(-1);
      const work = delivery.work.at(-1);
      return update !== undefined ? verdictText(update.timeline) : work === undefined ? '' : workName(work.id);
    }
    case 'stopped': {
      const message = textOfRecorded(end.code, end.details)?.message ?? end.code;
      return end.code === 'deliver.blocked' ? message : l10n.t('Stopped: {0}', message);
    }
    case 'interrupted':
      return l10n.t('Interrupted: the editor ended before the update did');
    case 'cancelled':
      return end.at === 'update' && updates.length === 1
        ? updatesText(updates)
        : l10n.t('Cancelled during “{0}”', end.at === 'update' ? l10n.t('Update') : workName(end.at));
    case 'finished':
      return held === undefined ? updatesText(updates) : heldText(held);
  }
}

/** Why the other boards were not told. */
export function heldText({ boards, because }: NonNullable<Delivery['held']>): string {
  const reason =
    because.cause !== undefined
      ? causeText(because.cause)
      : because.outcome === 'delivered'
        ? l10n.t('it did not confirm')
        : l10n.t('its update did not come to an end');
  return because.outcome === 'rolledBack'
    ? l10n.t('Stopped, {0} rolled back: {1}. Not told: {2}', because.name, reason, names(boards))
    : l10n.t('Stopped, {0} was not confirmed: {1}. Not told: {2}', because.name, reason, names(boards));
}

function names(boards: readonly { readonly name: string }[]): string {
  return boards.map((one) => one.name).join(', ');
}

function updatesText(updates: readonly BoardUpdate[]): string {
  const [first] = updates;
  if (first === undefined) return '';
  if (updates.length === 1) return verdictText(first.timeline);
  const good = updates.filter((one) => isGood(one));
  return good.length === updates.length
    ? l10n.t('Delivered to {0} boards', updates.length)
    : l10n.t('Delivered to {0} of {1} boards', good.length, updates.length);
}

function isGood({ timeline }: BoardUpdate): boolean {
  return timeline.verdict?.outcome === 'confirmed' || timeline.verdict?.outcome === 'delivered';
}

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
    label: workName(work.id),
    description: [isWord ? workOutcomeText(work.outcome) : took, note].filter(Boolean).join(' · '),
    tooltip: clockText(work.startedMs),
    ...icons[work.outcome],
    spoken: [workName(work.id), workOutcomeText(work.outcome), note].filter(Boolean).join(', '),
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
    contextValue: 'update-board',
    payload: id,
    isExpanded: timeline.verdict === undefined,
    children: stepItems(timeline, own, true),
  };
}

/** `1.0.0 → 1.1.0`, as far as both are known; the project's name before that. */
export function deliveryTitle(delivery: Delivery): string {
  const froms = new Set(delivery.updates.map((one) => one.timeline.subject.previousVersion));
  const [from] = froms.size === 1 ? froms : [];
  const version = delivery.version ?? '';
  const change = from === undefined || version === '' ? version : `${from} → ${version}`;
  if (change === '') return delivery.project;
  return delivery.kind === 'rehearsal' ? l10n.t('Rehearsal {0}', change) : change;
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
