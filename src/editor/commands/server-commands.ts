import { Uri, env, l10n, window } from 'vscode';
import { showInformationMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { basename, dirname } from 'node:path';
import { OtaError } from '../../base/ota-error.ts';
import type { Release } from '../../server/release-store.ts';
import { loadProject } from '../../idf/project-loader.ts';
import { readSettings, writeSetting } from '../settings.ts';
import type { WindowSession } from '../window-session.ts';
import { requireTrust, type Handler } from './run.ts';

export const startServer: Handler = async (session) => {
  requireTrust();
  if (session.certificates.needsPick()) await session.certificates.pickAddress();
  await session.server.start();
};

/** Asks for another port, writes it to the settings and starts. Firmware built with the old one has to be told: the way out says so. */
export const changePort: Handler = async (session) => {
  requireTrust();
  const scope = session.projects.workspaceFolder();
  const current = readSettings(scope).values['server.port'];
  const typed = await window.showInputBox({
    title: l10n.t('Port of the OTA server'),
    prompt: l10n.t('Firmware has the port in its URL: change it there too and build.'),
    value: String(current + 1),
    validateInput: (text) => (isPort(text) ? undefined : l10n.t('A port is a number from 1 to 65535.')),
  });
  if (typed === undefined) return;
  await writeSetting('server.port', Number(typed), scope);
  await session.server.stop();
  await startServer(session);
};

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

export const stopServer: Handler = async ({ server }) => {
  await server.stop();
};

export const toggleServer: Handler = async (session) => {
  if (session.server.state.kind === 'off') await startServer(session);
  else await session.server.stop();
};

/** Applications that projects of the workspace have built, but the selected one's. */
async function builtElsewhere(
  session: WindowSession,
): Promise<readonly { label: string; description: string; path: string }[]> {
  const others = session.projects.folders.filter((folder) => folder !== session.projects.project?.folder);
  const projects = await Promise.all(others.map((folder) => loadProject(folder, session.files)));
  return projects.flatMap(({ app, folder }) =>
    app === undefined
      ? []
      : [
          {
            label: basename(app.path),
            description: `${app.image?.description?.version ?? ''} · ${session.projects.nameOf(folder)}`,
            path: app.path,
          },
        ],
  );
}

export const serveImage: Handler = async (session) => {
  requireTrust();
  const browse = { label: l10n.t('Choose a file…'), description: '', path: undefined };
  const built = await builtElsewhere(session);
  const chosen =
    built.length === 0
      ? browse
      : await window.showQuickPick([...built, browse], {
          title: l10n.t('Select another image to serve'),
          placeHolder: l10n.t('The selected project’s own image is always served.'),
        });
  if (chosen === undefined) return;
  const path = chosen.path ?? (await browseImage(session));
  if (path === undefined) return;
  const release = await session.server.addImage(path);
  if (session.server.state.kind !== 'on') await startServer(session);
  const url = session.server.urlOf(release);
  if (url !== undefined) offerCopy(session, l10n.t('{0} is served at {1}', release.name, url), url);
};

async function browseImage(session: WindowSession): Promise<string | undefined> {
  const start = session.projects.project?.buildFolder ?? session.projects.project?.folder;
  const [file] =
    (await window.showOpenDialog({
      title: l10n.t('Firmware image to serve'),
      openLabel: l10n.t('Serve'),
      filters: { [l10n.t('Firmware')]: ['bin'], [l10n.t('All files')]: ['*'] },
      ...(start === undefined ? {} : { defaultUri: Uri.file(dirname(start)) }),
    })) ?? [];
  return file?.fsPath;
}

function offerCopy({ log }: WindowSession, message: string, url: string): void {
  onAnswer(showInformationMessage(message, l10n.t('Copy URL')), () => env.clipboard.writeText(url), log);
}

export const stopServing: Handler = async ({ server }, row) => {
  const named = typeof row === 'object' && row !== null && 'payload' in row ? row.payload : undefined;
  const images = server.addedImages;
  const chosen =
    images.find((one) => one.name === named) ??
    (await window.showQuickPick(
      images.map((one) => ({ label: one.name, description: one.path, path: one.path })),
      { title: l10n.t('Select the image to stop serving') },
    ));
  if (chosen !== undefined) server.removeImage(chosen.path);
};

export const selectAdvertisedAddress: Handler = async ({ certificates, projects }) => {
  const set = readSettings(projects.workspaceFolder()).values['server.advertisedHost'].trim();
  if (set !== '') throw new OtaError('server.addressFixed', { host: set });
  await certificates.pickAddress();
};

export const copyFirmwareUrl: Handler = async ({ server }, row) => {
  const release = await releaseFor(server.releases.newest(), row);
  const url = release === undefined ? undefined : server.urlOf(release);
  if (url === undefined) return;
  await env.clipboard.writeText(url);
  void window.setStatusBarMessage(l10n.t('Copied {0}', url), 5000);
};

async function releaseFor(releases: readonly Release[], row: unknown): Promise<Release | undefined> {
  const named = typeof row === 'object' && row !== null && 'payload' in row ? row.payload : undefined;
  const found = releases.find((one) => one.name === named);
  if (found !== undefined || releases.length < 2) return found ?? releases[0];
  const items = releases.map((release) => ({ label: release.name, description: release.version, release }));
  return (await window.showQuickPick(items, { title: l10n.t('Select the image whose URL to copy') }))?.release;
}

export const showServerLog: Handler = ({ log }) => {
  log.show();
};
