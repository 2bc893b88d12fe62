import * as l10n from '@vscode/l10n';
import { basename, join, resolve } from 'node:path';
import { sleep } from '../base/abort.ts';
import { DisposableStore } from '../base/disposable.ts';
import { OtaError } from '../base/ota-error.ts';
import { tlsFragmentBytes } from '../idf/tls-fragments.ts';
import { certificateJson } from '../json/server-json.ts';
import { publishImage } from '../ota/publish.ts';
import { installCertificate } from '../server/install-certificate.ts';
import type { ServerCertificate } from '../server/certificate-store.ts';
import { isCertificateFault } from '../server/faults/profiles.ts';
import { startFirmwareServer, type FirmwareServer } from '../server/firmware-server.ts';
import { lanAddresses } from '../server/lan-addresses.ts';
import { ReleaseStore } from '../server/release-store.ts';
import type { CommandContext, CommandResult } from './command.ts';
import { conflict } from './conflict.ts';
import { EXIT } from './exit-codes.ts';
import { openProject, shownPath, type OpenProject } from './open-project.ts';
import { ownCertificate, type OwnCertificate } from './own-certificate-options.ts';
import { publishing, type Publishing } from './publish-builds.ts';
import { advertisedHost, serverCertificate, type ServerPlan } from './server-plan.ts';
import { readFault, setFault } from './serve-fault.ts';
import { checkProtocol } from './server-options.ts';
import { transferOutput } from './transfer-output.ts';
import { UsageError } from './usage-error.ts';

export interface ServeOptions extends ServerPlan, OwnCertificate {
  readonly 'install-certificate': boolean;
  readonly 'allow-public': boolean;
  readonly fault: string | undefined;
  readonly 'fault-requests': number | undefined;
  readonly notes: string;
  readonly keep: number;
}

/** How often it is looked for new builds. */
const LOOK_MS = 1000;
/** How often this computer's addresses are looked at, in looks. */
const ADDRESSES_EVERY = 10;

/** Runs `serve`: until the signal is aborted.
 * @throws {OtaError} those of `openProject`, of the certificate store, of the server's start; `publish.notAnApp` */
export async function serveUntilEnded(
  context: CommandContext,
  options: ServeOptions,
  operands: readonly string[],
): Promise<CommandResult> {
  const { signal, log, clock } = context;
  checkOptions(options, context.given);
  const { opened, images } = await whatToServe(context, operands);
  if (opened === undefined && context.given.has('notes'))
    throw new UsageError('usage.needsProject', l10n.t('{0} needs a project.', '--notes'), { option: 'notes' });
  const certificate = options.protocol === 'https' ? await certificateFor(context, options) : undefined;
  const caPath = await keepAuthority(context, options, certificate);
  if (options['install-certificate']) await install(context, opened, certificate);
  const store = new DisposableStore();
  try {
    const releases = store.add(new ReleaseStore({ keepPerName: options.keep, clock }));
    // what can't be served is said before anything is started
    for (const path of images) await publishImage(path, releases, context.files);
    const server = store.add(
      await startFirmwareServer(
        {
          protocol: options.protocol,
          host: options.bind,
          port: options.port,
          advertisedHost: advertisedHost(options),
          allowedClients: options['allow-public'] ? 'any' : 'private',
          maxFragmentBytes: tlsFragmentBytes(opened?.project.ota),
          ...(certificate === undefined ? {} : { credentials: certificate }),
          clock,
          logger: log,
        },
        releases,
        signal,
      ),
    );
    if (options.fault !== undefined) await setFault(context, server, options, options.fault);
    const publisher = publishing(context, { opened, images, releases, url: () => server.url, notes: options.notes });
    const output = transferOutput(context, publisher.release);
    store.add(server.onTransfer(output.show));
    tellServing(context, server, options, certificate, caPath);
    await publisher.look();
    await untilEnded(context, publisher, addressWatch(context, options, server));
    await server.stop();
    output.end();
    return { exitCode: EXIT.ok, data: { url: server.url, ...output.counts() } };
  } finally {
    store.dispose();
  }
}

/** @throws {UsageError} `usage.conflict`, `usage.unknownFault`, for what would be left out
 * @throws {OtaError} `server.faultParameter` */
function checkOptions({ protocol, certificate, fault }: ServeOptions, given: ReadonlySet<string>): void {
  checkProtocol(protocol, given);
  // a wrong certificate is made beside one of the user's own, too
  const isMade = certificate === undefined || (fault !== undefined && isCertificateFault(readFault(fault).id));
  if (given.has('key-type') && !isMade) throw conflict(['--certificate', '--key-type']);
}

