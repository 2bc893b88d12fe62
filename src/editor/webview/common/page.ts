import { toPage, type FromPage } from './messages.ts';
import type { Shape } from './shape.ts';

/** What VS Code gives to a page, once. */
interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): EditorApi;

export interface Page<View, Action extends string> {
  /** What the page shows goes in here. */
  readonly root: HTMLElement;
  act(action: Action): void;
  /** Kept while the page is hidden, and gone: VS Code throws hidden pages away and makes them anew. */
  remember(state: string): void;
  readonly remembered: string;
  /** Draws every view that comes; a message of another shape is not looked at. */
  start(shape: Shape<View>, draw: (view: View) => void): void;
}

export function openPage<View, Action extends string>(): Page<View, Action> {
  const editor = acquireVsCodeApi();
  const root = document.getElementById('page');
  if (root === null) throw new Error('the page has no place to draw in');
  const send = (message: FromPage<Action>): void => {
    editor.postMessage(message);
  };
  const state = editor.getState();
  return {
    root,
    act: (action) => {
      send({ kind: 'action', action });
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
