import {
  commands,
  languages,
  Range,
  RelativePattern,
  Uri,
  window,
  workspace,
  type DiagnosticCollection,
  type LogOutputChannel,
} from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import { isOtaError } from '../../base/ota-error.ts';
import type { checkSetup } from '../../doctor/check-setup.ts';
import type { DoctorFacts } from '../../doctor/facts.ts';
import type { FindingId } from '../../doctor/finding-ids.ts';
import type { Finding } from '../../doctor/finding.ts';
import { LatestCheck, type CheckOutcome } from '../../doctor/latest-check.ts';
import type { IdfProject } from '../../idf/project.ts';
import { SETTINGS_SECTION } from '../../texts/contributions.ts';
import type { FactSources, gatherFacts } from '../doctor-facts.ts';
import type { diagnosticsOf } from '../doctor-diagnostics.ts';
import { errorMessage } from '../error-message.ts';
import type { setupItems } from '../views/setup-items.ts';
import type { TreeNode } from '../views/tree-node.ts';
import type { MonitorSession } from './monitor-session.ts';

/** What changes in a burst is checked once, when it has been quiet for so long. */
const QUIET_MS = 200;
/** A board that has begun and still has not come is told of when so much has passed, a little later than the check wants. */
const NO_REQUEST_MS = 31_000;
/** What the checks look at that no snapshot of the project is made from: keys, whether Git ignores them, and what is embedded. */
const WATCHED = '**/{*.pem,*.crt,*.cer,*.der,*.key,.gitignore}';

interface DoctorRoom {
  readonly checkSetup: typeof checkSetup;
  readonly gatherFacts: typeof gatherFacts;
  readonly diagnosticsOf: typeof diagnosticsOf;
  readonly setupItems: typeof setupItems;
}

interface Sources extends FactSources {
  readonly monitors: MonitorSession;
  readonly log: LogOutputChannel;
  /** Our folder. */
  readonly extensionUri: Uri;
}

/** What stands in the way of the next update, kept up to date: checked again whenever a file of the project, the server, the certificate, this
 * computer's addresses or what is known of the board changes. Shows it in the Problems panel. */
export class DoctorSession implements Disposable {
  readonly #sources: Sources;
  readonly #changed = new Emitter<undefined>();
  readonly #store = new DisposableStore();
  readonly #diagnostics: DiagnosticCollection;
  #watched: string | undefined;
  #watch = new DisposableStore();
  #room: Promise<DoctorRoom> | undefined;
  readonly #latest = new LatestCheck();
  #items: readonly TreeNode[] = [];
  #serverKey = '';
  /** Another program had the server's port when it was asked last. */
  #isPortTaken = false;
  #connectingMs: number | undefined;
  #patience: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** Fires when the setup was checked, and when another project is selected, which was not. */
  readonly onChange = this.#changed.event;