/** Folders are projects, files are images. */
async function whatToServe(
  context: CommandContext,
  operands: readonly string[],
): Promise<{ readonly opened: OpenProject | undefined; readonly images: readonly string[] }> {
  const { cwd, files } = context;
  const images: string[] = [];
  const folders: string[] = [];
  for (const operand of operands) {
    const path = resolve(cwd, operand);
    const stat = await files.stat(path);
    if (stat === undefined) throw new OtaError('file.unreadable', { path, reason: 'ENOENT' });
    if (stat.isDirectory) folders.push(operand);
    else images.push(path);
  }
  const [folder, second] = folders;
  if (second !== undefined)
    throw new UsageError(
      'usage.twoProjects',
      l10n.t('One project can be served at a time: {0} or {1}.', folder ?? '', second),
    );
  const isProjectWanted = folder !== undefined || images.length === 0;
  return { opened: isProjectWanted ? await openProject(context, folder) : undefined, images };
}

async function certificateFor(context: CommandContext, options: ServeOptions): Promise<ServerCertificate> {
  const store = await context.makers.certificateStore();
  const own = ownCertificate(context.cwd, options);
  return own === undefined ? serverCertificate(store, options) : store.serverCertificate({ mode: 'own', ...own });
}

/** Writes what firmware has to embed to where it can be found. Gives the path. */
async function keepAuthority(
  { makers, files }: CommandContext,
  options: ServeOptions,
  certificate: ServerCertificate | undefined,
): Promise<string | undefined> {
  if (certificate?.trustPem === undefined || options.certificate !== undefined) return undefined;
  const path = join(makers.dataFolder, options['key-type'] === 'rsa' ? 'ca_cert.pem' : 'ca_cert-ec.pem');
  if ((await files.readText(path)) !== certificate.trustPem) await files.writeAtomic(path, certificate.trustPem, 0o644);
  return path;
}

async function install(
  { makers, files, note, noteStyle, cwd, emit }: CommandContext,
  opened: OpenProject | undefined,
  certificate: ServerCertificate | undefined,
): Promise<void> {
  if (opened === undefined || certificate === undefined)
    throw new UsageError('usage.nothingToInstall', l10n.t('--install-certificate needs a project, and HTTPS.'));
  if (certificate.trustPem === undefined)
    throw new OtaError('certificate.noRoot', { subject: certificate.description.subject });
  const store = await makers.certificateStore();
  const { outcome, path, backupPath } = await installCertificate(opened.project, certificate.trustPem, store, files);
  emit({ event: 'certificateInstalled', outcome, path, ...(backupPath === undefined ? {} : { backupPath }) });
  const shown = shownPath(cwd, path);
  const text =
    outcome === 'unchanged'
      ? l10n.t('{0} already holds the right certificate.', shown)
      : l10n.t('Installed as {0}. Build to embed it.', shown);
  const kept = backupPath === undefined ? '' : ` ${l10n.t('The previous file is kept as {0}.', basename(backupPath))}`;
  note(`${noteStyle.green('✔')} ${text}${kept}`);
}

function tellServing(
  { print, style, emit }: CommandContext,
  server: FirmwareServer,
  options: ServeOptions,
  certificate: ServerCertificate | undefined,
  caPath: string | undefined,
): void {
  emit({
    event: 'serving',
    url: server.url,
    protocol: server.protocol,
    port: server.port,
    bind: options.bind,
    ...(certificate === undefined
      ? {}
      : {
          certificate: {
            ...certificateJson(certificate.description),
            ...(caPath === undefined ? {} : { authorityPath: caPath }),
          },
        }),
  });
  print(style.bold(l10n.t('Serving on {0} (Ctrl+C ends it)', server.url)));
  if (caPath !== undefined) print(style.dim(l10n.t('Firmware has to embed this certificate: {0}', caPath)));
}

/** Looks for new builds until the signal is aborted. */
async function untilEnded(
  { signal, clock }: CommandContext,
  publisher: Publishing,
  lookAtAddresses: () => Promise<void>,
): Promise<void> {
  for (let looks = 1; ; looks++) {
    try {
      await sleep(LOOK_MS, signal, clock);
    } catch {
      return;
    }
    await publisher.look();
    if (looks % ADDRESSES_EVERY === 0) await lookAtAddresses();
  }
}

/** Another network: the certificate has to name the new addresses, and boards have to be told another URL. */
function addressWatch(context: CommandContext, options: ServeOptions, server: FirmwareServer): () => Promise<void> {
  let known = JSON.stringify(lanAddresses());
  return async () => {
    const now = JSON.stringify(lanAddresses());
    if (known === now || options.certificate !== undefined) return;
    known = now;
    const before = server.url;
    server.configure({ advertisedHost: advertisedHost(options) });
    if (server.protocol === 'https') {
      const store = await context.makers.certificateStore();
      server.configure({ credentials: await serverCertificate(store, options) });
    }
    if (server.url === before) return;
    context.emit({ event: 'urlChanged', url: server.url });
    context.print(l10n.t('The address of this computer has changed: {0}', server.url));
  };
}
