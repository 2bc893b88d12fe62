import { CancellationTokenSource, l10n, window, workspace, type Memento } from 'vscode';
import { networkInterfaces } from 'node:os';
import { DisposableStore, toDisposable, type Disposable } from '../../base/disposable.ts';
import { Emitter } from '../../base/emitter.ts';
import type { CertificateStore, ServerCertificate, ServerCertificateRequest } from '../../server/certificate-store.ts';
import type { ServerCredentials } from '../../server/firmware-server.ts';
import type { CertificateSource } from '../../server/faults/credentials.ts';
import { lanAddresses, servedAddresses, serverNames, type LanAddress } from '../../server/lan-addresses.ts';
import { readSettings } from '../settings.ts';

const PICKED = 'advertisedAddress';
const LOOPBACK = '127.0.0.1';
/** How often the computer's addresses are compared; only once a server ran or a setup was checked. */
const LOOK_MS = 5000;

/** The server's certificate as the settings want it, and the address that firmware is told. */
export class CertificateSession implements Disposable {
  readonly #store: () => Promise<CertificateStore>;
  readonly #memento: Memento;
  readonly #changed = new Emitter<undefined>();
  readonly #subscriptions = new DisposableStore();
  #certificate: ServerCertificate | undefined;
  /** Counted up with each change of the settings, to know an answer that came too late. */
  #settings = 0;
  #addresses = '';
  #watch: Disposable | undefined;

  /** Fires when another certificate or another address is to be used. */
  readonly onChange = this.#changed.event;

  constructor(store: () => Promise<CertificateStore>, memento: Memento) {
    this.#store = store;
    this.#memento = memento;
    // a server that runs takes another certificate and another address at once
    this.#subscriptions.add(
      workspace.onDidChangeConfiguration((event) => {
        if (
          event.affectsConfiguration('esp32Ota.certificate') ||
          event.affectsConfiguration('esp32Ota.server.advertisedHost')
        ) {
          this.#forget();
        }
      }),
    );
  }

  /** The one in use, or undefined until it was needed for the first time in this window. */
  get current(): ServerCertificate | undefined {
    return this.#certificate;
  }

  /** Issues or reads the certificate for today's names.
   * @throws {OtaError} of the certificate store */
  async ensure(): Promise<ServerCertificate> {
    const settings = this.#settings;
    const store = await this.#store();
    return this.#use(await store.serverCertificate(this.#request()), settings);
  }

  /** The one in use, read where one was made earlier; undefined where there is none yet. Makes none.
   * @throws {OtaError} of the certificate store */
  async peek(): Promise<ServerCertificate | undefined> {
    if (this.#certificate !== undefined) return this.#certificate;
    const store = await this.#store();
    return (await store.hasServerCertificate(this.#request())) ? this.ensure() : undefined;
  }

  /** Issues a new certificate whatever is stored; reads a certificate of the user's own again.
   * @throws {OtaError} of the certificate store */
  async renew(): Promise<ServerCertificate> {
    const settings = this.#settings;
    const store = await this.#store();
    const request = this.#request();
    return this.#use(
      request.mode === 'own' ? await store.serverCertificate(request) : await store.renewServerCertificate(request),
      settings,
    );
  }

  /** What certificates with a deliberate fault are made from: the user's authority, where firmware trusts that. */
  async faultSource(): Promise<Omit<CertificateSource, 'nowMs'>> {
    const { values } = readSettings(undefined);
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

  /** Host in the firmware URL: the setting, the picked address while the computer still has it, or the likeliest one. */
  advertisedHost(): string {
    const set = readSettings(undefined).values['server.advertisedHost'].trim();
    if (set !== '') return set;
    const addresses = [...served().map((one) => one.address), LOOPBACK];
    const picked = this.#memento.get<string>(PICKED);
    return addresses.find((one) => one === picked) ?? addresses[0] ?? LOOPBACK;
  }

  /** Whether the host in the firmware URL is what the user set or picked, not a guess. */
  isAddressChosen(): boolean {
    if (readSettings(undefined).values['server.advertisedHost'].trim() !== '') return true;
    return this.#memento.get<string>(PICKED) === this.advertisedHost();
  }

  /** Whether the user should say which address boards are told: several networks, none picked, nothing set. */
  needsPick(): boolean {
    if (readSettings(undefined).values['server.advertisedHost'].trim() !== '') return false;
    const candidates = likely(served());
    const picked = this.#memento.get<string>(PICKED);
    return candidates.length > 1 && picked !== LOOPBACK && !candidates.some((one) => one.address === picked);
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
      ...served().map((one) => ({
        label: one.address,
        description: `${one.interfaceName} · ${kinds[one.kind]}`,
      })),
      { label: LOOPBACK, description: l10n.t('this computer only, enough for the virtual board') },
    ];
    const closing = new CancellationTokenSource();
    const close = (): void => {
      closing.cancel();
    };
    signal?.addEventListener('abort', close, { once: true });
    const chosen = await window.showQuickPick(
      items,
      {
        title: l10n.t('Select the address under which boards reach this computer'),
        placeHolder: l10n.t('It goes into the firmware URL. The certificate names all of them.'),
      },
      closing.token,
    );
    signal?.removeEventListener('abort', close);
    closing.dispose();
    if (chosen === undefined) return undefined;
    await this.#memento.update(PICKED, chosen.label);
    this.#changed.fire(undefined);
    return chosen.label;
  }

  dispose(): void {
    this.#watch?.dispose();
    this.#subscriptions.dispose();
    this.#changed.dispose();
  }

  /** The settings have changed: what was in use is not what they want any more. */
  #forget(): void {
    const wasUsed = this.#certificate !== undefined;
    this.#certificate = undefined;
    this.#settings += 1;
    this.#changed.fire(undefined);
    // what was shown is shown again, as far as it is there
    if (wasUsed) void this.peek().catch(() => undefined);
  }

  #use(certificate: ServerCertificate, settings: number): ServerCertificate {
    if (settings !== this.#settings) return certificate;
    const isNew = certificate.description.fingerprint !== this.#certificate?.description.fingerprint;
    this.#certificate = certificate;
    if (isNew) this.#changed.fire(undefined);
    return certificate;
  }

  #request(): ServerCertificateRequest {
    const { values } = readSettings(undefined);
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

  /** From now on an address that comes or goes is told: it wants another certificate and another URL. */
  watchAddresses(): void {
    if (this.#watch !== undefined) return;
    this.#addresses = JSON.stringify(lanAddresses(networkInterfaces()));
    const timer = setInterval(() => {
      const now = JSON.stringify(lanAddresses(networkInterfaces()));
      if (now === this.#addresses) return;
      this.#addresses = now;
      this.#changed.fire(undefined);
    }, LOOK_MS);
    timer.unref();
    this.#watch = toDisposable(() => {
      clearInterval(timer);
    });
  }
}

/** This computer's addresses that the server listens on, as far as the setting says. */
function served(): readonly LanAddress[] {
  return servedAddresses(readSettings(undefined).values['server.bindAddress'].trim());
}

function likely(addresses: readonly LanAddress[]): readonly LanAddress[] {
  return addresses.filter((one) => one.kind === 'lan' && one.family === 'IPv4');
}
