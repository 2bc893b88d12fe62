import { l10n, window, workspace, type LogOutputChannel } from 'vscode';
import { showWarningMessage } from '../messages.ts';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { FileStore } from '../../base/files.ts';
import { isOtaError, OtaError } from '../../base/ota-error.ts';
import { tlsFragmentBytes } from '../../idf/tls-fragments.ts';
import { AddedImages, type AddedImage } from '../../ota/added-images.ts';
import { ClientList, type SeenClients } from '../../ota/clients.ts';
import { PublishedBuild } from '../../ota/published-build.ts';
import type { FaultChange, FaultState } from '../../server/faults/fault-switch.ts';
import type { FaultProfile } from '../../server/faults/profiles.ts';
import type { FirmwareServer } from '../../server/firmware-server.ts';
import { ReleaseStore, type Release } from '../../server/release-store.ts';
import { ServerSwitch, type ServerState } from '../../server/server-switch.ts';
import type { TransferEvent } from '../../server/transfer-events.ts';
import { errorMessage } from '../error-message.ts';
import { reportError } from '../report-error.ts';
import { readSettings } from '../settings.ts';
import { watchFile } from '../watch-file.ts';
import type { CertificateSession } from './certificate-session.ts';
import type { ProjectSession } from './project-session.ts';

/** The server of this window: on or off, what it serves, who came. Publishes what a build changes by itself. */
export class ServerSession implements Disposable {
  readonly releases: ReleaseStore;
  readonly #projects: ProjectSession;
  readonly #certificates: CertificateSession;
  readonly #log: LogOutputChannel;
  readonly #switch: ServerSwitch;
  readonly #build: PublishedBuild;
  readonly #changed = new Emitter<undefined>();
  readonly #transfers = new Emitter<TransferEvent>();
  readonly #store = new DisposableStore();
  readonly #added: AddedImages;
  readonly #clients = new ClientList();
  #boundTo: string | undefined;

  readonly onChange = this.#changed.event;
  readonly onTransfer = this.#transfers.event;

