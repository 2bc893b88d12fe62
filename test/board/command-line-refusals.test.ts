import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useCommandLine } from '../support/command-line.ts';
import { copyExample } from '../support/example-project.ts';
import { jsonLinesOf, jsonOf } from '../support/json-output.ts';

const cli = useCommandLine();
const folder = mkdtempSync(join(tmpdir(), 'cli-refusals-'));
let project = '';
beforeAll(() => {
  project = copyExample('simple_ota', folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Nobody listens there: whoever gets this far ends with 4. */
const NOWHERE = ['--port', 'socket://127.0.0.1:1'];

describe('esp32-ota refuses what nothing would come of', () => {
  it.each<readonly [argv: readonly string[], said: string]>([
    [['check', '--port', '9000'], '--port needs --server.'],
    // also where it is what it would be anyway
    [['check', '--key-type', 'rsa'], '--key-type needs --server.'],
    [
      ['check', '--protocol', 'http', '--bind', '127.0.0.1', '--host', 'pc.local'],
      '--protocol, --bind, --host need --server.',
    ],
    [
      ['check', '--server', '--protocol', 'http', '--key-type', 'ec'],
      '--protocol http, --key-type do not go together.',
    ],
    [['serve', '--protocol', 'http', '--key-type', 'ec'], '--protocol http, --key-type do not go together.'],
    [
      ['serve', '--protocol', 'http', '--install-certificate'],
      '--protocol http, --install-certificate do not go together.',
    ],
    [['serve', '--fault-requests', '2'], '--fault-requests needs --fault.'],
    [
      ['serve', '--certificate', 'a.pem', '--key', 'a.key', '--key-type', 'ec', '--fault', 'cutBody'],
      '--certificate, --key-type do not go together.',
    ],
    [['serve', 'version.txt', '--notes', 'NOTES.md'], '--notes needs a project.'],
    [
      ['rehearse', '--certificate', 'a.pem', '--key', 'a.key', '--key-type', 'ec'],
      '--certificate, --key-type do not go together.',
    ],
    [['monitor', '--url', 'https://pc/a.bin', ...NOWHERE], '--url is for what is typed: it needs a terminal.'],
    [['monitor', '--line-end', 'lf', ...NOWHERE], '--line-end is for what is typed: it needs a terminal.'],
    [['monitor', '--reset-by', 'classic', ...NOWHERE], '--reset-by needs --reset.'],
    [['slots', 'list', '--full', ...NOWHERE], 'list, --full do not go together.'],
    [['flash', '--spare-slot', '--erase', ...NOWHERE], '--spare-slot, --erase do not go together.'],
  ])('%j', async (argv, said) => {
    const { code, stdout, stderr } = await cli.run(argv, { cwd: project });
    const help = `esp32-ota ${argv[0] ?? ''} --help says what there is.`;
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `error: ${said}\n${help}\n` });
  });

  it('with a code for programs', async () => {
    const check = jsonOf('check', await cli.run(['check', '--port', '1', '--host', 'pc', '--json'], { cwd: project }));
    expect(check['error']).toMatchObject({
      code: 'usage.needsOther',
      details: { options: '--port --host', other: '--server' },
    });
    const [ended] = jsonLinesOf('monitor', await cli.run(['monitor', '--json', '--url', 'https://pc/a', ...NOWHERE]));
    expect(ended).toMatchObject({ event: 'ended', error: { code: 'usage.needsTerminal', details: { option: 'url' } } });
    const [twice] = jsonLinesOf('monitor', await cli.run(['monitor', '--json', '--timestamps', ...NOWHERE]));
    expect(twice).toMatchObject({ error: { code: 'usage.conflict', details: { options: '--json --timestamps' } } });
  });

  it('certificates for firmware that asks over plain HTTP', async () => {
    for (const name of ['sdkconfig', 'sdkconfig.defaults']) {
      const file = join(project, name);
      writeFileSync(file, readFileSync(file, 'utf8').replace('="https://', '="http://'));
    }
    const json = jsonOf('rehearse', await cli.run(['rehearse', '--key-type', 'ec', '--json'], { cwd: project }));
    expect(json).toMatchObject({
      exitCode: 2,
      error: { code: 'usage.plainHttp', message: expect.stringContaining('simple_ota asks over plain HTTP') as string },
    });
  });

  it('but not the kind of key beside a certificate of one’s own where a wrong one is made', async () => {
    const own = ['--certificate', 'none.pem', '--key', 'none.key'];
    const argv = ['serve', ...own, '--key-type', 'ec', '--fault', 'expired', '--data-dir', join(folder, 'data')];
    const { code, stderr } = await cli.run(argv, { cwd: project });
    expect([code, stderr]).toEqual([4, expect.stringContaining('none.pem does not exist') as string]);
  });
});
