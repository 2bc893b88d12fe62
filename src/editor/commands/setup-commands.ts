import { l10n, ThemeIcon, window, type QuickPickItem } from 'vscode';
import { showInformationMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { basename, relative } from 'node:path';
import { isWithin } from '../../base/files.ts';
import { planSetup, setupPaths, type SetupFacts, type SetupPart, type SetupPlan } from '../../doctor/setup-plan.ts';
import { applyEdits, readTextExactly } from '../../idf/file-edit.ts';
import { boardFacts } from '../doctor-facts.ts';
import { needsText } from '../../texts/finding-texts/fixes.ts';
import { PlanPreview } from '../plan-preview.ts';
import { saveOpen } from '../save-open.ts';
import { readSettings } from '../settings.ts';
import { setupNoteText, setupStepText } from '../../texts/setup-texts.ts';
import type { WindowSession } from '../window-session.ts';
import { requireProject, runCommand, type Handler } from './run.ts';

/** What the plan looks at, read now. Makes the server's certificate when there is none yet: the project has to trust it. */
async function setupFacts(session: WindowSession): Promise<SetupFacts> {
  const project = requireProject(session);
  const texts = new Map<string, string>();
  await Promise.all(
    setupPaths(project).map(async (path) => {
      const text = await readTextExactly(session.files, path);
      if (text !== undefined) texts.set(path, text);
    }),
  );
  const { values } = readSettings(session.projects.workspaceFolder());
  const { state } = session.server;
  const protocol = state.kind === 'on' ? state.protocol : values['server.protocol'];
  const board = boardFacts(session);
  const certificate = protocol === 'https' ? await session.certificates.ensure() : undefined;
  return {
    project,
    text: (path) => texts.get(path),
    ...(board === undefined ? {} : { board }),
    server: {
      state: state.kind,
      protocol,
      port: state.kind === 'on' ? state.port : values['server.port'],
      host: session.certificates.advertisedHost(),
      bindHost: values['server.bindAddress'],
      paths: [],
    },
    ...(certificate === undefined
      ? {}
      : {
          certificate: {
            mode: values['certificate.mode'],
            certificatePem: certificate.certificatePem,
            description: certificate.description,
            ...(certificate.trustPem === undefined ? {} : { trustPem: certificate.trustPem }),
          },
        }),
  };
}

interface PartItem extends QuickPickItem {
  readonly part: SetupPart;
}

/** Asks for the parts that are wanted while the diff shows what they come to; undefined when it is called off. */
async function choose(facts: SetupFacts, whole: SetupPlan): Promise<SetupPlan | undefined> {
  const { folder, name } = facts.project;
  const preview = new PlanPreview(l10n.t('Set Up {0} for OTA', name));
  const pick = window.createQuickPick<PartItem>();
  try {
    await preview.show(whole.edits);
    pick.title = l10n.t('Set up {0} for OTA: {1} files change, as shown below', name, whole.edits.length);
    pick.placeholder = l10n.t('Uncheck what you do not want; backups are kept');
    pick.canSelectMany = true;
    // the diff can be scrolled meanwhile
    pick.ignoreFocusOut = true;
    pick.items = whole.steps.map((step) => ({
      ...setupStepText(step),
      part: step.part,
      iconPath: new ThemeIcon('diff'),
      detail: step.paths.map((path) => relative(folder, path)).join(', '),
    }));
    pick.selectedItems = pick.items;
    let plan: SetupPlan = whole;
    pick.onDidChangeSelection((items) => {
      plan = planSetup(facts, { parts: new Set(items.map(({ part }) => part)) });
      preview.update(plan.edits, whole.edits);
      pick.title = l10n.t('Set up {0} for OTA: {1} files change, as shown below', name, plan.edits.length);
    });
    return await new Promise((resolve) => {
      pick.onDidAccept(() => {
        resolve(plan);
      });
      pick.onDidHide(() => {
        resolve(undefined);
      });
      pick.show();
    });
  } finally {
    pick.dispose();
    preview.dispose();
  }
}

export const setUpForOta: Handler = async (session) => {
  const { folder } = requireProject(session);
  await saveOpen((path) => isWithin(path, folder));
  const facts = await setupFacts(session);
  const { name } = facts.project;
  const whole = planSetup(facts);
  if (whole.edits.length === 0) {
    const notes = whole.notes.map(setupNoteText).join(' ');
    void showInformationMessage(
      notes === '' ? l10n.t('{0} is set up for updates over the air: nothing to do.', name) : notes,
    );
    return;
  }
  const plan = await choose(facts, whole);
  if (plan === undefined || plan.edits.length === 0) return;
  const backups = await applyEdits(plan.edits, session.files, { keepBackups: true });
  await session.projects.reload();
  session.log.info(
    `set up for OTA: ${plan.edits.map(({ path }) => path).join(', ')}; kept ${backups.map((path) => basename(path)).join(', ')}`,
  );
  const build = l10n.t('Build Firmware');
  const text = [
    l10n.t('{0} is set up for updates over the air.', name),
    needsText(plan.needs),
    ...plan.notes.map(setupNoteText),
  ].join(' ');
  onAnswer(showInformationMessage(text, build), () => runCommand('buildFirmware'), session.log);
};
