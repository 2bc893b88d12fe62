import { Uri, commands, l10n, window, workspace, type Progress } from 'vscode';
import { showErrorMessage, showInformationMessage, showWarningMessage } from '../messages.ts';
import { join } from 'node:path';
import { OtaError } from '../../base/ota-error.ts';
import type { Delivery } from '../../ota/delivery.ts';
import { TROUBLES, type TroubleName } from '../../ota/board-trouble.ts';
import type { Timeline } from '../../ota/update-state.ts';
import { misbehaviourText, virtualName } from '../../texts/board-names.ts';
import { causeFixes } from '../cause-fixes.ts';
import { VIEWS } from '../../texts/contributions.ts';
import { deliverySteps, rehearsalSteps } from '../delivery-steps.ts';
import type { WayOut } from '../../texts/error-texts/error-text.ts';
import { follow, onAnswer, reportError, titleOf } from '../report-error.ts';
import type { DeliveryResult } from '../sessions/deliver-session.ts';
import { percentText, rateText } from '../../texts/text.ts';
import { deliveryText, deliveryTitle, workName, workOutcomeText } from '../../texts/delivery-texts.ts';
import { stepName, verdictText } from '../../texts/timeline-texts.ts';
import type { WindowSession } from '../window-session.ts';
import { requireProject, requireTrust, withProgress, type Handler } from './run.ts';
import { virtualBoardOf } from './virtual-board-row.ts';

/** Runs a delivery with a notification that shows how far it is and can cancel it.
 * @param caller cancels it too */
export async function runShown(
  session: WindowSession,
  kind: Delivery['kind'],
  title: string,
  steps: Parameters<WindowSession['deliver']['run']>[1],
  caller?: AbortSignal,
): Promise<DeliveryResult> {
  return withProgress(title, async (shown, progress) => {
    const signal = caller === undefined ? shown : AbortSignal.any([shown, caller]);
    const reporter = progressReporter(progress);
    const subscription = session.deliver.onChange(() => {
      const { running } = session.deliver;
      if (running !== undefined) reporter(running);
    });
    try {
      return await session.deliver.run(kind, steps, signal);
    } finally {
      subscription.dispose();
    }
  });
}

function progressReporter(progress: Progress<{ message?: string; increment?: number }>): (now: Delivery) => void {
  let shown = 0;
  return ({ work, updates }) => {
    const update = updates.find((one) => one.timeline.verdict === undefined);
    if (update === undefined) {
      const last = work.findLast((one) => one.outcome === 'running');
      if (last !== undefined) progress.report({ message: workName(last) });
      return;
    }
    const { download, steps } = update.timeline;
    const name = updates.length > 1 ? `${update.name}: ` : '';
    const last = steps.at(-1)?.id ?? 'published';
    const isWaiting = last === 'published' && update.trigger === 'wait';
    const step = isWaiting ? l10n.t('waiting for the board to ask') : stepName(last);
    if (download === undefined) {
      progress.report({ message: `${name}${step}` });
      return;
    }
    const percent = (100 * download.sentBytes) / download.totalBytes;
    progress.report({
      message: `${name}${step} ${percentText(download.sentBytes, download.totalBytes)}, ${rateText(download.bytesPerSecond)}`,
      increment: Math.max(0, percent - shown),
    });
    shown = percent;
  };
}

export const deliverUpdate: Handler = async (session, option) => {
  requireTrust();
  const project = requireProject(session);
  await session.deliver.load();
  await commands.executeCommand(`${VIEWS.updates}.focus`, { preserveFocus: true });
  const title = l10n.t('Delivering {0}', project.name);
  const steps = deliverySteps(session, { isUnchecked: isUnchecked(option) });
  const { delivery, error } = await runShown(session, 'delivery', title, steps);
  if (error === undefined) tell(session, delivery);
  else reportError(error, session.log);
};

/** What the button "Deliver Anyway" says. */
function isUnchecked(option: unknown): boolean {
  return typeof option === 'object' && option !== null && 'isUnchecked' in option && option.isUnchecked === true;
}

export const rehearseUpdate: Handler = async (session) => {
  requireTrust();
  requireProject(session);
  await commands.executeCommand(`${VIEWS.devices}.focus`);
  const title = l10n.t('Updating the virtual board');
  const { delivery, error } = await runShown(session, 'rehearsal', title, rehearsalSteps(session));
  if (error !== undefined) throw error;
  session.log.info(`rehearsal: ${JSON.stringify(delivery.updates[0]?.timeline.verdict)}`);
  tell(session, delivery);
};

export const cancelUpdate: Handler = ({ deliver }) => {
  deliver.cancel();
};

/** Says how a delivery ended, with a button for what can be done about it. */
function tell(session: WindowSession, delivery: Delivery): void {
  if (delivery.end?.kind === 'cancelled') return;
  const text = l10n.t('{0}.', deliveryText(delivery));
  const wayOuts = delivery.held === undefined ? fixesOf(delivery) : [];
  const titles = wayOuts.map(titleOf);
  const console = l10n.t('Show Console');
  const buttons = delivery.updates.some((one) => one.trigger === 'virtual') ? [...titles, console] : titles;
  const show = isGood(delivery) ? showInformationMessage : showErrorMessage;
  onAnswer(
    show(text, ...buttons),
    async (answer) => {
      const wayOut = wayOuts[titles.indexOf(answer)];
      if (wayOut !== undefined) await follow(wayOut);
      else session.showConsole();
    },
    session.log,
  );
}