  constructor(sources: Sources) {
    this.#sources = sources;
    const { projects, server, certificates, ports, slots, monitors } = sources;
    this.#diagnostics = this.#store.add(languages.createDiagnosticCollection('ESP32 OTA'));
    const soon = (): void => {
      this.checkSoon();
    };
    this.#store.add(this.#latest);
    this.#store.add(
      this.#latest.onChange(() => {
        this.#changed.fire(undefined);
      }),
    );
    this.#store.add(
      projects.onChange(() => {
        if (this.#outcome() === undefined) this.#forget();
        soon();
      }),
    );
    for (const event of [certificates.onChange, ports.onChange, slots.onChange]) this.#store.add(event(soon));
    this.#store.add(
      server.onChange(() => {
        // every piece of a download is a change of the server's state, too
        const key = this.#keyOfServer();
        if (key !== this.#serverKey) soon();
      }),
    );
    this.#store.add(
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTINGS_SECTION)) soon();
      }),
    );
    this.#store.add(workspace.onDidGrantWorkspaceTrust(soon));
    this.#store.add(
      monitors.onEvents(({ events }) => {
        if (events.some(({ stage }) => stage === 'otaStarted')) this.#expectRequest();
      }),
    );
  }

  /** The worst first; undefined until the setup was checked for the first time, when it could not be checked, or when there is no project. */
  get findings(): readonly Finding[] | undefined {
    const outcome = this.#outcome();
    return outcome?.kind === 'checked' ? outcome.findings : undefined;
  }

  /** The findings, or that they are not known, as rows of a view. */
  get items(): readonly TreeNode[] {
    return this.#outcome() === undefined ? [] : this.#items;
  }

  /** Checks when it has been quiet for a moment. */
  checkSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#checkUnasked();
    }, QUIET_MS);
  }

  /** Checks now, after a check that is going on. Rejects when it can't be said what stands in the way, which then is shown in place of what was
   * found before.
   * @param probe asks whether another program holds the server's port */
  check(options: { readonly probe?: boolean } = {}): Promise<readonly Finding[]> {
    clearTimeout(this.#timer);
    return this.#latest.run(
      () => {
        const { project } = this.#sources.projects;
        this.#watchFolder(project?.folder);
        if (project === undefined) this.#diagnostics.clear();
        return project;
      },
      (project) => this.#check(project, options.probe === true),
    );
  }

  /** Opens what the documentation says of a finding. */
  async explain(id: FindingId): Promise<void> {
    const page = Uri.joinPath(this.#sources.extensionUri, 'docs', 'findings.md');
    try {
      await commands.executeCommand('markdown.showPreview', page.with({ fragment: id }));
      return;
    } catch (error) {
      // an editor without the extension that shows Markdown
      this.#sources.log.debug(String(error));
    }
    const document = await workspace.openTextDocument(page);
    const line = document.getText().split('\n').indexOf(`### ${id}`);
    await window.showTextDocument(document, { selection: new Range(Math.max(0, line), 0, Math.max(0, line), 0) });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#patience);
    this.#watch.dispose();
    this.#store.dispose();
    this.#changed.dispose();
  }

  /** Nobody waits for the answer: a row says it. */
  #checkUnasked(): void {
    this.check().catch((error: unknown) => {
      this.#sources.log.error(error instanceof Error ? error : String(error));
    });
  }

  #outcome(): CheckOutcome | undefined {
    return this.#latest.of(this.#sources.projects.project?.folder);
  }

  async #check(project: IdfProject, probe: boolean): Promise<readonly Finding[]> {
    try {
      const room = await this.#doctorRoom();
      const findings = room.checkSetup(await this.#facts(room, project, probe));
      this.#items = room.setupItems(findings);
      this.#diagnostics.clear();
      // another one may have been selected meanwhile
      if (this.#sources.projects.project?.folder === project.folder)
        this.#diagnostics.set(room.diagnosticsOf(findings));
      return findings;
    } catch (error) {
      this.#items = [];
      this.#diagnostics.clear();
      const { failedItems } = await import('../views/setup-items.ts');
      this.#items = failedItems(await errorMessage(error));
      throw error;
    }
  }

  async #facts(room: DoctorRoom, project: IdfProject, probe: boolean): Promise<DoctorFacts> {
    const { certificates } = this.#sources;
    certificates.watchAddresses();
    await certificates.peek().catch((error: unknown) => {
      // told where the certificate is used
      if (!isOtaError(error)) throw error;
    });
    this.#serverKey = this.#keyOfServer();
    // what was found stays until it is over
    const facts = await room.gatherFacts(this.#sources, project, {
      probe: probe || this.#isPortTaken,
      connectingMs: this.#connectingMs,
    });
    this.#isPortTaken = facts.server?.isPortTaken === true;
    return facts;
  }

  /** Checks again when one of the files changes that {@link WATCHED} names. */
  #watchFolder(folder: string | undefined): void {
    if (folder === this.#watched) return;
    this.#watched = folder;
    this.#watch.dispose();
    this.#watch = new DisposableStore();
    if (folder === undefined) return;
    const watcher = this.#watch.add(workspace.createFileSystemWatcher(new RelativePattern(Uri.file(folder), WATCHED)));
    for (const event of [watcher.onDidCreate, watcher.onDidChange, watcher.onDidDelete])
      this.#watch.add(
        event(() => {
          this.checkSoon();
        }),
      );
  }

  #forget(): void {
    this.#diagnostics.clear();
    this.#changed.fire(undefined);
  }

  /** A board said that it begins to download. */
  #expectRequest(): void {
    this.#connectingMs = Date.now();
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      this.#checkUnasked();
    }, NO_REQUEST_MS);
  }

  /** What the checks look at of the server. */
  #keyOfServer(): string {
    const { server } = this.#sources;
    const from = this.#connectingMs ?? Infinity;
    const hasCome = [...server.clients.values()].some(({ lastSeenMs }) => lastSeenMs >= from);
    return JSON.stringify([server.state, server.releases.newest().map(({ paths }) => paths), hasCome]);
  }

  #doctorRoom(): Promise<DoctorRoom> {
    this.#room ??= (async () => {
      const [check, gather, show, rows] = await Promise.all([
        import('../../doctor/check-setup.ts'),
        import('../doctor-facts.ts'),
        import('../doctor-diagnostics.ts'),
        import('../views/setup-items.ts'),
      ]);
      return {
        checkSetup: check.checkSetup,
        gatherFacts: gather.gatherFacts,
        diagnosticsOf: show.diagnosticsOf,
        setupItems: rows.setupItems,
      };
    })();
    return this.#room;
  }
}
