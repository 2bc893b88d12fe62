import { EventEmitter, type Pseudoterminal } from 'vscode';
import { DisposableStore } from '../../base/disposable.ts';
import type { ConsoleSession } from '../../monitor/console-session.ts';
import { MonitorKeys, type KeyAction } from '../../monitor/monitor-keys.ts';

/** Text that came before the editor has opened the terminal, at most. */
const MOST_EARLY_CHARACTERS = 256 * 1024;

/** Both kinds of memory: what is seen, and what was scrolled out. */
const CLEAR = '\u001b[2J\u001b[3J\u001b[H';

/** A monitor as a terminal: what is typed goes to the board, but for the keys of the monitor's menu. */
export class MonitorTerminal implements Pseudoterminal {
  readonly #act: (action: KeyAction) => void;
  readonly #onClosed: () => void;
  readonly #keys = new MonitorKeys();
  readonly #store = new DisposableStore();
  readonly #write = this.#store.add(new EventEmitter<string>());
  #early: string[] | undefined = [];
  #earlyCharacters = 0;

  readonly onDidWrite = this.#write.event;

  constructor(session: ConsoleSession, act: (action: KeyAction) => void, onClosed: () => void) {
    this.#act = act;
    this.#onClosed = onClosed;
    this.#store.add(
      session.onOutput((text) => {
        this.#show(text);
      }),
    );
  }

  /** The editor is ready: what it was sent before it would have ignored. */
  open(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const text of early) this.#write.fire(text);
  }

  /** The user closed the terminal. */
  close(): void {
    this.#onClosed();
    this.#store.dispose();
  }

  handleInput(input: string): void {
    for (const action of this.#keys.read(input)) this.#act(action);
  }

  clear(): void {
    this.#write.fire(CLEAR);
  }

  #show(text: string): void {
    if (this.#early === undefined) {
      this.#write.fire(text);
      return;
    }
    this.#early.push(text);
    this.#earlyCharacters += text.length;
    while (this.#earlyCharacters > MOST_EARLY_CHARACTERS && this.#early.length > 1)
      this.#earlyCharacters -= this.#early.shift()?.length ?? 0;
  }
}
