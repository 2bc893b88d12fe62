import {
  EventEmitter,
  Uri,
  commands,
  window,
  workspace,
  type Disposable,
  type TextDocumentContentProvider,
} from 'vscode';

const SCHEME = 'esp32-ota';

/** Texts that are shown in an editor but are no files: read-only, so that closing one asks for nothing. */
export class TextPages implements Disposable, TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  // after the event, which VS Code looks for when a provider is registered and never again
  readonly #registration = workspace.registerTextDocumentContentProvider(SCHEME, this);

  /** Shows a text under a file name, in place of what was shown under it before. */
  async show(name: string, text: string): Promise<void> {
    await window.showTextDocument(await workspace.openTextDocument(this.#put(name, text)), { preview: true });
  }

  /** Shows two texts side by side, the differences marked. */
  async showDifference(title: string, name: string, before: string, after: string): Promise<void> {
    const [left, right] = [this.#put(`before/${name}`, before), this.#put(`after/${name}`, after)];
    await commands.executeCommand('vscode.diff', left, right, title, { preview: true });
  }

  #put(name: string, text: string): Uri {
    const uri = Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.#texts.set(uri.path, text);
    this.#changed.fire(uri);
    return uri;
  }

  provideTextDocumentContent({ path }: Uri): string {
    return this.#texts.get(path) ?? '';
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }
}
