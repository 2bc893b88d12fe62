import { createAnnouncer } from './announcer.ts';
import { html } from './dom.ts';
import { toPage, type FromPage } from './messages.ts';
import type { Shape } from './shape.ts';

/** What VS Code gives to a page, once. */
interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

export interface Page<View> {
  /** What the page shows goes in here. Where an element in it has a `data-action`, a click does that. */
  readonly root: HTMLElement;
  /** Has a screen reader say what is new, soon when the phase is another one, else now and then. */
  tell(text: string, phase: string): void;
  /** Kept while the page is hidden, and gone: VS Code throws hidden pages away and makes them anew. */
  remember(state: string): void;
  readonly remembered: string;
  /** Draws every view that comes; a message of another shape is not looked at. */
  start(shape: Shape<View>, draw: (view: View) => void): void;
}

export function openPage<View>(): Page<View> {
  const editor = acquireVsCodeApi();
  const root = document.getElementById('page');
  if (root === null) throw new Error('the page has no place to draw in');
  const send = (message: FromPage<string>): void => {
    editor.postMessage(message);
  };
  root.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('[data-action]') : null;
    const action = button?.getAttribute('data-action');
    // the extension checks that it knows it
    if (typeof action === 'string') send({ kind: 'action', action });
  });
  // there from the beginning and never replaced: only then are changes read out
  const status = html('div', { class: 'spoken', role: 'status' });
  root.after(status);
  const announcer = createAnnouncer(
    (text) => {
      status.textContent = text;
    },
    {
      now: () => performance.now(),
      after: (ms, call) => {
        const timer = setTimeout(call, ms);
        return () => {
          clearTimeout(timer);
        };
      },
    },
  );
  const state = editor.getState();
  return {
    root,
    tell: (text, phase) => {
      announcer.tell(text, phase);
    },
    remember: (next) => {
      editor.setState(next);
    },
    remembered: typeof state === 'string' ? state : '',
    start: (shape, draw) => {
      const isView = toPage(shape);
      window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
        if (isView(data)) draw(data.view);
      });
      send({ kind: 'ready' });
    },
  };
}
