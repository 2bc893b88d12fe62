import { l10n, window, workspace } from 'vscode';
import { showInformationMessage } from './messages.ts';
import { unlessCancelled } from '../base/abort.ts';
import { OtaError, isOtaError } from '../base/ota-error.ts';
import type { IdfProject } from '../idf/project.ts';
import { applyBump, bumpPaths, planBump, type BumpPlan } from '../idf/version-bump.ts';
import { blockingFindings } from '../ota/blockers.ts';
import { buildFacts, subjectOf } from '../ota/update-subject.ts';
import type { VirtualDevice } from '../ota/virtual-device.ts';
import type { DeliverSteps, Published, WorkResult } from '../ota/deliver.ts';
import { realBoards, type ChosenBoards, type PrepareBoards } from '../ota/delivery-boards.ts';
import { versionRefusal } from '../ota/version-refusal.ts';
import { isBuilding, runBuild } from './build-task.ts';
import { boardAccess, chosenBoards, rolledBackVersions, runningVersions, virtualBoards } from './delivery-boards.ts';
import { findingKey } from './finding-key.ts';
import { findingText } from '../texts/finding-texts.ts';
import { fixTitle } from '../texts/finding-texts/fixes.ts';
import { saveOpen } from './save-open.ts';
import { readSettings, writeSetting } from './settings.ts';
import { withToken } from './signal.ts';
import type { WindowSession } from './window-session.ts';

export interface StepOptions {
  /** Whatever was found. */
  readonly isUnchecked?: boolean;
  /** Somebody else than the user began it, and may give it up while the user is asked: the question goes away then. */
  readonly isForAgent?: boolean;
}

/** What a delivery does before a board is told, in this window: for the boards that are chosen at the moment. */
export function deliverySteps(
  session: WindowSession,
  { isUnchecked = false, isForAgent = false }: StepOptions = {},
): DeliverSteps {
  const chosen = chosenBoards(session);
  const boards: PrepareBoards =
    chosen.kind === 'virtual'
      ? () => virtualBoards(session, chosen.isChosen)
      : realBoards(chosen, boardAccess(session));
  return {
    check: async () => {
      // a virtual board has to run the old version before the new one is built
      await saveEdits(session);
      await session.projects.reload();
      const { project } = session.projects;
      const needsBoard = chosen.kind === 'virtual' && session.board.boards.length === 0;
      if (needsBoard && project?.app?.image?.description !== undefined) await session.board.attach();
      return isUnchecked ? { isSkipped: true } : checked(session, chosen, false);
    },
    bump: (signal) => bump(session, chosen, isForAgent ? pickAnswer : dialogAnswer, signal),
    build: (signal) => build(session, signal),
    checkImage: () => (isUnchecked ? Promise.resolve({ isSkipped: true }) : checked(session, chosen, true)),
    publish: (signal) => publish(session, boards, true, signal),
  };
}

/** What is being edited counts too: the build would save it, unless the user does not want that. */
async function saveEdits({ projects }: WindowSession): Promise<void> {
  const isBuilt = readSettings(projects.workspaceFolder()).values['deliver.build'];
  const saves = workspace.getConfiguration('task', null).get<string>('saveBeforeRun') === 'always';
  if (isBuilt && saves) await workspace.saveAll(false);
}

/** What a rehearsal does: it takes what is built, and updates the first virtual board. */
export function rehearsalSteps(
  session: WindowSession,
  { asksAddress = true }: { readonly asksAddress?: boolean } = {},
): Pick<DeliverSteps, 'publish'> {
  return {
    publish: async (signal) => {
      await session.board.attach();
      const isChosen = (device: VirtualDevice): boolean => device === session.board.board;
      const boards = (): ReturnType<PrepareBoards> => virtualBoards(session, isChosen);
      return publish(session, boards, asksAddress, signal);
    },
  };
}

function requireProject({ projects }: WindowSession): IdfProject {
  const { project } = projects;
  if (project === undefined) throw new OtaError('command.noProject', {});
  return project;
}

/** @param isBuilt false before the build, which puts some things right
 * @throws {OtaError} `deliver.blocked` for what would make the update fail */
async function checked(session: WindowSession, { trigger }: ChosenBoards, isBuilt: boolean): Promise<WorkResult> {
  const isAsBuilt = isBuilt || !readSettings(session.projects.workspaceFolder()).values['deliver.build'];
  const errors = blockingFindings(await session.doctor.check(), { isBuilt: isAsBuilt, trigger });
  const [first] = errors;
  if (first === undefined) return {};
  const [fix] = first.fixes;
  throw new OtaError('deliver.blocked', {
    finding: findingKey(first),
    message: findingText(first),
    fix: fix?.id ?? '',
    fixTitle: fix === undefined ? '' : fixTitle(fix),
    count: errors.length,
  });
}

