import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { useCommandLine, type RunningCommand } from '../support/command-line.ts';
import { copyExample } from '../support/example-project.ts';
import { jsonLinesOf, jsonOf } from '../support/json-output.ts';

const cli = useCommandLine();
const folder = mkdtempSync(join(tmpdir(), 'cli-server-'));
const dataFolder = join(folder, 'data');
const data = ['--data-dir', dataFolder];
let project = '';
beforeAll(() => {
  project = copyExample('simple_ota', folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A port that was free a moment ago. */
async function freePort(): Promise<string> {
  const { createServer } = await import('node:net');
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(String(typeof address === 'object' ? address?.port : ''));
      });
    });
  });
}

function isListening(port: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

function curl(...args: readonly string[]): string {
  return execFileSync('curl', ['--silent', '--show-error', '--max-time', '20', ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
    maxBuffer: 1e8,
  });
}

const serve = (port: string, ...argv: readonly string[]): RunningCommand =>
  cli.start([
    'serve',
    project,
    '--port',
    port,
    '--host',
    '127.0.0.1',
    '--bind',
    '127.0.0.1',
    ...(argv.includes('http') ? [] : ['--key-type', 'ec']),
    ...data,
    ...argv,
  ]);

describe('esp32-ota check', () => {
  it('says what is wrong with its place, cause and fix, and ends with 1', async () => {
    const { code, stdout, stderr } = await cli.run(['check'], { cwd: project });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(/^ {2}main\/CMakeLists\.txt:\d+:\d+ {2}error {2}certificate-file-missing$/m);
    expect(stdout).toContain('fix: Install the Certificate of This Server: esp32-ota serve --install-certificate');
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(
      '✖ simple_ota · 1.0.0 · esp32 · 5.5.1: errors: 1, warnings: 1, notes: 1',
    );
  });

  it('gives the same as JSON that its schema describes', async () => {
    const json = jsonOf('check', await cli.run(['check', project, '--json']));
    expect(json).toMatchObject({
      schemaVersion: 1,
      command: 'check',
      exitCode: 1,
      project: { folder: project, name: 'simple_ota', version: '1.0.0', target: 'esp32', isBuilt: false },
      counts: { error: 1, warning: 1, information: 1 },
    });
    // the whole of it, but for where the copy lies
    expect(JSON.parse(JSON.stringify(json).replaceAll(folder, '')) as unknown).toMatchSnapshot();
  });

  it('speaks Chinese where the user does, and keeps what machines read', async () => {
    const english = jsonOf('check', await cli.run(['check', project, '--json']));
    const chinese = jsonOf('check', await cli.run(['check', project, '--json'], { env: { LANG: 'zh_CN.UTF-8' } }));
    const [one] = english['findings'] as { message: string }[];
    const [other] = chinese['findings'] as { message: string }[];
    expect(other?.message).toMatch(/[\u4e00-\u9fff]/);
    expect({ ...other, message: '', fixes: [] }).toEqual({ ...one, message: '', fixes: [] });
  });

  it('checks against this computer too when it is asked to, and makes no key for that', async () => {
    const before = existsSync(dataFolder);
    const json = jsonOf(
      'check',
      await cli.run(['check', project, '--json', '--server', '--host', '192.0.2.7', ...data]),
    );
    expect((json['findings'] as { id: string }[]).map(({ id }) => id)).toContain('url-localhost');
    expect(existsSync(dataFolder)).toBe(before);
  });

  it('ends with 3 where there is no project, with what is missing as JSON', async () => {
    const empty = join(folder, 'data-less');
    const ended = await cli.run(['check', empty, '--json']);
    expect(ended.code).toBe(3);
    expect(jsonOf('check', ended)).toMatchObject({
      exitCode: 3,
      error: { code: 'file.unreadable', details: { path: empty } },
    });
    const other = await cli.run(['check', dataFolder, '--json', '--server', ...data]);
    expect(other.code).toBe(3);
  });

  it('ends with 2 for a wrong command line, and says what was meant', async () => {
    const { code, stdout, stderr } = await cli.run(['chekc']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      'error: There is no command “chekc”. Did you mean check?\nesp32-ota --help says what there is.\n',
    );
    const json = await cli.run(['check', '--warning-as-errors', '--json']);
    expect(json.code).toBe(2);
    expect(jsonOf('check', json)).toMatchObject({
      error: { code: 'usage.unknownOption', details: { nearest: 'warnings-as-errors' } },
    });
  });
});

describe('esp32-ota serve', () => {
  it('serves what is built while it runs, to a client that trusts the installed certificate, and frees its port on Ctrl+C', async () => {
    const port = await freePort();
    const running = serve(port, '--install-certificate');
    await running.seen(/is not built/);
    const ca = join(project, 'server_certs', 'ca_cert.pem');
    expect(readFileSync(ca, 'utf8')).toBe(readFileSync(join(dataFolder, 'ca_cert-ec.pem'), 'utf8'));
    buildOutputs({ projectFolder: project });
    await running.seen(/✔ simple_ota 1\.0\.0/);

    const got = join(folder, 'got.bin');
    curl('--cacert', ca, '--output', got, `https://127.0.0.1:${port}/simple_ota.bin`);
    expect(readFileSync(got).equals(readFileSync(join(project, 'build', 'simple_ota.bin')))).toBe(true);
    await running.seen(/received everything it asked for: 909 KB/);
    // with the authorities of the system only
    expect(() => curl(`https://127.0.0.1:${port}/simple_ota.bin`)).toThrow();
    await running.seen(/does not trust the server’s certificate/);

    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(stdout).toContain(`https://127.0.0.1:${port}/simple_ota.bin`);
    expect(await isListening(port)).toBe(false);
  });

  it('keeps its keys for the user alone, and none in the project', () => {
    const keys = readdirSync(dataFolder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(dataFolder, name))
      .filter((path) => statSync(path).isFile() && readFileSync(path, 'utf8').includes('PRIVATE KEY'));
    expect(keys.length).toBeGreaterThan(1);
    for (const key of keys) expect(statSync(key).mode & 0o077).toBe(0);
    const leaked = readdirSync(project, { recursive: true, encoding: 'utf8' }).filter((name) => /key/i.test(name));
    expect(leaked).toEqual([]);
  });

  it('publishes the next build by itself, under JSON as a line for each event', async () => {
    const port = await freePort();
    const running = serve(port, '--json', '--protocol', 'http');
    await running.seen(/"event":"published"/);
    writeFileSync(join(project, 'version.txt'), '1.1.0\n');
    buildOutputs({ projectFolder: project });
    await running.seen(/"version":"1\.1\.0"/);
    expect(JSON.parse(curl(`http://127.0.0.1:${port}/manifest.json`))).toMatchObject({ version: '1.1.0' });
    curl('--output', '/dev/null', '--range', '0-1023', `http://127.0.0.1:${port}/simple_ota.bin`);
    await running.seen(/"kind":"ended"[^\n]*"startBytes":0/);
    running.child.kill('SIGTERM');
    const ended = await running.ended;
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 143, stderr: '' });
    const lines = jsonLinesOf('serve', ended);
    expect(lines.map(({ event }) => event)).toEqual([
      'serving',
      'published',
      'published',
      ...lines.slice(3, -1).map(() => 'transfer'),
      'ended',
    ]);
    expect(lines[0]).toMatchObject({ url: `http://127.0.0.1:${port}`, protocol: 'http', port: Number(port) });
    expect(lines.at(-1)).toMatchObject({ exitCode: 143, requests: 2, complete: 2, aborted: 0, failed: 0 });
  });

  it('serves files without a project, and with a fault', async () => {
    const port = await freePort();
    const image = join(project, 'build', 'simple_ota.bin');
    const running = cli.start([
      'serve',
      image,
      '--port',
      port,
      '--host',
      '127.0.0.1',
      '--bind',
      '127.0.0.1',
      '--protocol',
      'http',
      '--fault',
      'cutBody:percent=30',
      '--fault-requests',
      '1',
    ]);
    await running.seen(/✔ simple_ota/);
    const url = `http://127.0.0.1:${port}/simple_ota.bin`;
    expect(() => curl('--output', '/dev/null', url)).toThrow(/./);
    await running.seen(/broke off|without a fault again/);
    curl('--output', '/dev/null', url);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
  });

  it('says that a port is taken, with a way out', async () => {
    const port = await freePort();
    const first = serve(port);
    await first.seen(/Serving on/);
    const second = await serve(port).ended;
    expect(second.code).toBe(4);
    expect(second.stderr).toContain(port);
    // the same again, at another port
    const rest = `--host 127.0.0.1 --bind 127.0.0.1 --key-type ec --data-dir ${dataFolder}`;
    expect(second.stderr).toContain(`→ Use Another Port: esp32-ota serve --port N ${project} ${rest}\n`);
    first.child.kill('SIGINT');
    await first.ended;
  });

  it('ends with 4 where its own folder can’t be made', async () => {
    const { code, stderr } = await cli.run(['serve', project, '--data-dir', join(project, 'version.txt', 'data')]);
    expect(code).toBe(4);
    expect(stderr).toContain('could not be written');
  });

  it('ends on a second Ctrl+C too', async () => {
    const port = await freePort();
    const running = serve(port);
    await running.seen(/Serving on/);
    running.child.kill('SIGINT');
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await isListening(port)).toBe(false);
  });
});

