import { commands, EventEmitter, Uri, window, workspace, type Disposable } from 'vscode';
import type { FileEdit } from '../idf/file-edit.ts';
import { PLAN_SCHEME, showsPlan } from './plan-tabs.ts';

/** Planned changes of files in one diff editor, which follows the plan as it changes. Disposing closes it. */
export class PlanPreview implements Disposable {
  readonly #title: string;
  readonly #after = new Map<string, string>();
  readonly #changed = new EventEmitter<Uri>();
  readonly #registration: Disposable;

  constructor(title: string) {
    this.#title = title;
    this.#registration = workspace.registerTextDocumentContentProvider(PLAN_SCHEME, {
      onDidChange: this.#changed.event,
      provideTextDocumentContent: ({ path }) => this.#after.get(path) ?? '',
    });
  }

  async show(edits: readonly FileEdit[]): Promise<void> {
    for (const edit of edits) this.#after.set(planned(edit.path).path, edit.after);
    const rows = edits.map(({ path, before }) => {
      const file = Uri.file(path);
      return [file, before === undefined ? undefined : file, planned(path)];
    });
    await commands.executeCommand('vscode.changes', this.#title, rows);
  }

  /** Shows other changes of the files that are shown: one that is in the plan no more has no difference. */
  update(edits: readonly FileEdit[], before: readonly FileEdit[]): void {
    for (const file of before) {
      const { path } = planned(file.path);
      const text = edits.find((edit) => edit.path === file.path)?.after ?? file.before ?? '';
      if (this.#after.get(path) === text) continue;
      this.#after.set(path, text);
      this.#changed.fire(planned(file.path));
    }
  }

  dispose(): void {
    const tabs = window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => showsPlan(tab, this.#title));
    void window.tabGroups.close(tabs, true);
    this.#registration.dispose();
    this.#changed.dispose();
  }
}

function planned(path: string): Uri {
  return Uri.file(path).with({ scheme: PLAN_SCHEME });
}