/** @throws {OtaError} `cancelled` when the question is not answered; those of `planBump` and `applyBump` */
async function bump(session: WindowSession, chosen: ChosenBoards, ask: Ask, signal: AbortSignal): Promise<WorkResult> {
  const project = requireProject(session);
  const scope = session.projects.workspaceFolder();
  const { values } = readSettings(scope);
  const version = project.version.value;
  const isSimulated = chosen.kind === 'virtual' && values['virtualBoard.client'] !== 'auto';
  const refusal = versionRefusal({
    version,
    client: isSimulated ? values['virtualBoard.client'] : project.sources.clientKind,
    skipsVersionCheck: project.ota.skipsVersionCheck === true,
    runningVersions: runningVersions(session, chosen),
    rolledBackVersions: rolledBackVersions(session),
  });
  const isWanted = values['deliver.build'] && values['deliver.bumpVersion'] !== 'never';
  if (version === undefined || refusal === undefined || !isWanted) return { isSkipped: true };
  const paths = bumpPaths(project);
  if (await saveOpen((path) => paths.includes(path))) {
    // it may be another version that is to be raised, or none
    await session.projects.reload();
    return bump(session, chosen, ask, signal);
  }
  const plan = await nextPatch(project, session);
  if (plan === undefined) return { isSkipped: true };
  if (values['deliver.bumpVersion'] === 'ask' && !(await asksToRaise(refusal, plan, version, scope, ask, signal)))
    return { isSkipped: true };
  await applyBump(plan, session.files);
  await session.projects.reload();
  return { note: `${version} → ${plan.to}` };
}

/** The next version, where one can be counted up; the board will say so of one that can't. */
async function nextPatch(project: IdfProject, { files }: WindowSession): Promise<BumpPlan | undefined> {
  try {
    return await planBump(project, { kind: 'patch' }, files);
  } catch (error) {
    if (isOtaError(error, 'version.notSemantic') || isOtaError(error, 'version.noPlace')) return undefined;
    throw error;
  }
}

/** A question with its answers; undefined where none was given.
 * @throws {OtaError} `cancelled` */
type Ask = (
  question: string,
  detail: string,
  answers: readonly string[],
  signal: AbortSignal,
) => Promise<string | undefined>;

/** For the user, who has begun it: nothing else can be done before there is an answer. */
const dialogAnswer: Ask = (question, detail, answers, signal) => {
  const shown = showInformationMessage(question, { modal: true, detail }, ...answers);
  // a dialog can't be taken back: what is answered later counts for nothing
  return unlessCancelled(Promise.resolve(shown), 'bump', signal);
};

/** Goes away when the signal is aborted. */
const pickAnswer: Ask = (title, placeHolder, answers, signal) =>
  withToken(signal, (token) => window.showQuickPick(answers, { title, placeHolder, ignoreFocusOut: true }, token));

async function asksToRaise(
  refusal: 'runsAlready' | 'rolledBack',
  plan: BumpPlan,
  version: string,
  scope: Parameters<typeof writeSetting>[2],
  ask: Ask,
  signal: AbortSignal,
): Promise<boolean> {
  const raise = l10n.t('Raise to {0}', plan.to);
  const keep = l10n.t('Keep {0}', version);
  const question =
    refusal === 'runsAlready'
      ? l10n.t('The board runs {0} already and would refuse it.', version)
      : l10n.t('The board went back from {0} before and would refuse it.', version);
  const detail = l10n.t('Your answer is remembered in the setting esp32Ota.deliver.bumpVersion.');
  const answer = await ask(question, detail, [raise, keep], signal);
  if (answer === undefined) throw new OtaError('cancelled', { what: 'bump' });
  await writeSetting('deliver.bumpVersion', answer === raise ? 'always' : 'never', scope);
  return answer === raise;
}

/** @throws {OtaError} `build.failed`, `build.noEnvironment`, `deliver.building`, `cancelled` */
async function build(session: WindowSession, signal: AbortSignal): Promise<WorkResult> {
  const project = requireProject(session);
  const scope = session.projects.workspaceFolder();
  if (!readSettings(scope).values['deliver.build']) return { isSkipped: true };
  if (isBuilding(project.folder)) throw new OtaError('deliver.building', { path: project.folder });
  await runBuild(project.folder, scope, signal);
  await session.projects.reload();
  const built = session.projects.project?.app?.image?.description?.version;
  return built === undefined ? {} : { note: built };
}

/** @throws {OtaError} `command.noImage`, those of the server's start and of the boards */
async function publish(
  session: WindowSession,
  prepareBoards: PrepareBoards,
  asksAddress: boolean,
  signal: AbortSignal,
): Promise<Published> {
  const { server, certificates } = session;
  const project = requireProject(session);
  const description = project.app?.image?.description;
  if (description === undefined) throw new OtaError('command.noImage', { path: project.folder });
  if (asksAddress && server.state.kind === 'off' && certificates.needsPick())
    await unlessCancelled(certificates.pickAddress(signal), 'publish', signal);
  await server.start(signal);
  const release = await server.published();
  const url = release === undefined ? undefined : server.urlOf(release);
  if (release === undefined || url === undefined) throw new OtaError('command.noImage', { path: project.folder });
  const boards = await prepareBoards(release.version);
  return { subject: subjectOf(release, buildFacts(project)), url, boards };
}
