import {
  CodeAction,
  CodeActionKind,
  languages,
  type CodeActionContext,
  type CodeActionProvider,
  type Range,
  type TextDocument,
} from 'vscode';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Finding, Fix } from '../doctor/finding.ts';
import { commandId } from '../texts/contributions.ts';
import { findingKey, type FixChoice } from './finding-key.ts';
import type { fixTitle } from '../texts/finding-texts/fixes.ts';
import type { DoctorSession } from './sessions/doctor-session.ts';

/** The lightbulb: fixes of the findings at a place. */
class FindingActions implements CodeActionProvider {
  readonly #doctor: DoctorSession;

  constructor(doctor: DoctorSession) {
    this.#doctor = doctor;
  }

  async provideCodeActions(document: TextDocument, range: Range, context: CodeActionContext): Promise<CodeAction[]> {
    const found = (this.#doctor.findings ?? []).filter(
      (one) => one.path === document.uri.fsPath && one.fixes.length > 0 && isTouched(one, range),
    );
    if (found.length === 0) return [];
    const texts = await import('../texts/finding-texts/fixes.ts');
    return found.flatMap((finding) =>
      finding.fixes.map((fix, index) => actionOf(finding, fix, index, context, texts.fixTitle)),
    );
  }
}

function isTouched({ range: at }: Finding, range: Range): boolean {
  const line = (at?.line ?? 1) - 1;
  return range.start.line <= line && range.end.line >= line;
}

function actionOf(
  finding: Finding,
  fix: Fix,
  index: number,
  { diagnostics }: CodeActionContext,
  titleOf: typeof fixTitle,
): CodeAction {
  const action = new CodeAction(titleOf(fix), CodeActionKind.QuickFix);
  action.command = {
    command: commandId('applyFix'),
    title: action.title,
    arguments: [{ finding: findingKey(finding), fix: fix.id } satisfies FixChoice],
  };
  action.isPreferred = index === 0;
  action.diagnostics = diagnostics.filter(
    ({ code, range }) =>
      typeof code === 'object' && code.value === finding.id && range.start.line === (finding.range?.line ?? 1) - 1,
  );
  return action;
}

/** Registers the quick fixes of findings, for any file that a finding can point into. */
export function registerFindingActions(doctor: DoctorSession): Disposable {
  const store = new DisposableStore();
  store.add(
    languages.registerCodeActionsProvider({ scheme: 'file' }, new FindingActions(doctor), {
      providedCodeActionKinds: [CodeActionKind.QuickFix],
    }),
  );
  return store;
}
