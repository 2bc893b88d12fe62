import { languages, type DocumentSelector } from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { IdfVersion } from '../idf/idf-version.ts';

/** Files of console output: those of the monitor, and any other log. */
const LOGS: DocumentSelector = [
  { scheme: 'file', pattern: '**/*.log' },
  { scheme: 'file', pattern: '**/*.log.[0-9]*' },
];

/** What lines of a console's log mean and what can be done about them: on hover, and as code actions. What reads them loads when the first log is looked at.
 * @param idfVersion of the selected project, for the names of its options */
export function registerLogHelp(idfVersion: () => IdfVersion | undefined): Disposable {
  const store = new DisposableStore();
  const room = () => import('./log-help-content.ts');
  store.add(
    languages.registerHoverProvider(LOGS, {
      provideHover: async (document, position) => (await room()).logHover(document.lineAt(position.line), idfVersion()),
    }),
  );
  store.add(
    languages.registerCodeActionsProvider(LOGS, {
      provideCodeActions: async (document, range) =>
        (await room()).logActions(document.lineAt(range.start.line).text, idfVersion()),
    }),
  );
  return store;
}
