import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A certificate and key that OpenSSL made. */
export interface OpensslCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface CertificateRequest {
  /** As `-newkey` takes it; default P-256. */
  readonly key?: string;
  /** Default CN=127.0.0.1. */
  readonly subject?: string;
  /** Lines of an extension section. None: no extension at all. */
  readonly extensions?: readonly string[];
  readonly issuer?: OpensslCertificate;
  readonly digest?: string;
  readonly days?: number;
  readonly isVersion1?: boolean;
}

const KEYS: Record<string, readonly string[]> = {
  p256: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  p384: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ed25519: ['ed25519'],
};

/** Makes certificates and servers in a folder of its own. */
export class Openssl {
  readonly folder: string;
  readonly #children: ChildProcess[] = [];
  #count = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async start(): Promise<Openssl> {
    return new Openssl(await mkdtemp(join(tmpdir(), 'esp32-ota-openssl-')));
  }

  async certificate(request: CertificateRequest = {}): Promise<OpensslCertificate> {
    const name = `c${this.#count++}`;
    const at = (suffix: string): string => join(this.folder, `${name}.${suffix}`);
    const config = [
      '[req]',
      'distinguished_name=dn',
      'prompt=no',
      '[dn]',
      'CN=unused',
      '[ext]',
      ...(request.extensions ?? []),
      '',
    ];
    await writeFile(at('cnf'), config.join('\n'));
    const key = KEYS[request.key ?? 'p256'] ?? [request.key ?? ''];
    const digest = request.digest === undefined ? [] : [`-${request.digest}`];
    await run('openssl', [
      'req', '-new', '-newkey', ...key, '-nodes', '-keyout', at('key'), '-out', at('csr'),
      '-config', at('cnf'), '-subj', request.subject ?? '/CN=127.0.0.1', ...digest,
    ]); // prettier-ignore
    const issuer = [];
    if (request.issuer !== undefined) {
      await writeFile(at('ca'), request.issuer.certificatePem);
      await writeFile(at('cakey'), request.issuer.keyPem);
      issuer.push('-CA', at('ca'), '-CAkey', at('cakey'));
    } else issuer.push('-signkey', at('key'));
    const extensions = request.isVersion1 === true ? [] : ['-extfile', at('cnf'), '-extensions', 'ext'];
    await run('openssl', [
      'x509', '-req', '-in', at('csr'), ...issuer, '-set_serial', `${1000 + this.#count}`,
      '-days', `${request.days ?? 30}`, '-out', at('pem'), ...extensions, ...digest,
    ]); // prettier-ignore
    return { certificatePem: await readFile(at('pem'), 'utf8'), keyPem: await readFile(at('key'), 'utf8') };
  }

  async file(name: string, content: Uint8Array): Promise<void> {
    await writeFile(join(this.folder, name), content);
  }

  /** `openssl s_server -WWW`: HTTP/1.0, no Content-Length, no ranges, ends with the connection. The port it listens on. */
  async serve(credentials: OpensslCertificate, more: readonly string[] = []): Promise<number> {
    const name = `s${this.#count++}`;
    await writeFile(join(this.folder, `${name}.pem`), credentials.certificatePem);
    await writeFile(join(this.folder, `${name}.key`), credentials.keyPem);
    const child = spawn(
      'openssl',
      ['s_server', '-WWW', '-accept', '127.0.0.1:0', '-cert', `${name}.pem`, '-key', `${name}.key`, ...more],
      { cwd: this.folder, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#children.push(child);
    return new Promise((resolve, reject) => {
      let output = '';
      const hear = (chunk: Buffer): void => {
        output += chunk.toString('utf8');
        const accept = /ACCEPT [\d.]+:(\d+)/.exec(output);
        if (accept !== null) resolve(Number(accept[1]));
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.on('exit', () => {
        reject(new Error(`openssl s_server ended: ${output}`));
      });
    });
  }

  async dispose(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null) return;
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill();
        await ended;
      }),
    );
    await rm(this.folder, { recursive: true, force: true });
  }
}