  constructor(projects: ProjectSession, certificates: CertificateSession, files: FileStore, log: LogOutputChannel) {
    this.#projects = projects;
    this.#certificates = certificates;
    this.#log = log;
    this.releases = this.#store.add(new ReleaseStore());
    this.#switch = this.#store.add(
      new ServerSwitch(
        {
          start: (signal) => this.#startServer(signal),
          advertisedHost: () => certificates.advertisedHost(),
          credentials: () => certificates.credentials(),
        },
        log,
      ),
    );
    this.#applySettings();
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('esp32Ota.server')) this.#applySettings();
      }),
    );
    this.#store.add(
      projects.onChange(() => {
        this.#applySettings();
      }),
    );
    this.#store.add(
      this.#switch.onChange(() => {
        this.#changed.fire(undefined);
      }),
    );
    this.#build = this.#store.add(
      new PublishedBuild({
        projects,
        server: this.#switch,
        releases: this.releases,
        files,
        notesPath: () => readSettings(projects.workspaceFolder()).values['metadata.releaseNotes'],
        onFailed: (error) => {
          if (isOtaError(error, 'manifest.badImage')) this.#logProblem(error);
          else reportError(error, log);
        },
      }),
    );
    this.#added = this.#store.add(
      new AddedImages({
        releases: this.releases,
        files,
        watch: watchFile,
        onPublished: (release, path) => {
          this.#clients.know(release);
          log.info(`published ${path} as ${release.paths.newest}, sha256 ${release.sha256}`);
          this.#changed.fire(undefined);
        },
        onFailed: (error) => {
          reportError(error, log);
        },
      }),
    );
    this.#store.add(
      this.#build.onChange(({ isNew }) => {
        const { release } = this.#build;
        if (release !== undefined) this.#clients.know(release);
        if (isNew && release !== undefined) {
          log.info(
            `published ${release.project} ${release.version} as ${release.paths.newest} and ${release.paths.pinned}, sha256 ${release.sha256}`,
          );
        }
        this.#changed.fire(undefined);
      }),
    );
    this.#store.add(
      certificates.onChange(() => {
        void this.#takeNewCertificate();
      }),
    );
  }

  /** The address that the server listens on, or is to by the settings while it is off. */
  get bindAddress(): string {
    if (this.state.kind === 'on' && this.#boundTo !== undefined) return this.#boundTo;
    return readSettings(this.#projects.workspaceFolder()).values['server.bindAddress'];
  }

  get state(): ServerState {
    return this.#switch.state;
  }

  /** The fault that is served at the moment. */
  get fault(): FaultState | undefined {
    return this.#switch.server?.fault;
  }

  get clients(): SeenClients {
    return this.#clients.clients;
  }

  get addedImages(): readonly AddedImage[] {
    return this.#added.list;
  }

  /** The release of the selected project, when it is served. */
  get projectRelease(): Release | undefined {
    return this.#build.release;
  }

  /** What firmware asks for to get this release; `undefined` while the server is off. */
  urlOf(release: Release): string | undefined {
    return this.state.kind === 'on' ? `${this.state.url}${release.paths.newest}` : undefined;
  }

  /** Starts the server, with what is there to serve. Starting twice is starting once, and it is given up when all who asked have given up.
   * @throws {OtaError} of `startFirmwareServer` and of the certificate store; `command.untrusted` */
  async start(signal?: AbortSignal): Promise<void> {
    if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
    await this.#switch.start(signal);
  }

  /** The server is off when it resolves, whatever it was doing. */
  async stop(): Promise<void> {
    await this.#switch.stop();
  }

  /** Serves with a fault from now on, in place of the one that is on, or without.
   * @param requests how often, until it goes off by itself; until it is turned off when left out
   * @throws {OtaError} of `FirmwareServer.setFault`, of the certificate store */
  async setFault(profile: FaultProfile | undefined, requests?: number): Promise<void> {
    const { server } = this.#switch;
    if (server === undefined) return;
    const [{ isCertificateFault }, { faultCredentials }] = await Promise.all([
      import('../../server/faults/profiles.ts'),
      import('../../server/faults/credentials.ts'),
    ]);
    const credentials =
      profile !== undefined && isCertificateFault(profile.id)
        ? await faultCredentials(profile.id, { ...(await this.#certificates.faultSource()), nowMs: Date.now() })
        : undefined;
    await server.setFault(profile, {
      ...(requests === undefined ? {} : { requests }),
      ...(credentials === undefined ? {} : { credentials }),
    });
  }

  /** Serves another file beside the project's application, and again whenever it changes.
   * @throws {OtaError} `file.unreadable`, `server.nameTaken`, … */
  async addImage(path: string): Promise<Release> {
    const release = await this.#added.add(path);
    this.#changed.fire(undefined);
    return release;
  }

  removeImage(path: string): void {
    this.#added.remove(path);
    // its name may be the one that the project's image has
    this.#build.publishAgain();
    this.#changed.fire(undefined);
  }

  dispose(): void {
    this.#store.dispose();
    this.#changed.dispose();
    this.#transfers.dispose();
  }

  /** Those that need no restart, of the folder that the project is in. */
  #applySettings(): void {
    const { values } = readSettings(this.#projects.workspaceFolder());
    this.releases.keep(values['server.keepReleases']);
    this.#switch.server?.configure({ allowedClients: values['server.allowPublicClients'] ? 'any' : 'private' });
  }

  async #startServer(signal: AbortSignal): Promise<FirmwareServer> {
    const { startFirmwareServer } = await import('../../server/firmware-server.ts');
    const { values } = readSettings(this.#projects.workspaceFolder());
    const protocol = values['server.protocol'];
    const credentials = protocol === 'https' ? await this.#certificates.credentials() : undefined;
    const server = await startFirmwareServer(
      {
        protocol,
        host: values['server.bindAddress'],
        port: values['server.port'],
        advertisedHost: this.#certificates.advertisedHost(),
        allowedClients: values['server.allowPublicClients'] ? 'any' : 'private',
        maxFragmentBytes: tlsFragmentBytes(this.#projects.project?.ota),
        ...(credentials === undefined ? {} : { credentials }),
        logger: this.#log,
      },
      this.releases,
      signal,
    );
    this.#boundTo = values['server.bindAddress'];
    server.onTransfer((event) => {
      this.#hear(event);
    });
    server.onFault((change) => {
      this.#hearFault(change);
    });
    this.#log.info(`serving on ${server.url}, bound to ${values['server.bindAddress']}`);
    return server;
  }

  /** The project's newest release, once everything that was built so far is published.
   * @throws {OtaError} of `publishProject`, when what is built could not be published */
  published(): Promise<Release | undefined> {
    return this.#build.settled();
  }

  #logProblem(error: OtaError): void {
    void errorMessage(error).then((message) => {
      this.#log.warn(message);
    });
  }

  #hear(event: TransferEvent): void {
    this.#clients.hear(event);
    if (event.kind !== 'progress') this.#log.info(transferLine(event));
    this.#transfers.fire(event);
    this.#changed.fire(undefined);
  }

  #hearFault(change: FaultChange): void {
    const { profile, used } = change.state;
    const values = JSON.stringify(profile.parameters);
    if (change.kind === 'on') this.#log.info(`serving with the fault ${profile.id} ${values}`);
    if (change.kind === 'off') this.#log.info(`fault ${profile.id} off (${change.why}), happened ${used} times`);
    if (change.kind === 'off' && change.why !== 'stopped') {
      void window.setStatusBarMessage(l10n.t('The server serves without a fault again.'), 10_000);
    }
    this.#changed.fire(undefined);
  }

  async #takeNewCertificate(): Promise<void> {
    try {
      await this.#switch.refresh();
    } catch (error) {
      if (isOtaError(error)) void showWarningMessage(await errorMessage(error));
    }
  }
}

/** An event as a line of the log: plain, greppable, in English like every log. */
function transferLine(event: TransferEvent): string {
  const who = `${event.client.address}:${event.client.port}`;
  switch (event.kind) {
    case 'tlsFailed':
      return `${who} TLS failed: ${event.cause} (${event.detail})`;
    case 'fault':
      return `${who} gets the fault ${event.fault}`;
    case 'refused':
      return `${who} refused: ${event.reason}`;
    case 'requested': {
      const tls = event.tls === undefined ? 'plain HTTP' : `${event.tls.version} ${event.tls.cipher}`;
      const range = event.range === undefined ? '' : ` ${event.range}`;
      return `${who} ${event.method} ${event.path}${range} → ${event.status} [${event.userAgent ?? 'no user agent'}; ${tls}]`;
    }
    case 'progress':
      return `${who} ${event.offsetBytes}/${event.totalBytes}`;
    case 'ended':
      return `${who} ${event.outcome}: ${event.sentBytes} bytes in ${event.durationMs} ms, status ${event.status}`;
  }
}