describe('esp32-ota metadata', () => {
  it('writes image and metadata, and prints what it wrote', async () => {
    const json = jsonOf(
      'metadata',
      await cli.run(['metadata', project, '--json', '--url', 'https://updates.example.com']),
    );
    expect(json).toMatchObject({
      exitCode: 0,
      manifest: {
        project: 'simple_ota',
        version: '1.1.0',
        chip: 'esp32',
        url: 'https://updates.example.com/simple_ota.bin',
      },
    });
    const { manifestPath, imagePath } = json as { manifestPath: string; imagePath: string };
    expect(JSON.parse(readFileSync(manifestPath, 'utf8'))).toEqual(json['manifest']);
    expect(readFileSync(imagePath).equals(readFileSync(join(project, 'build', 'simple_ota.bin')))).toBe(true);
  });

  it('prints the metadata alone and writes nothing', async () => {
    rmSync(join(project, 'build', 'ota'), { recursive: true });
    const { code, stdout } = await cli.run(['metadata', project, '--print', '--url', 'https://a.example/x/1.bin']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ manifestVersion: 1, url: 'https://a.example/x/1.bin' });
    expect(existsSync(join(project, 'build', 'ota'))).toBe(false);
  });

  it('ends with 3 before a build, and with 4 where it can not write', async () => {
    const bare = copyExample('hello_world', folder);
    const ended = await cli.run(['metadata', bare, '--json']);
    expect(ended.code).toBe(3);
    expect(jsonOf('metadata', ended)).toMatchObject({
      error: { code: 'manifest.notBuilt', waysOut: [{ run: `idf.py -C ${bare} build` }] },
    });
    // a file stands where the folder has to be
    rmSync(join(project, 'build', 'ota'), { recursive: true, force: true });
    writeFileSync(join(project, 'build', 'ota'), '');
    expect((await cli.run(['metadata', project])).code).toBe(4);
    rmSync(join(project, 'build', 'ota'));
  });
});
