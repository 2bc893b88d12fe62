import { l10n, type Uri } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import type { Timeline } from '../../ota/update-state.ts';
import { virtualName } from '../../texts/board-names.ts';
import { causeFixes } from '../cause-fixes.ts';
import type { WayOut } from '../../texts/error-texts/error-text.ts';
import { follow, titleOf } from '../report-error.ts';
import { virtualNumber } from '../sessions/board-session.ts';
import { timelineKey } from '../views/timeline-items.ts';
import { timelineMessage, type TimelineAction, type TimelineView } from '../webview/timeline/view.ts';
import type { WindowSession } from '../window-session.ts';
import { timelineViewOf, type PriorStep } from './timeline-view.ts';
import { WebviewPage } from './webview-page.ts';

function fixOf({ verdict }: Timeline): WayOut | undefined {
  return verdict !== undefined && 'failure' in verdict ? causeFixes(verdict.failure.cause)[0] : undefined;
}

export interface TimelineTab extends Disposable {
  reveal(): void;
  /** Shows a newer state of the same update. */
  show(timeline: Timeline): void;
}

/** The picture of one update. It follows the update while that goes on. */
export function openTimeline(
  session: WindowSession,
  extensionUri: Uri,
  first: Timeline,
  before: readonly PriorStep[],
  onClosed: () => void,
): TimelineTab {
  const store = new DisposableStore();
  const key = timelineKey(first);
  let timeline = first;
  const number = virtualNumber(first.subject.board);
  const board = number === undefined ? first.subject.board : virtualName(number);
  const page = new WebviewPage<TimelineView, TimelineAction>({
    name: 'timeline',
    extensionUri,
    title: l10n.t('Update {0}{1}', '', first.subject.version),
    view: () => {
      const fix = fixOf(timeline);
      return timelineViewOf(timeline, {
        board,
        before,
        fix: fix === undefined ? undefined : titleOf(fix),
        nowMs: Date.now(),
      });
    },
    isMessage: timelineMessage,
    onAction: () => {
      const fix = fixOf(timeline);
      if (fix !== undefined) void follow(fix);
    },
    onClosed: () => {
      store.dispose();
      onClosed();
    },
  });
  const show = (next: Timeline): void => {
    // what has its verdict never changes again
    if (next === timeline || timeline.verdict !== undefined) return;
    timeline = next;
    page.update();
  };
  const look = (): void => {
    const known = [
      ...(session.deliver.running?.updates ?? []).map((update) => update.timeline),
      ...session.board.boards.map((one) => one.timeline),
    ];
    for (const one of known) if (one !== undefined && timelineKey(one) === key) show(one);
  };
  for (const event of [session.deliver.onChange, session.board.onChange]) store.add(event(look));
  return {
    show,
    reveal: () => {
      page.reveal();
    },
    dispose: () => {
      page.dispose();
    },
  };
}
