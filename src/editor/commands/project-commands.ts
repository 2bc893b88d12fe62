import { Uri, commands, l10n, window } from 'vscode';
import { showInformationMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { basename } from 'node:path';
import { isOtaError, OtaError } from '../../base/ota-error.ts';
import type { IdfProject } from '../../idf/project.ts';
import { applyBump, bumpPaths, nextVersion, planBump, type VersionChange } from '../../idf/version-bump.ts';
import { writeMetadata } from '../../ota/publish.ts';
import { isBuilding, runBuild } from '../build-task.ts';
import { errorLine } from '../../texts/error-texts.ts';
import { saveOpen } from '../save-open.ts';
import { readSettings } from '../settings.ts';
import { sourceName } from '../views/firmware-items.ts';
import type { WindowSession } from '../window-session.ts';
import { requireProject, requireTrust, runCommand, withProgress, type Handler } from './run.ts';

export const selectProject: Handler = async (session) => {
  const { projects } = session;
  await projects.refresh();
  if (projects.folders.length === 0) throw new OtaError('command.noProject', {});
  const items = projects.folders.map((folder) => ({
    label: basename(folder),
    description: projects.nameOf(folder),
    folder,
    ...(folder === projects.project?.folder ? { detail: l10n.t('currently selected') } : {}),
  }));
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Select an ESP-IDF project'),
    matchOnDescription: true,
  });
  if (chosen !== undefined) await projects.select(chosen.folder);
};

export const refresh: Handler = async ({ projects }) => {
  await projects.refresh();
};

function raised(project: IdfProject, change: VersionChange): string | undefined {
  try {
    return nextVersion(project.version.value, project.version.source, change);
  } catch (error) {
    if (isOtaError(error)) return undefined;
    throw error;
  }
}

async function askChange(project: IdfProject): Promise<VersionChange | undefined> {
  const changes = [
    { change: { kind: 'patch' } as const, name: l10n.t('patch') },
    { change: { kind: 'minor' } as const, name: l10n.t('minor') },
    { change: { kind: 'major' } as const, name: l10n.t('major') },
    { change: { kind: 'prerelease' } as const, name: l10n.t('prerelease') },
  ];
  const raises = changes.flatMap(({ change, name }) => {
    const version = raised(project, change);
    return version === undefined ? [] : [{ label: version, description: name, change }];
  });
  const typed = { label: l10n.t('Enter a version…'), description: '', change: undefined };
  const chosen = await window.showQuickPick([...raises, typed], {
    title: l10n.t('Current version: {0}, {1}', project.version.value ?? '?', sourceName(project.version.source)),
    placeHolder: l10n.t('Select the next version'),
  });
  if (chosen === undefined || chosen.change !== undefined) return chosen?.change;
  const version = await window.showInputBox({
    title: l10n.t('New version'),
    prompt: l10n.t('31 characters at most'),
    value: project.version.value ?? '1.0.0',
    validateInput: (text) => {
      try {
        nextVersion(undefined, project.version.source, { kind: 'typed', version: text });
        return undefined;
      } catch (error) {
        return isOtaError(error) ? errorLine(error) : String(error);
      }
    },
  });
  return version === undefined ? undefined : { kind: 'typed', version };
}

/** What is being edited counts: it may set another version. */
async function saveVersion(session: WindowSession): Promise<void> {
  const paths = bumpPaths(requireProject(session));
  if (await saveOpen((path) => paths.includes(path))) await session.projects.reload();
}

export const bumpVersion: Handler = async (session) => {
  await saveVersion(session);
  const project = requireProject(session);
  const change = await askChange(project);
  if (change === undefined) return;
  const plan = await planBump(project, change, session.files);
  await applyBump(plan, session.files);
  await session.projects.reload();
  const files = plan.edits.map((edit) => basename(edit.path)).join(', ');
  session.log.info(`version ${plan.from ?? 'unknown'} → ${plan.to} in ${files}`);
  const build = l10n.t('Build Firmware');
  const message = plan.createsVersionTxt
    ? l10n.t(
        'Version {0} written to the new file {1}, which sets the version from now on. Build to apply it.',
        plan.to,
        files,
      )
    : l10n.t('Version {0} written to {1}. Build to apply it.', plan.to, files);
  onAnswer(showInformationMessage(message, build), () => runCommand('buildFirmware'), session.log);
};

export const buildFirmware: Handler = async (session) => {
  requireTrust();
  const project = requireProject(session);
  if (isBuilding(project.folder)) {
    await commands.executeCommand('workbench.action.terminal.focus');
    return;
  }
  await withProgress(l10n.t('Building {0}', project.name), async (signal) => {
    await runBuild(project.folder, session.projects.workspaceFolder(), signal);
  });
  await session.projects.reload();
  const built = session.projects.project?.app?.image?.description;
  session.log.info(`built ${built?.projectName ?? project.name} ${built?.version ?? ''}`);
};

export const buildMetadata: Handler = async (session) => {
  const project = requireProject(session);
  const { state } = session.server;
  const notes = readSettings(session.projects.workspaceFolder()).values['metadata.releaseNotes'];
  const written = await writeMetadata(project, session.files, state.kind === 'on' ? state.url : undefined, notes);
  session.log.info(`wrote ${written.manifestPath} and ${written.imagePath}`);
  const open = l10n.t('Open manifest.json');
  const { project: name, version } = written.manifest;
  onAnswer(
    showInformationMessage(l10n.t('Metadata of {0} {1} written to build/ota.', name, version), open),
    async () => {
      await window.showTextDocument(Uri.file(written.manifestPath));
    },
    session.log,
  );
};