function isGood({ updates, held }: Delivery): boolean {
  const good = new Set(['confirmed', 'delivered']);
  return held === undefined && updates.every(({ timeline }) => good.has(timeline.verdict?.outcome ?? ''));
}

function fixesOf({ updates }: Delivery): readonly WayOut[] {
  const causes = updates.flatMap(({ timeline }) => causeOf(timeline) ?? []);
  return causes
    .flatMap((cause) => causeFixes(cause))
    .filter((one, index, all) => all.findIndex((other) => titleOf(other) === titleOf(one)) === index);
}

function causeOf({ verdict }: Timeline): string | undefined {
  return verdict !== undefined && 'failure' in verdict ? verdict.failure.cause : undefined;
}

/** The delivery of a row, or one that is picked. */
async function deliveryOf(session: WindowSession, row: unknown): Promise<Delivery | undefined> {
  await session.deliver.load();
  const named = typeof row === 'object' && row !== null && 'payload' in row ? row.payload : undefined;
  const { deliveries } = session.deliver;
  const found = typeof named === 'string' ? session.deliver.find(named) : undefined;
  if (found !== undefined || deliveries.length < 2) return found ?? deliveries[0];
  const items = deliveries.map((delivery) => ({
    label: deliveryTitle(delivery),
    description: deliveryText(delivery),
    delivery,
  }));
  return (await window.showQuickPick(items, { title: l10n.t('Select the update to export') }))?.delivery;
}

async function saveText(session: WindowSession, suggested: string, text: string): Promise<void> {
  const folder = session.projects.project?.folder ?? workspace.workspaceFolders?.[0]?.uri.fsPath;
  const target = await window.showSaveDialog({
    title: l10n.t('Export the update'),
    ...(folder === undefined ? {} : { defaultUri: Uri.file(join(folder, suggested)) }),
  });
  if (target === undefined) return;
  await session.files.writeAtomic(target.fsPath, text);
  await window.showTextDocument(target);
}

function fileName({ version, project, startedMs }: Delivery, extension: string): string {
  const time = new Date(startedMs).toISOString().slice(0, 19).replaceAll(':', '');
  return `${project}-${version ?? 'update'}-${time}.${extension}`.replaceAll(/[^\w.-]+/g, '-');
}

export const exportUpdateMarkdown: Handler = async (session, row) => {
  const delivery = await deliveryOf(session, row);
  if (delivery === undefined) return;
  const [{ updateMarkdown }, { reportWords }] = await Promise.all([
    import('../../ota/update-report.ts'),
    import('../../texts/report-words.ts'),
  ]);
  await saveText(session, fileName(delivery, 'md'), updateMarkdown(delivery, reportWords()));
};

export const exportUpdateJson: Handler = async (session, row) => {
  const delivery = await deliveryOf(session, row);
  if (delivery === undefined) return;
  const { updateJson } = await import('../../ota/update-report.ts');
  await saveText(session, fileName(delivery, 'json'), updateJson(delivery));
};

export const clearUpdates: Handler = async (session) => {
  const { name } = requireProject(session);
  const clear = l10n.t('Clear');
  const answer = await showWarningMessage(
    l10n.t('Forget what became of all updates of {0}?', name),
    { modal: true, detail: l10n.t('What runs on the boards stays as it is.') },
    clear,
  );
  if (answer === clear) await session.deliver.clear();
};

export const misbehaveVirtualBoard: Handler = async (session, row) => {
  requireTrust();
  const number = await virtualBoardOf(session, row, l10n.t('Select the virtual board'));
  const board = session.board.boards.find((one) => one.number === number);
  if (session.board.boards.length === 0) throw new OtaError('trigger.noBoard', { trigger: 'virtual' });
  if (board === undefined) return;
  const items = (Object.keys(TROUBLES) as TroubleName[]).map((trouble) => ({
    label: misbehaviourText(trouble),
    ...(trouble === board.trouble ? { description: l10n.t('now') } : {}),
    trouble,
  }));
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('What {0} does wrong', virtualName(board.number)),
  });
  if (chosen !== undefined) session.board.misbehave(board.number, chosen.trouble);
};

/** For the task: runs a delivery and tells its steps as lines. Gives whether all went well. */
export async function deliverAsTask(session: WindowSession, say: (line: string) => void): Promise<boolean> {
  requireTrust();
  const project = requireProject(session);
  await session.deliver.load();
  const told = new Set<string>();
  const tellOnce = (line: string): void => {
    if (told.has(line)) return;
    told.add(line);
    say(line);
  };
  const subscription = session.deliver.onChange(() => {
    const { running } = session.deliver;
    for (const one of running?.work ?? []) if (one.outcome !== 'running') tellOnce(workLine(one));
    for (const { name, timeline } of running?.updates ?? []) {
      for (const step of timeline.steps) if (step.outcome !== 'running') tellOnce(`${name}: ${stepName(step.id)}`);
      if (timeline.verdict !== undefined) tellOnce(`${name}: ${verdictText(timeline)}`);
    }
  });
  try {
    const title = l10n.t('Delivering {0}', project.name);
    const { delivery, error } = await runShown(session, 'delivery', title, deliverySteps(session));
    if (error !== undefined) throw error;
    say(deliveryText(delivery));
    return delivery.end?.kind === 'finished' && isGood(delivery);
  } finally {
    subscription.dispose();
  }
}

function workLine(work: Delivery['work'][number]): string {
  const isPlain = work.outcome === 'done';
  return [workName(work), isPlain ? work.note : workOutcomeText(work.outcome)].filter(Boolean).join(': ');
}
