import { l10n, window } from 'vscode';
import { showInformationMessage } from '../messages.ts';
import type { Delivery, Work } from '../../ota/delivery.ts';
import type { Timeline } from '../../ota/update-state.ts';
import type { PriorStep } from '../panels/timeline-view.ts';
import { virtualAddress } from '../../ota/virtual-port.ts';
import { verdictText } from '../../texts/timeline-texts.ts';
import { timelineKey } from '../views/timeline-items.ts';
import { workName } from '../../texts/delivery-texts.ts';
import type { WindowSession } from '../window-session.ts';
import { addressOfRow } from './port-commands.ts';
import type { Handler } from './run.ts';

function idOfRow(row: unknown): string {
  return typeof row === 'object' && row !== null && 'id' in row && typeof row.id === 'string' ? row.id : '';
}

/** The board of the row, else the one that is selected, else a virtual one, else the project alone. */
export const showFlashMap: Handler = async (session, row) => {
  const { ports, board } = session;
  const first = board.boards[0];
  const virtual = first === undefined ? '' : virtualAddress(first.number);
  const known = ports.ports.find(({ address }) => address === ports.selected)?.address;
  const number = /^virtualBoard-(\d+)$/.exec(idOfRow(row))?.[1];
  const ofRow = number === undefined ? addressOfRow(row) : virtualAddress(Number(number));
  await session.showFlashMap(ofRow ?? known ?? virtual);
};

/** The work before a board was told, as far as it was done. */
function priorSteps(work: readonly Work[]): readonly PriorStep[] {
  return work.flatMap((one): PriorStep[] => {
    const { outcome, startedMs, endedMs, note } = one;
    return outcome === 'skipped' || outcome === 'cancelled'
      ? []
      : [
          {
            name: workName(one),
            outcome,
            startedMs,
            ...(endedMs === undefined ? {} : { endedMs }),
            ...(note === undefined ? {} : { note }),
          },
        ];
  });
}

/** The update of one board of a delivery: that of the row, the only one, or the one that is picked. */
async function updateOf({ updates }: Delivery, row: unknown): Promise<Timeline | undefined> {
  const ofRow = updates.find((one) => idOfRow(row).endsWith(`/board/${one.id}`));
  if (ofRow !== undefined || updates.length < 2) return (ofRow ?? updates[0])?.timeline;
  const items = updates.map(({ name, timeline }) => ({ label: name, description: verdictText(timeline), timeline }));
  return (await window.showQuickPick(items, { title: l10n.t('Select the board whose update to show') }))?.timeline;
}

function deliveryWith({ deliver }: WindowSession, key: string): Delivery | undefined {
  const all = deliver.running === undefined ? deliver.deliveries : [deliver.running, ...deliver.deliveries];
  return all.find((one) => one.id === key || one.updates.some(({ timeline }) => timelineKey(timeline) === key));
}

/** The update of the row, else the newest. */
export const showTimeline: Handler = async (session, row) => {
  await session.deliver.load();
  const key = addressOfRow(row);
  const delivery =
    key === undefined
      ? (session.deliver.running ?? session.deliver.deliveries.find(({ updates }) => updates.length > 0))
      : deliveryWith(session, key);
  const named = [
    ...(delivery?.updates ?? []).map((update) => update.timeline),
    ...session.board.boards.flatMap((board) => board.timeline ?? []),
  ].find((timeline) => timelineKey(timeline) === key);
  const timeline = named ?? (delivery === undefined ? undefined : await updateOf(delivery, row));
  if (timeline !== undefined) await session.showTimeline(timeline, priorSteps(delivery?.work ?? []));
  else if (delivery === undefined || delivery.updates.length === 0)
    void showInformationMessage(l10n.t('There is no update to show yet.'));
};
