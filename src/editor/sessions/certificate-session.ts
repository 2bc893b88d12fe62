import { l10n, window, workspace, type Memento, type WorkspaceFolder } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import { watchAddresses } from '../../server/address-watch.ts';
import { advertisedHost, isHostChosen, LOOPBACK, needsPick, type HostChoice } from '../../server/advertised-host.ts';
import { CertificateInUse } from '../../server/certificate-in-use.ts';
import type { CertificateStore, ServerCertificate, ServerCertificateRequest } from '../../server/certificate-store.ts';
import type { ServerCredentials } from '../../server/firmware-server.ts';
import type { CertificateSource } from '../../server/faults/credentials.ts';
import { servedAddresses, serverNames, type LanAddress } from '../../server/lan-addresses.ts';
import { readSettings } from '../settings.ts';
import { withToken } from '../signal.ts';
import type { ProjectSession } from './project-session.ts';

const PICKED = 'advertisedAddress';

/** The server's certificate as the settings want it, and the address that firmware is told: what is set, picked and shown in VS Code. */
export class CertificateSession implements Disposable {
  readonly #store: () => Promise<CertificateStore>;
  readonly #memento: Memento;
  readonly #changed = new Emitter<undefined>();
  readonly #subscriptions = new DisposableStore();
  readonly #inUse: CertificateInUse;
  readonly #projects: Pick<ProjectSession, 'onChange' | 'workspaceFolder'>;
  #watch: Disposable | undefined;
  /** What the settings ask for, as far as they were looked at last. */
  #asked: string;

  /** Fires when another certificate or another address is to be used. */
  readonly onChange = this.#changed.event;

  /** @param projects the one selected: settings of its folder count */
  constructor(
    store: () => Promise<CertificateStore>,
    memento: Memento,
    projects: Pick<ProjectSession, 'onChange' | 'workspaceFolder'>,
  ) {
    this.#store = store;
    this.#memento = memento;
    this.#projects = projects;
    this.#asked = this.#ask();
    this.#inUse = this.#subscriptions.add(new CertificateInUse(store, () => this.#wanted()));
    this.#subscriptions.add(
      this.#inUse.onChange(() => {
        this.#tell();
      }),
    );
    // a server that runs takes another certificate and another address at once
    this.#subscriptions.add(
      workspace.onDidChangeConfiguration((event) => {
        if (
          event.affectsConfiguration('esp32Ota.certificate') ||
          event.affectsConfiguration('esp32Ota.server.advertisedHost')
        ) {
          this.#asked = this.#ask();
          this.#inUse.forget();
        }
      }),
    );
    this.#subscriptions.add(
      projects.onChange(() => {
        const asked = this.#ask();
        if (asked === this.#asked) return;
        this.#asked = asked;
        this.#inUse.forget();
      }),
    );
  }

  /** The one in use, or undefined until it was needed for the first time in this window. */
  get current(): ServerCertificate | undefined {
    return this.#inUse.current;
  }

  /** As {@link CertificateInUse.ensure}. */
  ensure(): Promise<ServerCertificate> {
    return this.#inUse.ensure();
  }

  /** As {@link CertificateInUse.peek}. */
  peek(): Promise<ServerCertificate | undefined> {
    return this.#inUse.peek();
  }

  /** As {@link CertificateInUse.renew}. */
  renew(): Promise<ServerCertificate> {
    return this.#inUse.renew();
  }

  /** What certificates with a deliberate fault are made from: the user's authority, where firmware trusts that. */
  async faultSource(): Promise<Omit<CertificateSource, 'nowMs'>> {
    const { values } = readSettings(this.#projects.workspaceFolder());
    const names = serverNames({ advertisedHost: values['server.advertisedHost'].trim() });
    const keyType = values['certificate.keyType'];
    const authority =
      values['certificate.mode'] === 'authority' ? await (await this.#store()).authority(keyType) : undefined;
    return { authority, keyType, names };
  }

  async credentials(): Promise<ServerCredentials> {
    const { certificatePem, keyPem } = await this.ensure();
    this.watchAddresses();
    return { certificatePem, keyPem };
  }

  /** Host in the firmware URL. */
  advertisedHost(): string {
    return advertisedHost(this.#hostChoice());
  }

  /** Whether the host in the firmware URL is what the user set or picked, not a guess. */
  isAddressChosen(): boolean {
    return isHostChosen(this.#hostChoice());
  }

  /** Whether the user should say which address boards are told: several networks, none picked, nothing set. */
  needsPick(): boolean {
    return needsPick(this.#hostChoice());
  }

  /** Asks which of this computer's addresses goes into the firmware URL, and remembers it.
   * @param signal takes the question back */
  async pickAddress(signal?: AbortSignal): Promise<string | undefined> {
    const kinds: Record<LanAddress['kind'], string> = {
      lan: l10n.t('local network'),
      public: l10n.t('public address'),
      virtual: l10n.t('virtual network, rarely reachable for boards'),
      linkLocal: l10n.t('link-local'),
    };
    const items = [
      ...servedAddresses(this.#hostChoice().bindAddress).map((one) => ({
        label: one.address,
        description: `${one.interfaceName} · ${kinds[one.kind]}`,
      })),
      { label: LOOPBACK, description: l10n.t('this computer only, enough for the virtual board') },
    ];
    const title = l10n.t('Select the address under which boards reach this computer');
    const placeHolder = l10n.t('It goes into the firmware URL. The certificate names all of them.');
    const chosen = await withToken(signal, (token) => window.showQuickPick(items, { title, placeHolder }, token));
    if (chosen === undefined) return undefined;
    await this.#memento.update(PICKED, chosen.label);
    this.#tell();
    return chosen.label;
  }

  /** From now on an address that comes or goes is told: it wants another certificate and another URL. */
  watchAddresses(): void {
    this.#watch ??= this.#subscriptions.add(
      watchAddresses(() => {
        this.#tell();
      }),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
    this.#changed.dispose();
  }

  #tell(): void {
    this.#changed.fire(undefined);
  }

  #wanted(): ServerCertificateRequest {
    return wantedCertificate(this.#projects.workspaceFolder());
  }

  #ask(): string {
    const { values } = readSettings(this.#projects.workspaceFolder());
    return JSON.stringify([
      values['certificate.mode'],
      values['certificate.keyType'],
      values['certificate.ownCertificate'],
      values['certificate.ownKey'],
      values['server.advertisedHost'],
      values['server.bindAddress'],
    ]);
  }

  #hostChoice(): HostChoice {
    const { values } = readSettings(this.#projects.workspaceFolder());
    return {
      set: values['server.advertisedHost'].trim(),
      picked: this.#memento.get<string>(PICKED),
      bindAddress: values['server.bindAddress'].trim(),
    };
  }
}

function wantedCertificate(scope: WorkspaceFolder | undefined): ServerCertificateRequest {
  const { values } = readSettings(scope);
  if (values['certificate.mode'] === 'own') {
    return {
      mode: 'own',
      certificatePath: values['certificate.ownCertificate'],
      keyPath: values['certificate.ownKey'],
    };
  }
  const names = serverNames({ advertisedHost: values['server.advertisedHost'].trim() });
  return { mode: values['certificate.mode'], keyType: values['certificate.keyType'], names };
}
