import { l10n, window, type Uri } from 'vscode';
import { showInformationMessage, showWarningMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { basename } from 'node:path';
import { nameWithin } from '../../base/files.ts';
import { isOtaError, OtaError } from '../../base/ota-error.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { ServerCertificate } from '../../server/certificate-store.ts';
import { describeCertificate } from '../../server/certificate-description.ts';
import {
  CERTIFICATE_IN_PROJECT,
  installCertificate as install,
  type InstalledCertificate,
} from '../../server/install-certificate.ts';
import { writeUserSetting } from '../settings.ts';
import { dayText } from '../../texts/text.ts';
import type { WindowSession } from '../window-session.ts';
import { requireProject, runCommand, type Handler } from './run.ts';

export const createCertificate: Handler = async (session) => {
  const had = session.certificates.current;
  const first = await session.certificates.ensure();
  // the first call of a window may just have made it; a certificate that was there already is renewed
  const certificate = had === undefined && first.reason !== 'reused' ? first : await session.certificates.renew();
  session.log.info(
    `certificate ${certificate.description.subject}, ${certificate.reason}, SHA-256 ${certificate.description.fingerprint}`,
  );
  // a certificate of the user's own may be self-signed too
  const isEmbedded = certificate.trustPem === certificate.certificatePem;
  const until = dayText(certificate.description.validToMs);
  const message = isEmbedded
    ? l10n.t(
        'Certificate valid until {0}. It is self-signed, so firmware has to embed it: install it into the project and build.',
        until,
      )
    : l10n.t('Certificate valid until {0}. Firmware that embeds its authority needs no rebuild.', until);
  offerInstall(session, message);
};

function offerInstall(session: WindowSession, message: string): void {
  const actions = session.projects.project === undefined ? [] : [l10n.t('Install into Project')];
  onAnswer(showInformationMessage(message, ...actions), () => runCommand('installCertificate'), session.log);
}

function requireTrustPem(certificate: ServerCertificate): string {
  if (certificate.trustPem === undefined)
    throw new OtaError('certificate.noRoot', { subject: certificate.description.subject });
  return certificate.trustPem;
}

/** What lies outside of the project, other projects may embed too: the user is asked. Undefined when it is not wanted. */
async function installWhereAgreed(
  session: WindowSession,
  project: IdfProject,
  pem: string,
): Promise<InstalledCertificate | undefined> {
  const store = await session.certificateStore();
  try {
    return await install(project, pem, store, session.files);
  } catch (error) {
    if (!isOtaError(error, 'file.outside')) throw error;
  }
  const { path } = project.certificate;
  const replace = l10n.t('Install There');
  const answer = await showWarningMessage(
    l10n.t('{0} embeds a certificate from outside of its folder: install this server’s there?', project.name),
    { modal: true, detail: l10n.t('{0}\nOther projects may embed it too. What is there is kept beside it.', path) },
    replace,
  );
  return answer === replace ? install(project, pem, store, session.files, { outside: true }) : undefined;
}

export const installCertificate: Handler = async (session) => {
  const project = requireProject(session);
  const pem = requireTrustPem(await session.certificates.ensure());
  const installed = await installWhereAgreed(session, project, pem);
  if (installed === undefined) return;
  await session.projects.reload();
  session.log.info(
    `certificate ${installed.outcome}: ${installed.path}${installed.backupPath === undefined ? '' : `, kept ${installed.backupPath}`}`,
  );
  const file = nameWithin(installed.path, project.folder);
  if (installed.outcome === 'unchanged') {
    void showInformationMessage(l10n.t('{0} already holds the right certificate.', file));
    return;
  }
  const kept =
    installed.backupPath === undefined
      ? ''
      : ` ${l10n.t('The previous file is kept as {0}.', basename(installed.backupPath))}`;
  const build = l10n.t('Build Firmware');
  const message = `${l10n.t('Installed as {0}. Builds embed it from now on.', file)}${kept}`;
  onAnswer(showInformationMessage(message, build), () => runCommand('buildFirmware'), session.log);
};

/** A certificate as text: what a person checks, then the PEM itself. */
function describe(title: string, pem: string): string {
  const { subject, issuer, names, validFromMs, validToMs, fingerprint, key } = describeCertificate(pem);
  const size = key.bits === undefined ? (key.curve ?? '') : String(key.bits);
  return [
    title,
    '',
    `${l10n.t('Subject')}: ${subject}`,
    `${l10n.t('Issuer')}: ${issuer}`,
    `${l10n.t('Key')}: ${key.kind} ${size}`,
    `${l10n.t('Valid')}: ${new Date(validFromMs).toISOString()} – ${new Date(validToMs).toISOString()}`,
    `${l10n.t('Names (SAN)')}: ${names.map((name) => `${name.kind}:${name.value}`).join(', ') || '–'}`,
    `SHA-256: ${fingerprint.match(/../g)?.join(':').toUpperCase() ?? ''}`,
    '',
    pem.trim(),
    '',
  ].join('\n');
}

export const showCertificate: Handler = async (session) => {
  const certificate = await session.certificates.ensure();
  const { project } = session.projects;
  const embedded =
    project === undefined ? CERTIFICATE_IN_PROJECT.join('/') : nameWithin(project.certificate.path, project.folder);
  const parts = [describe(l10n.t('The server’s certificate'), certificate.certificatePem)];
  if (certificate.trustPem !== undefined && certificate.trustPem !== certificate.certificatePem) {
    parts.push(
      describe(l10n.t('The authority’s certificate, which firmware embeds ({0})', embedded), certificate.trustPem),
    );
  }
  await session.showText('certificate.txt', parts.join('\n'));
};

async function pickFile(title: string): Promise<Uri | undefined> {
  const [file] =
    (await window.showOpenDialog({
      title,
      openLabel: l10n.t('Use'),
      filters: { PEM: ['pem', 'crt', 'cer', 'key'], [l10n.t('All files')]: ['*'] },
    })) ?? [];
  return file;
}

export const useOwnCertificate: Handler = async (session) => {
  const certificate = await pickFile(l10n.t('Your server certificate, with its chain (PEM)'));
  if (certificate === undefined) return;
  const key = await pickFile(l10n.t('Its private key (PEM), kept outside the workspace'));
  if (key === undefined) return;
  const store = await session.certificateStore();
  // checked before anything is written to the settings
  await store.serverCertificate({ mode: 'own', certificatePath: certificate.fsPath, keyPath: key.fsPath });
  await writeUserSetting('certificate.ownCertificate', certificate.fsPath);
  await writeUserSetting('certificate.ownKey', key.fsPath);
  await writeUserSetting('certificate.mode', 'own');
  const used = await session.certificates.ensure();
  offerInstall(session, l10n.t('The server now uses the certificate {0}.', used.description.subject));
};
