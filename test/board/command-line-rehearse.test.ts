import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { parseImage } from '../../src/image/app-image.ts';
import { restampImage } from '../../src/image/restamp-image.ts';
import { verifyImage } from '../../src/image/verify-image.ts';
import { useCommandLine, type Ended } from '../support/command-line.ts';
import { copyExample } from '../support/example-project.ts';
import { makeAppImage } from '../support/firmware.ts';
import { jsonOf } from '../support/json-output.ts';
import { HAS_PTY } from '../support/pty.ts';

const cli = useCommandLine();
const folder = mkdtempSync(join(tmpdir(), 'cli-rehearse-'));
/** Where the process makes its temporary folders. */
const temporary = mkdtempSync(join(tmpdir(), 'cli-rehearse-tmp-'));
const env = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
const data = ['--data-dir', join(folder, 'data'), '--key-type', 'ec'];
let project = '';
beforeAll(() => {
  project = copyExample('simple_ota', folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(temporary, { recursive: true, force: true });
});

const rehearse = (...argv: readonly string[]): Promise<Ended> =>
  cli.run(['rehearse', ...data, ...argv], { cwd: process.cwd(), env });
const contentOf = (path: string): readonly string[] => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();

describe('esp32-ota rehearse', () => {
  it('runs the whole loop on the example, which is not built, and changes nothing of it', async () => {
    const before = contentOf('examples/simple_ota');
    const { code, stdout, stderr } = await rehearse('examples/simple_ota');
    expect(stderr).toContain('Building a temporary copy with its certificate: node ../tools/build-outputs.mjs');
    expect({ code, verdict: stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      verdict: '✔ Delivered and confirmed: 1.0.0 runs',
    });
    expect(stdout.match(/^✔ [A-Z][\w ]+?(?= {2})/gm)).toEqual([
      '✔ Published',
      '✔ Update started on the board',
      '✔ TLS connection',
      '✔ Firmware requested',
      '✔ Download',
      '✔ Image verified by the board',
      '✔ New slot selected',
      '✔ Reboot',
      '✔ New version runs',
      '✔ Confirmed by the application',
    ]);
    expect(stdout).toContain('GET /simple_ota.bin → 200');
    expect(contentOf('examples/simple_ota')).toEqual(before);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it.runIf(HAS_PTY)('draws one bar in a terminal, with bytes, rate and time left', async () => {
    const terminal = cli.terminal(['rehearse', 'examples/simple_ota', '--kbps', '1500', ...data], {
      cwd: process.cwd(),
      env,
      columns: 110,
    });
    expect(await terminal.ended).toBe(0);
    const bars = terminal
      .shown()
      .split('\r')
      .map((line) => line.replace(/\u001b\[[\d;]*[mK]/g, ''))
      .filter((line) => /[█░]/.test(line));
    expect(bars.length).toBeGreaterThan(2);
    expect(bars.at(-2)).toMatch(/^Download {2}█+░* {2} ?\d+% {2}\d+ KB \/ 909 KB {2}\d+ KB\/s(?: {2}\d+ s left)?/);
    // drawn over each other, and gone at the end
    expect(terminal.shown()).not.toMatch(/[█░][^\r]*\n/);
    expect(terminal.shown()).toContain('Delivered and confirmed');
  });

  it('gives every step with its evidence as JSON that its schema describes', async () => {
    const ended = await rehearse('examples/simple_ota', '--json', '--client', 'simple', '--flash-size', '8MB');
    const json = jsonOf('rehearse', ended);
    expect(json).toMatchObject({
      exitCode: 0,
      builtCopyWith: 'node ../tools/build-outputs.mjs',
      project: { folder: join(process.cwd(), 'examples/simple_ota'), name: 'simple_ota' },
      board: { chip: 'esp32', client: 'simple', flashSizeBytes: 8 * 1024 * 1024, trouble: 'none' },
      release: { version: '1.0.0', previousVersion: '0.0.0' },
      download: { totalBytes: 931_072, sentBytes: 931_072 },
      verdict: { outcome: 'confirmed' },
    });
    const steps = json['steps'] as { id: string; outcome: string; evidence: { text: string } }[];
    expect(steps.map(({ id, outcome }) => `${id} ${outcome}`)).toMatchSnapshot();
    expect(steps.every(({ evidence }) => evidence.text !== '')).toBe(true);
    expect(ended.stdout).not.toContain('\u001b');
  });

  it('tells a version that crashes as rolled back, with the exit code of a failed update', async () => {
    const { code, stdout } = await rehearse('examples/simple_ota', '--trouble', 'crash', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 1, verdict: { outcome: 'rolledBack', cause: 'crashed' } });
  });

  it('tells a version that does not confirm itself from one that does', async () => {
    const { code, stdout } = await rehearse('examples/simple_ota', '--trouble', 'neverConfirm');
    expect(code).toBe(1);
    expect(stdout).toContain('⚠ Delivered, not confirmed: 1.0.0 runs');
  });

  it('lets the board run another image before, here one that trusts nobody', async () => {
    const same = join(folder, 'same.bin');
    writeFileSync(same, makeAppImage({ target: 'esp32', version: '1.0.0', projectName: 'simple_ota' }));
    const { code, stdout } = await rehearse('examples/simple_ota', '--from', same, '--json');
    expect(code).toBe(1);
    // an image without the certificate: the board that runs it does not trust the server
    expect(JSON.parse(stdout)).toMatchObject({
      release: { previousVersion: '1.0.0' },
      verdict: { outcome: 'refused', cause: 'noServerVerification' },
    });
  });

  it('takes the build of a project that trusts the local authority as it is', async () => {
    const certificate = join(folder, 'data', 'ca', 'made');
    const [ca = ''] = readdirSync(certificate);
    writeFileSync(join(project, 'server_certs', 'ca_cert.pem'), readFileSync(join(certificate, ca)));
    buildOutputs({ projectFolder: project });
    const json = jsonOf('rehearse', await rehearse(project, '--json', '--console'));
    expect(json).toMatchObject({ exitCode: 0, verdict: { outcome: 'confirmed' } });
    expect(json).not.toHaveProperty('builtCopyWith');
  });

  it('says what to do where the image does not trust the server and nobody knows how to build it', async () => {
    rmSync(join(project, '.vscode'), { recursive: true });
    const ended = await cli.run(
      ['rehearse', project, '--json', '--key-type', 'ec', '--data-dir', join(folder, 'other')],
      { env },
    );
    expect(ended.code).toBe(3);
    expect(jsonOf('rehearse', ended)).toMatchObject({
      error: {
        code: 'rehearse.untrusted',
        waysOut: [
          {
            run: `esp32-ota serve --install-certificate ${project} --data-dir ${join(folder, 'other')} --key-type ec`,
          },
        ],
      },
    });
    const without = await rehearse('examples/hello_world', '--json');
    expect(without.code).toBe(3);
    expect(jsonOf('rehearse', without)).toMatchObject({
      error: {
        code: 'rehearse.untrusted',
        details: { path: join(process.cwd(), 'examples/hello_world/build/hello_world.bin'), isFresh: true },
        waysOut: [{ run: 'esp32-ota check examples/hello_world' }],
      },
    });
    const unbuilt = await rehearse('examples/hello_world', '--json', '--build-command', 'exit 3');
    expect(unbuilt.code).toBe(4);
    expect(jsonOf('rehearse', unbuilt)).toMatchObject({
      error: {
        code: 'build.failed',
        message: 'The build failed with exit code 3: its output says why.',
        details: { exitCode: 3 },
      },
    });
  });

  it('ends on Ctrl+C in the middle of a download, and leaves nothing behind', async () => {
    const running = cli.start(
      ['rehearse', join(process.cwd(), 'examples/simple_ota'), '--kbps', '20', '--console', ...data],
      { env },
    );
    await running.seen(/Starting to write|esp_https_ota: Writing|Firmware requested/);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(stdout).toContain('Cancelled during');
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('an image under another version', () => {
  it('is whole, and no signature is left behind it', () => {
    const image = makeAppImage({ target: 'esp32s3', version: '1.2.3' });
    const stamped = restampImage(Buffer.concat([image, Buffer.alloc(64, 7)]), '0.0.0');
    const [before, after] = [parseImage(image), parseImage(stamped)];
    expect(stamped.length).toBe(image.length);
    expect(after.description).toEqual({
      ...before.description,
      version: '0.0.0',
      elfSha256: after.description?.elfSha256,
    });
    expect(after.description?.elfSha256).not.toBe(before.description?.elfSha256);
    const checks = verifyImage(stamped).filter(({ id }) => id === 'checksum' || id === 'digest');
    expect(checks.map(({ outcome }) => outcome)).toEqual(['passed', 'passed']);
  });
});
