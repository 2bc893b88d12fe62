import { readFileSync } from 'node:fs';
import { describe, expect, inject, it } from 'vitest';
import { readZip } from './zip.ts';

const archive = readFileSync(inject('vsixFile'));
const files = readZip(archive);
const names = [...files.keys()];

/** The file's text, or a failure that names it. */
function text(name: string): string {
  const bytes = files.get(name);
  if (!bytes) throw new Error(`${name} is not in the VSIX`);
  return bytes.toString('utf8');
}

/** All that may be packaged. What is new has to be named here, and in .vscodeignore. */
const ALLOWED = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/(package\.json|readme\.md|changelog\.md|LICENSE\.txt|SECURITY\.md|ThirdPartyNotices\.txt)$/,
  /^extension\/package\.nls(\.[a-z-]+)?\.json$/,
  /^extension\/l10n\/bundle\.l10n\.[a-z-]+\.json$/,
  /^extension\/docs\/findings\.md$/,
  /^extension\/media\/[\w.-]+\.(svg|png|json)$/,
  /^extension\/media\/walkthrough\/[\w.-]+\.(svg|png|md)$/,
  /^extension\/examples\/simple_ota\/(sdkconfig(\.defaults)?|version\.txt|CMakeLists\.txt|README\.md|\.gitignore|server_certs\/README\.md)$/,
  /^extension\/examples\/simple_ota\/main\/(CMakeLists\.txt|Kconfig\.projbuild|simple_ota\.c)$/,
  /^extension\/examples\/tools\/[a-z-]+\.(mjs|md)$/i,
  /^extension\/dist\/extension\.js$/,
  /^extension\/dist\/chunks\/[\w.-]+\.js$/,
  /^extension\/dist\/webview\/[\w.-]+\.(js|css)$/,
  /^extension\/dist\/prebuilds\/[\w+-]+\/[\w.@+-]+\.node$/,
];

const REQUIRED = [
  'extension/package.json',
  'extension/package.nls.json',
  'extension/package.nls.zh-cn.json',
  'extension/l10n/bundle.l10n.zh-cn.json',
  'extension/readme.md',
  'extension/changelog.md',
  'extension/LICENSE.txt',
  'extension/SECURITY.md',
  'extension/ThirdPartyNotices.txt',
  'extension/examples/simple_ota/.gitignore',
  'extension/examples/simple_ota/main/simple_ota.c',
  'extension/examples/simple_ota/sdkconfig',
  'extension/examples/simple_ota/sdkconfig.defaults',
  'extension/examples/tools/build-outputs.mjs',
  'extension/dist/extension.js',
  'extension/dist/webview/flash-map.js',
  'extension/dist/webview/flash-map.css',
  'extension/dist/webview/timeline.js',
  'extension/dist/webview/timeline.css',
];

describe('the VSIX', () => {
  it('holds nothing but what is on the list: no sources, maps or tests', () => {
    expect(names.filter((name) => !ALLOWED.some((pattern) => pattern.test(name)))).toEqual([]);
  });

  it('holds what every extension needs, in both languages', () => {
    expect(REQUIRED.filter((name) => !files.has(name))).toEqual([]);
  });

  it('holds no private key', () => {
    // a header with a body: the libraries have headers alone among their constants
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*(\\n)?[A-Za-z0-9+/]{40}/;
    expect(names.filter((name) => key.test(text(name)))).toEqual([]);
  });

  it('names no folder of the machine it was made on', () => {
    const scripts = names.filter((name) => name.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter((name) => text(name).includes(process.cwd()))).toEqual([]);
    expect(scripts.filter((name) => text(name).includes('sourceMappingURL=data'))).toEqual([]);
  });

  it('is at most 2.5 MB', () => {
    expect(archive.length).toBeLessThan(2.5 * 1024 * 1024);
  });
});

describe('its package.json', () => {
  interface Manifest {
    readonly main: string;
    readonly icon: string;
    readonly contributes: {
      readonly viewsContainers?: Readonly<Record<string, readonly { icon: string }[]>>;
      readonly jsonValidation?: readonly { url: string }[];
    };
  }
  const manifest = JSON.parse(text('extension/package.json')) as Manifest;

  it('names only files that are in the VSIX', () => {
    const { viewsContainers = {}, jsonValidation = [] } = manifest.contributes;
    const icons = Object.values(viewsContainers).flatMap((containers) => containers.map(({ icon }) => icon));
    const schemas = jsonValidation.map(({ url }) => url).filter((url) => url.startsWith('.'));
    const named = [manifest.main, manifest.icon, ...icons, ...schemas].map((file) => file.replace(/^\.\//, ''));
    expect(named.filter((file) => !files.has(`extension/${file}`))).toEqual([]);
  });

  it('says every text through the tables of both languages', () => {
    const keys = [...text('extension/package.json').matchAll(/"%([^%"]+)%"/g)].map((match) => match[1] ?? '');
    expect(keys.length).toBeGreaterThan(0);
    for (const table of ['extension/package.nls.json', 'extension/package.nls.zh-cn.json']) {
      const texts = JSON.parse(text(table)) as Record<string, unknown>;
      expect(keys.filter((key) => !(key in texts))).toEqual([]);
    }
  });
});
