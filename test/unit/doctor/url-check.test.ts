import { describe, expect, it } from 'vitest';
import { urlFindings } from '../../../src/doctor/checks/url.ts';
import type { DoctorFacts, ServerFacts } from '../../../src/doctor/facts.ts';
import { GENERATIONS } from '../idf/project-folder.ts';
import { makeApp } from '../../support/make-image.ts';
import { factsOf, idsOf } from './project-facts.ts';

type Generation = (typeof GENERATIONS)[number];

const symbolOf = (generation: Generation): string =>
  generation === 'v4.4' ? 'EXAMPLE_FIRMWARE_UPG_URL' : 'EXAMPLE_FIRMWARE_UPGRADE_URL';
const nameOf = (generation: Generation): string =>
  generation === 'v4.4' ? 'native_ota' : generation === 'v5.1' ? 'advanced_https_ota' : 'simple_ota';
const SERVER: ServerFacts = {
  state: 'off',
  protocol: 'https',
  port: 8070,
  host: '192.168.61.67',
  bindHost: '0.0.0.0',
  paths: [],
};

async function check(generation: Generation, url: string, facts: Partial<DoctorFacts> = {}) {
  return urlFindings(await factsOf(generation, { config: [`CONFIG_${symbolOf(generation)}="${url}"`], facts }));
}

