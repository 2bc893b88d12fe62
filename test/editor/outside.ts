import { execFile, execFileSync } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { cpSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isPortFree } from '../../scripts/lib/editor-server.mjs';
import { inRoot } from '../../scripts/lib/repository.mjs';

// What is there without the editor: files on disk, and what other programs get from the server.

interface Ended {
  readonly exitCode: number;
  readonly output: Buffer;
  readonly errors: string;
}

/** Runs a program with nothing to read. */
function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { encoding: 'buffer', maxBuffer: 16 * 1024 * 1024, timeout: 20_000, env: { ...process.env, ...env } },
      (error, output, errors) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exitCode, output, errors: errors.toString() });
      },
    );
    child.stdin?.end();
  });
}

export interface Fetched extends Ended {
  /** 0 when there was no answer. */
  readonly status: number;
}

/** What curl gets. Its exit codes: 7 could not connect, 35 TLS handshake failed, 60 the certificate is not trusted. */
export async function curl(url: string, ...args: readonly string[]): Promise<Fetched> {
  const ended = await run('curl', ['-sS', '--noproxy', '*', '-w', '%{stderr}status=%{http_code}', ...args, url]);
  return { ...ended, status: Number(/status=(\d+)$/.exec(ended.errors)?.[1] ?? 0) };
}

/** What `openssl s_client` says of a server that it is told to trust by one file only. */
export async function opensslClient(port: number, authorityFile: string): Promise<string> {
  const trust = ['-CAfile', authorityFile, '-no-CApath', '-no-CAstore', '-verify_return_error'];
  const { output, errors } = await run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...trust]);
  return `${output.toString()}\n${errors}`;
}

export function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A free port that no outgoing connection is given in the meantime: below the range that systems take for those. */
export async function serverPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    if (await isPortFree(port)) return port;
  }
}

/** Gives a project the port of a test: in its firmware's URL and in the settings of its folder, beside those that are there. */
export function usePort(folder: string, port: number, settings: Readonly<Record<string, unknown>> = {}): void {
  for (const name of ['sdkconfig', 'sdkconfig.defaults']) {
    const file = path.join(folder, name);
    writeFileSync(file, readFileSync(file, 'utf8').replace(':8070', `:${port}`));
  }
  const file = path.join(folder, '.vscode/settings.json');
  const present = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...present, 'esp32Ota.server.port': port, ...settings }));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Where a release stays for ever, relative to the server. */
export function pinnedPath(project: string, version: string, image: Uint8Array): string {
  return `/${project}/${version}-${sha256(image).slice(0, 8)}/${project}.bin`;
}

/** Makes the outputs of a build, as somebody who builds in a terminal outside VS Code. */
export function buildOutside(projectFolder: string): void {
  const tool = inRoot('examples/tools/build-outputs.mjs');
  execFileSync(process.execPath, [tool, '--allow-missing-certificate', '--quiet'], { cwd: projectFolder });
}

/** Puts an example into a folder of the workspace. */
export function addExample(name: 'hello_world' | 'simple_ota', folder: string): void {
  cpSync(inRoot('examples', name), folder, { recursive: true });
}

/** Every file below a folder, by absolute paths. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((entry) => path.join(folder, entry))
    .filter((file) => statSync(file).isFile());
}

/** The files below a folder that hold a private key. */
export function filesWithKeys(folder: string): string[] {
  return filesBelow(folder).filter((file) => readFileSync(file, 'latin1').includes('PRIVATE KEY'));
}
