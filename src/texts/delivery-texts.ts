import * as l10n from '@vscode/l10n';
import type { BoardUpdate, Delivery, Work, WorkId } from '../ota/delivery.ts';
import { causeText } from './cause-texts.ts';
import { textOfRecorded } from './error-texts.ts';
import { verdictText } from './timeline-texts.ts';

/** What is done before a board is told; said as done only once it is. */
export function workName({ id, outcome }: Pick<Work, 'id' | 'outcome'>): string {
  if (outcome !== 'done') return workDoing(id);
  const names: Record<WorkId, string> = {
    check: l10n.t('Setup checked'),
    bump: l10n.t('Version raised'),
    build: l10n.t('Built'),
    checkImage: l10n.t('Image checked'),
    publish: l10n.t('Server started, image published'),
  };
  return names[id];
}

function workDoing(id: WorkId): string {
  const names: Record<WorkId, string> = {
    check: l10n.t('Checking the setup'),
    bump: l10n.t('Raising the version'),
    build: l10n.t('Building'),
    checkImage: l10n.t('Checking the image'),
    publish: l10n.t('Starting the server, publishing the image'),
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
      return update !== undefined ? verdictText(update.timeline) : work === undefined ? '' : workName(work);
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
        : l10n.t('Cancelled during “{0}”', end.at === 'update' ? l10n.t('Update') : workDoing(end.at));
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

/** Whether an update brought the board to the release. */
export function isGood({ timeline }: BoardUpdate): boolean {
  return timeline.verdict?.outcome === 'confirmed' || timeline.verdict?.outcome === 'delivered';
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
