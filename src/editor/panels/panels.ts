import type { Uri } from 'vscode';
import type { Disposable } from '../../base/disposable.ts';
import type { WindowSession } from '../window-session.ts';
import { openFlashMap } from './flash-map-panel.ts';

/** The tabs with pictures that are open, one for each thing that is shown. */
export class Panels implements Disposable {
  readonly #session: WindowSession;
  readonly #extensionUri: Uri;
  readonly #open = new Map<string, Disposable & { reveal(): void }>();

  constructor(session: WindowSession, extensionUri: Uri) {
    this.#session = session;
    this.#extensionUri = extensionUri;
  }

  /** @param address of a board; empty for what the project would put on one */
  showFlashMap(address: string): void {
    this.#show(`flash/${address}`, (onClosed) => openFlashMap(this.#session, this.#extensionUri, address, onClosed));
  }

  dispose(): void {
    for (const page of [...this.#open.values()]) page.dispose();
  }

  #show(key: string, open: (onClosed: () => void) => Disposable & { reveal(): void }): void {
    const shown = this.#open.get(key);
    if (shown !== undefined) {
      shown.reveal();
      return;
    }
    this.#open.set(
      key,
      open(() => {
        this.#open.delete(key);
      }),
    );
  }
}
