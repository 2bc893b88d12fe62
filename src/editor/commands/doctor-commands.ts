import { commands, l10n, Uri, window } from 'vscode';
import { showErrorMessage, showInformationMessage, showWarningMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { basename } from 'node:path';
import { fixesFor } from '../../doctor/causes.ts';
import type { Finding, Fix } from '../../doctor/finding.ts';
import { FINDINGS, type FindingId } from '../../doctor/finding-ids.ts';
import { editsOfFix, filesOfFix } from '../../doctor/fix-edits.ts';
import { applyEdits, readTextExactly, type FileEdit } from '../../idf/file-edit.ts';
import { isCauseChoice, type CauseChoice } from '../cause-fixes.ts';
import { findingKey, isFixChoice } from '../finding-key.ts';
import { toRange } from '../doctor-diagnostics.ts';
import { saveOpen } from '../save-open.ts';
import { findingText } from '../../texts/finding-texts.ts';
import { fixTitle, needsText } from '../../texts/finding-texts/fixes.ts';
import { countText } from '../views/setup-items.ts';
import type { WindowSession } from '../window-session.ts';
import { requireProject, runCommand, type Handler } from './run.ts';

export const checkSetup: Handler = async (session) => {
  const project = requireProject(session);
  await session.projects.reload();
  const findings = await session.doctor.check({ probe: true });
  for (const one of findings) {
    const place = one.path === undefined ? '' : ` ${one.path}:${one.range?.line ?? 1}`;
    session.log.info(`${one.severity} ${one.id}${place} ${JSON.stringify(one.details)}`);
  }
  await session.showSetup();
  const stands = findings.filter(({ severity }) => severity !== 'information');
  if (stands.length === 0) {
    void showInformationMessage(l10n.t('{0} is ready for an update over the air.', project.name));
    return;
  }
  const hasErrors = stands.some(({ severity }) => severity === 'error');
  const message = l10n.t('{0}: {1} in the way of an update over the air.', project.name, countText(stands));
  const show = l10n.t('Show Problems');
  const shown = hasErrors ? showErrorMessage(message, show) : showWarningMessage(message, show);
  onAnswer(
    shown,
    async () => {
      await commands.executeCommand('workbench.actions.view.problems');
    },
    session.log,
  );
};

/** The finding that a row or a quick fix is about, as it stands now. */
function findingOf(session: WindowSession, key: string): Finding | undefined {
  return session.doctor.findings?.find((one) => findingKey(one) === key);
}

/** The argument of a click on a row's own command, or the row itself when it comes from a menu. */
function choiceOf(argument: unknown): { readonly finding: string; readonly fix?: string } | undefined {
  if (isFixChoice(argument)) return argument;
  const payload =
    typeof argument === 'object' && argument !== null && 'payload' in argument ? argument.payload : undefined;
  return typeof payload === 'string' ? { finding: payload } : undefined;
}

export const showFinding: Handler = async (session, argument) => {
  const choice = choiceOf(argument);
  const finding = choice === undefined ? undefined : findingOf(session, choice.finding);
  if (finding?.path === undefined) return;
  if (finding.path.endsWith('.bin')) {
    await commands.executeCommand('revealInExplorer', Uri.file(finding.path));
    return;
  }
  const selection = toRange(finding.range);
  await window.showTextDocument(Uri.file(finding.path), { selection, preserveFocus: false });
};

export const explainFinding: Handler = async (session, argument) => {
  const choice = choiceOf(argument);
  const id = typeof argument === 'string' ? argument : choice?.finding.split('|', 1)[0];
  if (id !== undefined && id in FINDINGS) await session.doctor.explain(id as FindingId);
};

export const applyFix: Handler = async (session, argument) => {
  const fix = isCauseChoice(argument) ? fixOfCause(session, argument) : await fixOfFinding(session, argument);
  if (fix === undefined) return;
  if (fix.kind === 'command') await runCommand(fix.command);
  else await applyEditsOf(session, fix);
  await session.doctor.check();
};

async function fixOfFinding(session: WindowSession, argument: unknown): Promise<Fix | undefined> {
  const choice = choiceOf(argument);
  const finding = choice === undefined ? undefined : findingOf(session, choice.finding);
  if (finding === undefined) return undefined;
  return choice?.fix === undefined ? pickFix(finding) : finding.fixes.find(({ id }) => id === choice.fix);
}

/** Of a failure of an update, or of a line of a log. */
function fixOfCause(session: WindowSession, { cause, fix: id }: CauseChoice): Fix | undefined {
  const { project } = session.projects;
  const fix = fixesFor(cause, project?.idfVersion).find((one) => one.id === id);
  // the options of Espressif's examples are theirs: another project has the value in its code
  const foreign =
    fix?.kind === 'setOptions'
      ? Object.keys(fix.options).find(
          (name) => name.startsWith('EXAMPLE_') && project?.config.origin(name) === undefined,
        )
      : undefined;
  if (foreign === undefined) return fix;
  void showInformationMessage(
    l10n.t('{0} has no option CONFIG_{1}: change the value in its code.', project?.name ?? '', foreign),
  );
  return undefined;
}

/** One fix is taken at once, of several the user picks. */
async function pickFix(finding: Finding): Promise<Fix | undefined> {
  if (finding.fixes.length <= 1) return finding.fixes[0];
  const items = finding.fixes.map((fix) => ({ label: fixTitle(fix), detail: needsText(fix.needs), fix }));
  const chosen = await window.showQuickPick(items, { title: findingText(finding) });
  return chosen?.fix;
}

/** Files that this window has saved a copy of, so that what was there before the first fix is kept, and only that. */
const savedOnce = new Set<string>();

async function applyEditsOf(session: WindowSession, fix: Fix): Promise<void> {
  const project = requireProject(session);
  const paths = filesOfFix(fix, project);
  await saveOpen((path) => paths.includes(path));
  const texts = new Map<string, string>();
  for (const path of paths) {
    const text = await readTextExactly(session.files, path);
    if (text !== undefined) texts.set(path, text);
  }
  const edits = editsOfFix(fix, project, texts);
  const backups = await applyEdits(edits, session.files, { keepBackups: (path) => !savedOnce.has(path) });
  for (const { path } of edits) savedOnce.add(path);
  await session.projects.reload();
  const names = edits.map(({ path }) => basename(path)).join(', ');
  session.log.info(`fix ${fix.id}: ${names}${backups.length === 0 ? '' : `, kept ${backups.join(', ')}`}`);
  if (edits.length > 0) tellApplied(session, fix, edits, names);
}

function tellApplied(session: WindowSession, fix: Fix, edits: readonly FileEdit[], names: string): void {
  const build = l10n.t('Build Firmware');
  const undo = l10n.t('Undo');
  const canUndo = edits.every(({ before }) => before !== undefined);
  const actions = [...(fix.needs.includes('rebuild') ? [build] : []), ...(canUndo ? [undo] : [])];
  const message = [l10n.t('{0}: changed in {1}.', fixTitle(fix), names), needsText(fix.needs)].filter(
    (one) => one !== '',
  );
  onAnswer(
    showInformationMessage(message.join(' '), ...actions),
    (answer) => (answer === build ? runCommand('buildFirmware') : undoFix(session, edits)),
    session.log,
  );
}

async function undoFix(session: WindowSession, edits: readonly FileEdit[]): Promise<void> {
  const back = edits.flatMap(({ path, before, after }) =>
    before === undefined ? [] : [{ path, before: after, after: before }],
  );
  // what an editor holds unsaved was written on the fix: it stays
  await saveOpen((path) => back.some((edit) => edit.path === path));
  await applyEdits(back, session.files);
  await session.projects.reload();
  await session.doctor.check();
}
