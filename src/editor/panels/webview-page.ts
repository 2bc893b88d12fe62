import { randomBytes } from 'node:crypto';
import { env, l10n, Uri, ViewColumn, window, type WebviewPanel } from 'vscode';
import type { Disposable } from '../../base/disposable.ts';
import type { FromPage, ToPage } from '../webview/common/messages.ts';
import type { Shape } from '../webview/common/shape.ts';

export interface WebviewPageOptions<View, Action extends string> {
  /** Of `dist/webview/<name>.js` and `.css`, made of `src/editor/webview/<name>.ts`. */
  readonly name: string;
  /** Where the extension is installed. */
  readonly extensionUri: Uri;
  readonly title: string;
  /** All that the page shows. Asked for whenever the page is there anew, and on every update. */
  readonly view: () => View;
  readonly isMessage: Shape<FromPage<Action>>;
  readonly onAction: (action: Action) => void;
  readonly onClosed: () => void;
}

/** A tab with a page of ours in it. The page gets plain data with every text in it, runs no script and no style but the extension's own files,
 * and reaches no network. A hidden page is thrown away by the editor and asks for its view again when it is back. */
export class WebviewPage<View, Action extends string> implements Disposable {
  readonly #options: WebviewPageOptions<View, Action>;
  readonly #panel: WebviewPanel;
  #sent = '';
  #isListening = false;

  constructor(options: WebviewPageOptions<View, Action>) {
    this.#options = options;
    const folder = Uri.joinPath(options.extensionUri, 'dist', 'webview');
    this.#panel = window.createWebviewPanel(
      `esp32Ota.${options.name}`,
      options.title,
      { viewColumn: ViewColumn.Active },
      { enableScripts: true, localResourceRoots: [folder], enableFindWidget: true },
    );
    const media = Uri.joinPath(options.extensionUri, 'media');
    // unlike the icon of the container, VS Code shows this one in its own colour
    this.#panel.iconPath = {
      dark: Uri.joinPath(media, 'esp32-ota.svg'),
      light: Uri.joinPath(media, 'esp32-ota-light.svg'),
    };
    const { webview } = this.#panel;
    webview.onDidReceiveMessage((message: unknown) => {
      if (!options.isMessage(message)) return;
      if (message.kind === 'action') {
        options.onAction(message.action);
        return;
      }
      this.#isListening = true;
      this.#sent = '';
      this.update();
    });
    this.#panel.onDidChangeViewState(() => {
      if (!this.#panel.visible) this.#isListening = false;
    });
    this.#panel.onDidDispose(options.onClosed);
    webview.html = pageOf({
      script: webview.asWebviewUri(Uri.joinPath(folder, `${options.name}.js`)).toString(),
      styles: webview.asWebviewUri(Uri.joinPath(folder, `${options.name}.css`)).toString(),
      source: webview.cspSource,
      title: options.title,
      // of the texts, not of the editor: there are two
      language: l10n.bundle === undefined ? 'en' : env.language,
    });
  }

  /** Sends the view as it is now, if the page is there and shows another one. */
  update(): void {
    if (!this.#isListening) return;
    const message: ToPage<View> = { kind: 'view', view: this.#options.view() };
    const text = JSON.stringify(message);
    if (text === this.#sent) return;
    this.#sent = text;
    void this.#panel.webview.postMessage(message);
  }

  reveal(): void {
    this.#panel.reveal();
  }

  /** Closes the tab. */
  dispose(): void {
    this.#panel.dispose();
  }
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function pageOf(page: Readonly<Record<'script' | 'styles' | 'source' | 'title' | 'language', string>>): string {
  const nonce = randomBytes(16).toString('hex');
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${page.source}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escaped(page.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(page.title)}</title>
<link rel="stylesheet" href="${escaped(page.styles)}">
</head>
<body>
<main id="page"></main>
<script nonce="${nonce}" src="${escaped(page.script)}"></script>
</body>
</html>`;
}
