import type { Uri } from 'vscode';
import type { Disposable } from '../../base/disposable.ts';
import type { Timeline } from '../../ota/update-state.ts';
import type { WindowSession } from '../window-session.ts';
import { openFlashMap } from './flash-map-panel.ts';
import { timelineKey } from '../views/timeline-items.ts';
import { openTimeline, type TimelineTab } from './timeline-panel.ts';
import type { PriorStep } from './timeline-view.ts';

interface Tab extends Disposable {
  reveal(): void;
}

/** The tabs with pictures that are open, one for each thing that is shown. */
export class Panels implements Disposable {
  readonly #session: WindowSession;
  readonly #extensionUri: Uri;
  readonly #maps = new Map<string, Tab>();
  readonly #timelines = new Map<string, TimelineTab>();

  constructor(session: WindowSession, extensionUri: Uri) {
    this.#session = session;
    this.#extensionUri = extensionUri;
  }

  /** @param address of a board; empty for what the project would put on one */
  showFlashMap(address: string): void {
    open(this.#maps, address, (onClosed) => openFlashMap(this.#session, this.#extensionUri, address, onClosed));
  }

  /** @param before what went before the update, such as the build */
  showTimeline(timeline: Timeline, before: readonly PriorStep[]): void {
    open(this.#timelines, timelineKey(timeline), (onClosed) =>
      openTimeline(this.#session, this.#extensionUri, timeline, before, onClosed),
    ).show(timeline);
  }

  dispose(): void {
    for (const tab of [...this.#maps.values(), ...this.#timelines.values()]) tab.dispose();
  }
}

/** Brings a tab to the front, or makes it. */
function open<T extends Tab>(tabs: Map<string, T>, key: string, make: (onClosed: () => void) => T): T {
  const there = tabs.get(key);
  if (there !== undefined) {
    there.reveal();
    return there;
  }
  const tab = make(() => {
    tabs.delete(key);
  });
  tabs.set(key, tab);
  return tab;
}
