import type { Disposable } from '../base/disposable.ts';
import { Emitter } from '../base/emitter.ts';
import type { CertificateStore, ServerCertificate, ServerCertificateRequest } from './certificate-store.ts';

/** The server's certificate as it is wanted now: asked for when it is needed, and forgotten when another one is wanted. */
export class CertificateInUse implements Disposable {
  readonly #store: () => Promise<CertificateStore>;
  readonly #wanted: () => ServerCertificateRequest;
  readonly #changed = new Emitter<undefined>();
  #certificate: ServerCertificate | undefined;
  /** Counted up each time that another one is wanted, to know an answer that came too late. */
  #wishes = 0;

  /** Another certificate is in use, or is to be. */
  readonly onChange = this.#changed.event;

  /** @param wanted what is wanted at the moment; call {@link forget} when that changes */
  constructor(store: () => Promise<CertificateStore>, wanted: () => ServerCertificateRequest) {
    this.#store = store;
    this.#wanted = wanted;
  }

  /** Undefined until it was needed for the first time. */
  get current(): ServerCertificate | undefined {
    return this.#certificate;
  }

  /** Issues or reads the certificate for today's names.
   * @throws {OtaError} of the certificate store */
  async ensure(): Promise<ServerCertificate> {
    const store = await this.#store();
    const wish = this.#wishes;
    return this.#use(await store.serverCertificate(this.#wanted()), wish);
  }

  /** The one in use, read where one was made earlier; undefined where there is none yet. Makes none.
   * @throws {OtaError} of the certificate store */
  async peek(): Promise<ServerCertificate | undefined> {
    if (this.#certificate !== undefined) return this.#certificate;
    const store = await this.#store();
    return (await store.hasServerCertificate(this.#wanted())) ? this.ensure() : undefined;
  }

  /** Issues a new certificate whatever is stored; reads a certificate of the user's own again.
   * @throws {OtaError} of the certificate store */
  async renew(): Promise<ServerCertificate> {
    const store = await this.#store();
    const [wanted, wish] = [this.#wanted(), this.#wishes];
    return this.#use(
      wanted.mode === 'own' ? await store.serverCertificate(wanted) : await store.renewServerCertificate(wanted),
      wish,
    );
  }

  /** Another one is wanted from now on. */
  forget(): void {
    const wasUsed = this.#certificate !== undefined;
    this.#certificate = undefined;
    this.#wishes += 1;
    this.#changed.fire(undefined);
    // what was shown is shown again, as far as it is there
    if (wasUsed) void this.peek().catch(() => undefined);
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #use(certificate: ServerCertificate, wish: number): ServerCertificate {
    if (wish !== this.#wishes) return certificate;
    const isNew = certificate.description.fingerprint !== this.#certificate?.description.fingerprint;
    this.#certificate = certificate;
    if (isNew) this.#changed.fire(undefined);
    return certificate;
  }
}
