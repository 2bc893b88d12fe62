import { createPrivateKey, randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { systemClock, type Clock } from '../base/clock.ts';
import { diskFiles, type FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import {
  certificatesIn,
  describeCertificate,
  readCertificate,
  type CertificateDescription,
} from './certificate-description.ts';
import { readOwnCertificate } from './own-certificate.ts';
import { createPrivateFile, makePrivateDirectory } from './private-files.ts';
import {
  makeAuthority,
  makeServerCertificate,
  type CertificateAndKey,
  type KeyType,
  type ServerNames,
} from './selfsigned.ts';

export type ServerCertificateRequest =
  | {
      /** `authority` (default): issued by the user's authority, which firmware embeds. `selfSigned`: embedded itself, so that every change of
       * names needs new firmware. */
      readonly mode?: 'authority' | 'selfSigned';
      /** Default `rsa`, the most compatible; `ec` (P-256) has the fastest handshake. */
      readonly keyType?: KeyType;
      readonly names: ServerNames;
    }
  | { readonly mode: 'own'; readonly certificatePath: string; readonly keyPath: string };

export interface Authority extends CertificateAndKey {
  readonly description: CertificateDescription;
  /** Whether this call made it. */
  readonly isNew: boolean;
}

/** Why a server's certificate is the one it is. */
export type IssueReason =
  'reused' | 'firstOne' | 'namesChanged' | 'expiresSoon' | 'authorityChanged' | 'unreadable' | 'renewed' | 'own';

export interface ServerCertificate extends CertificateAndKey {
  readonly description: CertificateDescription;
  readonly reason: IssueReason;
  /** What firmware has to embed to trust this server, PEM; undefined when it is not known (a chain of the user's without its root). */
  readonly trustPem: string | undefined;
}

/** A certificate with less than this left is replaced. */
const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000;

/**
 * The user's certificates, in a directory that only the user may enter:
 * `ca/<keyType>.pem` authority and key, `ca/made/<fingerprint>.pem` every certificate that firmware may have embedded (no keys),
 * `server/<mode>-<keyType>.pem` the server's certificate and key. A certificate and its key share a file, so that they are replaced
 * in one step.
 */
export class CertificateStore {
  readonly #directory: string;
  readonly #files: FileStore;
  readonly #clock: Clock;

  constructor(directory: string, files: FileStore = diskFiles, clock: Clock = systemClock) {
    this.#directory = directory;
    this.#files = files;
    this.#clock = clock;
  }

  /** The user's authority for a key type, made when there is none. Of several processes that make it at once, all get the same.
   * @throws {OtaError} `certificate.authorityUnusable`, `file.unwritable`, `file.unreadable` */
  async authority(keyType: KeyType = 'rsa'): Promise<Authority> {
    const path = this.#authorityPath(keyType);
    const found = await this.#readAuthority(path);
    if (found !== undefined) return { ...found, isNew: false };
    const made = await this.#makeAuthority(keyType);
    const isNew = await createPrivateFile(path, joined(made));
    const authority = await this.#readAuthority(path);
    if (authority === undefined) throw new OtaError('certificate.authorityUnusable', { path, reason: 'unreadable' });
    await this.#remember(authority.certificatePem);
    return { ...authority, isNew };
  }

  /** Makes a new authority in place of the one there is. Firmware that embeds the old one will not trust servers any more.
   * @throws {OtaError} `file.unwritable` */
  async renewAuthority(keyType: KeyType = 'rsa'): Promise<Authority> {
    const made = await this.#makeAuthority(keyType);
    await this.#remember(made.certificatePem);
    await this.#files.writeAtomic(this.#authorityPath(keyType), joined(made), 0o600);
    return { ...made, description: describeCertificate(made.certificatePem), isNew: true };
  }

  /** The certificate to serve with. What is stored is used again while it names everything asked for, has thirty days left and, in mode
   * `authority`, was issued by today's authority.
   * @throws {OtaError} as {@link authority} and {@link readOwnCertificate} */
  async serverCertificate(request: ServerCertificateRequest): Promise<ServerCertificate> {
    if (request.mode === 'own') return this.#own(request.certificatePath, request.keyPath);
    return this.#issued(request, undefined);
  }

  /** Whether {@link serverCertificate} would find a certificate and not have to make the first one. */
  async hasServerCertificate(request: ServerCertificateRequest): Promise<boolean> {
    const path =
      request.mode === 'own'
        ? request.certificatePath
        : this.#serverPath(request.mode ?? 'authority', request.keyType ?? 'rsa');
    return path !== '' && (await this.#files.stat(path)) !== undefined;
  }

  /** Issues a new certificate for the server whatever is stored. In mode `selfSigned` firmware has to embed the new one.
   * @throws {OtaError} as {@link authority} */
  async renewServerCertificate(
    request: Exclude<ServerCertificateRequest, { readonly mode: 'own' }>,
  ): Promise<ServerCertificate> {
    return this.#issued(request, 'renewed');
  }

  /** Whether a PEM text is nothing but certificates that this store has made, now or earlier. */
  async isOurs(pem: string): Promise<boolean> {
    const certificates = certificatesIn(pem);
    const rest = certificates.reduce((text, one) => text.replace(one.trim(), ''), pem);
    if (certificates.length === 0 || rest.trim() !== '') return false;
    for (const one of certificates) {
      const path = this.#madePath(fingerprintOf(one));
      if (path === undefined || (await this.#files.stat(path)) === undefined) return false;
    }
    return true;
  }

  async #issued(
    request: Exclude<ServerCertificateRequest, { readonly mode: 'own' }>,
    force: 'renewed' | undefined,
  ): Promise<ServerCertificate> {
    const { mode = 'authority', keyType = 'rsa', names } = request;
    const authority = mode === 'authority' ? await this.authority(keyType) : undefined;
    const path = this.#serverPath(mode, keyType);
    const text = await this.#files.readText(path);
    const reason = force ?? (text === undefined ? 'firstOne' : this.#whyNot(text, names, authority));
    if (reason === undefined && text !== undefined) return served(split(text), authority, 'reused');
    await makePrivateDirectory(join(this.#directory, 'server'));
    const made = await makeServerCertificate(keyType, names, authority, this.#clock.now());
    if (reason === 'firstOne' && !(await createPrivateFile(path, joined(made)))) {
      // another window was faster: with two self-signed ones, firmware would embed the wrong one
      return this.#issued(request, undefined);
    }
    if (authority === undefined) await this.#remember(made.certificatePem);
    if (reason !== 'firstOne') await this.#files.writeAtomic(path, joined(made), 0o600);
    return served(made, authority, reason ?? 'firstOne');
  }

  /** Why a stored server certificate can't be used again; undefined when it can. */
  #whyNot(text: string, names: ServerNames, authority: Authority | undefined): IssueReason | undefined {
    const stored = split(text);
    if (!isPair(stored)) return 'unreadable';
    const certificate = readCertificate(stored.certificatePem);
    const description = describeCertificate(stored.certificatePem);
    if (authority !== undefined && !certificate.verify(readCertificate(authority.certificatePem).publicKey)) {
      return 'authorityChanged';
    }
    if (description.validToMs - this.#clock.now() < RENEW_BEFORE_MS) return 'expiresSoon';
    const has = new Set(description.names.map(({ kind, value }) => `${kind} ${value.toLowerCase()}`));
    const isNamed = [
      ...names.dns.map((name) => `dns ${name.toLowerCase()}`),
      ...names.ip.map((address) => `ip ${address.toLowerCase()}`),
    ].every((name) => has.has(name));
    return isNamed ? undefined : 'namesChanged';
  }

  async #own(certificatePath: string, keyPath: string): Promise<ServerCertificate> {
    const own = await readOwnCertificate(certificatePath, keyPath, this.#files, this.#clock.now());
    const last = certificatesIn(own.certificatePem).at(-1);
    return {
      ...own,
      description: describeCertificate(own.certificatePem, certificatePath),
      reason: 'own',
      trustPem: last !== undefined && describeCertificate(last, certificatePath).isSelfSigned ? last : undefined,
    };
  }

  async #makeAuthority(keyType: KeyType): Promise<CertificateAndKey> {
    await makePrivateDirectory(join(this.#directory, 'ca'));
    // its own name for each: clients look for an issuer by name
    const name = `ESP32 OTA ${userName()}-${hostname()}`.slice(0, 52);
    return makeAuthority(keyType, `${name} (${randomBytes(4).toString('hex')})`, this.#clock.now());
  }

  async #readAuthority(path: string): Promise<Omit<Authority, 'isNew'> | undefined> {
    const text = await this.#files.readText(path);
    if (text === undefined) return undefined;
    const pair = split(text);
    const reason = authorityFault(pair, this.#clock.now());
    if (reason !== undefined) throw new OtaError('certificate.authorityUnusable', { path, reason });
    return { ...pair, description: describeCertificate(pair.certificatePem) };
  }

  async #remember(certificatePem: string): Promise<void> {
    await makePrivateDirectory(join(this.#directory, 'ca'));
    const path = this.#madePath(fingerprintOf(certificatePem));
    if (path !== undefined) await this.#files.writeAtomic(path, certificatePem, 0o600);
  }

  #serverPath(mode: 'authority' | 'selfSigned', keyType: KeyType): string {
    return join(this.#directory, 'server', `${mode}-${keyType}.pem`);
  }

  #authorityPath(keyType: KeyType): string {
    return join(this.#directory, 'ca', `${keyType}.pem`);
  }

  #madePath(fingerprint: string | undefined): string | undefined {
    return fingerprint === undefined ? undefined : join(this.#directory, 'ca', 'made', `${fingerprint}.pem`);
  }
}

function served(pair: CertificateAndKey, authority: Authority | undefined, reason: IssueReason): ServerCertificate {
  return {
    ...pair,
    description: describeCertificate(pair.certificatePem),
    reason,
    trustPem: (authority ?? pair).certificatePem,
  };
}

function joined({ certificatePem, keyPem }: CertificateAndKey): string {
  return `${certificatePem}${keyPem}`;
}

function split(text: string): CertificateAndKey {
  const keyPem = /-----BEGIN PRIVATE KEY-----[\sA-Za-z0-9+/=]*-----END PRIVATE KEY-----/.exec(text)?.[0] ?? '';
  return { certificatePem: certificatesIn(text).join(''), keyPem: keyPem === '' ? '' : `${keyPem}\n` };
}

function authorityFault(pair: CertificateAndKey, nowMs: number): 'unreadable' | 'keyMismatch' | 'expired' | undefined {
  const fingerprint = fingerprintOf(pair.certificatePem);
  if (fingerprint === undefined) return 'unreadable';
  if (!isPair(pair)) return 'keyMismatch';
  return describeCertificate(pair.certificatePem).validToMs < nowMs ? 'expired' : undefined;
}

function isPair({ certificatePem, keyPem }: CertificateAndKey): boolean {
  try {
    return readCertificate(certificatePem).checkPrivateKey(createPrivateKey(keyPem));
  } catch {
    return false;
  }
}

function fingerprintOf(pem: string): string | undefined {
  try {
    return describeCertificate(pem).fingerprint;
  } catch {
    return undefined;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // a container's user without an entry in the user database
    return 'user';
  }
}