describe.each(GENERATIONS)('the firmware URL of a project of %s', (generation) => {
  const name = nameOf(generation);
  const good = `https://192.168.61.67:8070/${name}.bin`;
  const on: ServerFacts = { ...SERVER, state: 'on', paths: [`/${name}.bin`, `/by-hash/${name}.bin`] };

  it('is in order, with the server on or off', async () => {
    expect(await check(generation, good)).toEqual([]);
    expect(await check(generation, good, { server: on })).toEqual([]);
    expect(await check(generation, good.replace(`/${name}`, `/by-hash/${name}`), { server: on })).toEqual([]);
    expect(await check(generation, 'FROM_STDIN')).toEqual([]);
  });

  it.each([
    'https://192.168.0.3:8070/hello_world.bin',
    'https://your-server.lan/app.bin',
    'https://your_ip:8070/app.bin',
    'https://example.com/app.bin',
    'https://<ip>:8070/app.bin',
    'https://192.168.x.x:8070/app.bin',
    '',
  ])('is a placeholder: %s', async (url) => {
    const found = await check(generation, url);
    expect(found).toMatchObject([
      {
        id: 'url-placeholder',
        severity: 'error',
        details: { url },
        fixes: [{ id: 'setUrl', options: { [symbolOf(generation)]: good }, isLocal: true, needs: ['rebuild'] }],
      },
    ]);
  });

  it('is the address of the example, which this computer happens to have', async () => {
    const facts = {
      server: { ...SERVER, host: '192.168.0.3' },
      addresses: [{ address: '192.168.0.3', family: 'IPv4', interfaceName: 'eth0', kind: 'lan' }],
    } as const;
    expect(await check(generation, `https://192.168.0.3:8070/${name}.bin`, facts)).toEqual([]);
  });

  it.each([
    'ftp://192.168.61.67/a.bin',
    '192.168.61.67:8070/a.bin',
    'https://',
    'https:///a.bin',
    'https://host:b:c/d',
  ])('is none: %s', async (url) => {
    expect(idsOf(await check(generation, url))).toEqual(['url-invalid']);
  });

  it('has an IPv6 address without brackets', async () => {
    expect(await check(generation, 'https://fd00::67:8070/a.bin')).toMatchObject([
      { id: 'url-ipv6-brackets', details: { host: 'fd00::67:8070' } },
    ]);
    const facts = { server: { ...SERVER, host: 'fd00::67' } };
    expect(idsOf(await check(generation, `https://[fd00::67]:8070/${name}.bin`, facts))).toEqual([]);
  });

  it('is longer than the buffer of the examples', async () => {
    const most = good.replace(/\/\w+[.]bin$/, '').padEnd(253, '/a') + 'b';
    expect(idsOf(await check(generation, most))).toEqual([]);
    expect(await check(generation, `${most}c`)).toMatchObject([
      { id: 'url-too-long', severity: 'error', details: { length: 255, most: 254 } },
    ]);
  });

  it.each(['localhost', '127.0.0.1', '[::1]'])('is %s, which is the board itself', async (host) => {
    const url = `https://${host}:8070/${name}.bin`;
    expect(await check(generation, url)).toMatchObject([{ id: 'url-localhost', severity: 'warning' }]);
    // the user picked the address for the virtual board
    const facts = { server: { ...SERVER, host: '127.0.0.1' } };
    expect(await check(generation, url, facts)).toMatchObject([{ id: 'url-localhost', severity: 'information' }]);
  });

  it('leads to another computer of this network, or to a public server', async () => {
    const other = `https://192.168.61.5:8070/${name}.bin`;
    const fixes = [{ id: 'setUrl', options: { [symbolOf(generation)]: good } }];
    expect(await check(generation, other)).toMatchObject([{ id: 'url-other-host', severity: 'warning', fixes }]);
    expect(await check(generation, other, { server: on })).toMatchObject([{ severity: 'error', fixes }]);
    expect(await check(generation, 'https://updates.product.net/app.bin', { server: on })).toMatchObject([
      { id: 'url-other-host', severity: 'information', details: { isPrivate: false } },
    ]);
  });

  it('names this computer by its name', async () => {
    const host = {
      platform: 'linux',
      isWsl: false,
      isContainer: false,
      isRemote: false,
      names: ['desk', 'desk.local'],
    } as const;
    expect(await check(generation, `https://desk.local:8070/${name}.bin`, { host })).toEqual([]);
    expect(idsOf(await check(generation, `https://bench.local:8070/${name}.bin`, { host }))).toEqual([
      'url-other-host',
    ]);
  });

  it('has another port, scheme or file than the server', async () => {
    const wrong = `http://192.168.61.67:8071/other.bin`;
    const expected = [{ id: 'setUrl', options: { [symbolOf(generation)]: good } }];
    expect(await check(generation, wrong, { server: on })).toMatchObject([
      {
        id: 'url-scheme',
        severity: 'error',
        details: { scheme: 'http', expected: 'https', isOn: true },
        fixes: expected,
      },
      { id: 'url-port', severity: 'error', details: { port: 8071, expected: 8070 }, fixes: expected },
      { id: 'url-file', severity: 'error', details: { file: '/other.bin', expected: `/${name}.bin` }, fixes: expected },
    ]);
    // off, the settings say how it would be; which image is meant nobody knows before a build
    expect(idsOf(await check(generation, wrong))).toEqual(['url-scheme', 'url-port']);
    const built = await factsOf(generation, {
      config: [`CONFIG_${symbolOf(generation)}="${wrong}"`],
      files: { [`build/${name}.bin`]: makeApp() },
    });
    expect(urlFindings(built)).toMatchObject([
      { severity: 'warning' },
      { severity: 'warning' },
      { severity: 'information' },
    ]);
  });

  it('keeps the path that is served when only the port differs', async () => {
    const server = { ...on, paths: [...on.paths, '/other.bin'] };
    const [found] = await check(generation, 'https://192.168.61.67:1/other.bin', { server });
    expect(found?.fixes).toMatchObject([
      { options: { [symbolOf(generation)]: 'https://192.168.61.67:8070/other.bin' } },
    ]);
  });

  it('stands at its line', async () => {
    const facts = await factsOf(generation, {
      config: [`CONFIG_${symbolOf(generation)}="https://192.168.61.67:1/a.bin"`],
    });
    const [found] = urlFindings(facts);
    const lines = facts.text(facts.project.sdkconfigPath)?.split(/\r?\n/) ?? [];
    const line = lines.findIndex((one) => one.startsWith(`CONFIG_${symbolOf(generation)}=`)) + 1;
    expect(found).toMatchObject({
      path: facts.project.sdkconfigPath,
      range: { line, column: 1, endColumn: (lines[line - 1]?.length ?? 0) + 1 },
    });
  });
});

describe('a project without a URL', () => {
  it('has nothing to say about one', async () => {
    const facts = await factsOf('v5.5');
    const { firmwareUrl: _, ...ota } = facts.project.ota;
    expect(urlFindings({ ...facts, project: { ...facts.project, ota } })).toEqual([]);
  });
});
