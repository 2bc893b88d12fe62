import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inRoot } from '../../scripts/lib/repository.mjs';
import { checkDependencies } from '../../scripts/lib/static-checks.mjs';

interface Planted {
  /** What is forbidden, as the name of a test. */
  readonly title: string;
  readonly from: string;
  /** What the file imports, as it writes it. */
  readonly imports: string;
  /** Type imports and dynamic ones count too. */
  readonly how?: 'type' | 'dynamic' | 'reExport';
  readonly rule: string;
}

/** One arrow of each kind that the house forbids. */
const FORBIDDEN: readonly Planted[] = [
  { title: 'base → image', from: 'base/a.ts', imports: '../image/ok.ts', rule: 'arrows-of-base' },
  { title: 'image → idf', from: 'image/a.ts', imports: '../idf/ok.ts', rule: 'arrows-of-image' },
  { title: 'image → serial', from: 'image/b.ts', imports: '../serial/ok.ts', rule: 'arrows-of-image' },
  { title: 'serial → image', from: 'serial/a.ts', imports: '../image/ok.ts', rule: 'arrows-of-serial' },
  { title: 'idf → server', from: 'idf/a.ts', imports: '../server/ok.ts', rule: 'arrows-of-idf' },
  { title: 'server → monitor', from: 'server/a.ts', imports: '../monitor/ok.ts', rule: 'arrows-of-server' },
  { title: 'server → serial', from: 'server/b.ts', imports: '../serial/ok.ts', rule: 'arrows-of-server' },
  { title: 'flash → server', from: 'flash/a.ts', imports: '../server/ok.ts', rule: 'arrows-of-flash' },
  { title: 'monitor → image', from: 'monitor/a.ts', imports: '../image/ok.ts', rule: 'arrows-of-monitor' },
  {
    title: 'virtual-board → image',
    from: 'virtual-board/a.ts',
    imports: '../image/ok.ts',
    rule: 'arrows-of-virtual-board',
  },
  {
    title: 'virtual-board → server',
    from: 'virtual-board/b.ts',
    imports: '../server/ok.ts',
    rule: 'arrows-of-virtual-board',
  },
  {
    title: 'virtual-board → flash',
    from: 'virtual-board/c.ts',
    imports: '../flash/ok.ts',
    rule: 'arrows-of-virtual-board',
  },
  {
    title: 'virtual-board → serial, beyond the transport interface',
    from: 'virtual-board/d.ts',
    imports: '../serial/ok.ts',
    rule: 'arrows-of-virtual-board',
  },
  { title: 'doctor → flash', from: 'doctor/a.ts', imports: '../flash/ok.ts', rule: 'arrows-of-doctor' },
  { title: 'ota → editor', from: 'ota/a.ts', imports: '../editor/ok.ts', rule: 'arrows-of-ota' },
  { title: 'ota → texts', from: 'ota/t.ts', imports: '../texts/ok.ts', rule: 'arrows-of-ota' },
  { title: 'texts → editor', from: 'texts/a.ts', imports: '../editor/ok.ts', how: 'type', rule: 'arrows-of-texts' },
  { title: 'texts → json', from: 'texts/j.ts', imports: '../json/ok.ts', rule: 'arrows-of-texts' },
  { title: 'json → editor', from: 'json/a.ts', imports: '../editor/ok.ts', how: 'type', rule: 'arrows-of-json' },
  { title: 'json → the command line', from: 'json/b.ts', imports: '../command-line/ok.ts', rule: 'arrows-of-json' },
  { title: 'ota → virtual-board', from: 'ota/b.ts', imports: '../virtual-board/ok.ts', rule: 'arrows-of-ota' },
  { title: 'editor → virtual-board', from: 'editor/a.ts', imports: '../virtual-board/ok.ts', rule: 'arrows-of-editor' },
  {
    title: 'a page → the rest of the editor',
    from: 'editor/webview/a.ts',
    imports: '../ok.ts',
    how: 'type',
    rule: 'pages-know-pages-only',
  },
  {
    title: 'a page → VS Code',
    from: 'editor/webview/b.ts',
    imports: 'vscode',
    how: 'type',
    rule: 'pages-know-pages-only',
  },
  { title: 'a type of a room above', from: 'base/b.ts', imports: '../ota/ok.ts', how: 'type', rule: 'arrows-of-base' },
  {
    title: 'an import() of a room above',
    from: 'base/c.ts',
    imports: '../ota/ok.ts',
    how: 'dynamic',
    rule: 'arrows-of-base',
  },
  {
    title: 'a re-export of a room above',
    from: 'base/d.ts',
    imports: '../ota/ok.ts',
    how: 'reExport',
    rule: 'arrows-of-base',
  },
  {
    title: 'anything → the composition root',
    from: 'editor/b.ts',
    imports: '../extension.ts',
    rule: 'nobody-imports-a-composition-root',
  },
  {
    title: 'anything → the composition root of the command line',
    from: 'command-line/r.ts',
    imports: '../cli.ts',
    rule: 'nobody-imports-a-composition-root',
  },
  {
    title: 'one composition root → the other',
    from: 'extension.ts',
    imports: './cli.ts',
    rule: 'nobody-imports-a-composition-root',
  },
  {
    title: 'the command line → editor',
    from: 'command-line/a.ts',
    imports: '../editor/ok.ts',
    how: 'type',
    rule: 'arrows-of-command-line',
  },
  {
    title: 'the command line → virtual-board',
    from: 'command-line/b.ts',
    imports: '../virtual-board/ok.ts',
    how: 'dynamic',
    rule: 'arrows-of-command-line',
  },
  { title: 'the command line → vscode', from: 'command-line/c.ts', imports: 'vscode', rule: 'vscode-only-in-editor' },
  { title: 'ota → the command line', from: 'ota/l.ts', imports: '../command-line/ok.ts', rule: 'arrows-of-ota' },
  { title: 'texts → the command line', from: 'texts/l.ts', imports: '../command-line/ok.ts', rule: 'arrows-of-texts' },
  {
    title: 'editor → the command line',
    from: 'editor/l.ts',
    imports: '../command-line/ok.ts',
    rule: 'arrows-of-editor',
  },
  {
    title: 'the root of the command line → editor',
    from: 'cli.ts',
    imports: './editor/ok.ts',
    how: 'dynamic',
    rule: 'no-editor-in-the-command-line',
  },
  { title: 'core → vscode', from: 'ota/c.ts', imports: 'vscode', rule: 'vscode-only-in-editor' },
  {
    title: 'core → a type of vscode',
    from: 'server/c.ts',
    imports: 'vscode',
    how: 'type',
    rule: 'vscode-only-in-editor',
  },
  {
    title: 'a second file that names serialport',
    from: 'serial/b.ts',
    imports: 'serialport',
    rule: 'one-file-names-serialport',
  },
  {
    title: 'a second file that names selfsigned, in an import()',
    from: 'server/d.ts',
    imports: 'selfsigned',
    how: 'dynamic',
    rule: 'one-file-names-selfsigned',
  },
  {
    title: 'a second file that names esptool-js',
    from: 'flash/b.ts',
    imports: 'esptool-js',
    rule: 'one-file-names-esptool-js',
  },
  { title: 'src → test', from: 'ota/d.ts', imports: '../../test/ok.ts', rule: 'sources-import-no-tests' },
  { title: 'src → scripts', from: 'ota/e.ts', imports: '../../scripts/ok.ts', rule: 'sources-import-no-tests' },
  { title: 'a module that does not exist', from: 'ota/f.ts', imports: './missing.ts', rule: 'no-unresolvable' },
  { title: 'a circle', from: 'image/circle-one.ts', imports: './circle-two.ts', rule: 'no-circles' },
];

const ROOMS = [
  'base',
  'image',
  'serial',
  'idf',
  'server',
  'flash',
  'monitor',
  'doctor',
  'ota',
  'texts',
  'json',
  'editor',
  'command-line',
  'virtual-board',
];

/** Arrows that the house allows: the gate must not fail everything. */
const ALLOWED: readonly Omit<Planted, 'rule'>[] = [
  { title: 'image → base', from: 'image/fine.ts', imports: '../base/ok.ts' },
  { title: 'the command line → texts', from: 'command-line/fine.ts', imports: '../texts/ok.ts' },
  { title: 'json → texts', from: 'json/fine.ts', imports: '../texts/ok.ts' },
  { title: 'editor → json', from: 'editor/fine-json.ts', imports: '../json/ok.ts' },
  { title: 'editor → texts', from: 'editor/fine-texts.ts', imports: '../texts/ok.ts' },
  { title: 'ota → doctor', from: 'ota/fine.ts', imports: '../doctor/ok.ts' },
  { title: 'editor → ota', from: 'editor/fine.ts', imports: '../ota/ok.ts', how: 'dynamic' },
  { title: 'editor → vscode', from: 'editor/fine-vscode.ts', imports: 'vscode', how: 'type' },
  {
    title: 'virtual-board → the transport interface',
    from: 'virtual-board/fine.ts',
    imports: '../serial/serial-transport.ts',
  },
  { title: 'the one file that names selfsigned', from: 'server/selfsigned.ts', imports: 'selfsigned' },
];

function sourceOf({ imports, how }: Pick<Planted, 'imports' | 'how'>): string {
  switch (how) {
    case 'type':
      return `import type { X } from '${imports}';\nexport type Y = X;\n`;
    case 'dynamic':
      return `export const load = () => import('${imports}');\n`;
    case 'reExport':
      return `export * from '${imports}';\n`;
    default:
      return `import * as x from '${imports}';\nexport const y = x;\n`;
  }
}

describe('the dependency gate', () => {
  const tree = mkdtempSync(path.join(os.tmpdir(), 'dependency-gate-'));
  let result: Awaited<ReturnType<typeof checkDependencies>>;

  const plant = (file: string, text: string): void => {
    mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    writeFileSync(path.join(tree, file), text);
  };

  beforeAll(async () => {
    symlinkSync(inRoot('node_modules'), path.join(tree, 'node_modules'), 'junction');
    plant('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'ESNext', moduleResolution: 'Bundler' } }));
    const fine = 'export interface X { readonly y: number }\n';
    for (const room of ROOMS) plant(`src/${room}/ok.ts`, fine);
    for (const file of ['src/serial/serial-transport.ts', 'src/extension.ts', 'test/ok.ts', 'scripts/ok.ts'])
      plant(file, fine);
    plant('src/image/circle-two.ts', "import * as one from './circle-one.ts';\nexport const two = one;\n");
    for (const arrow of [...FORBIDDEN, ...ALLOWED]) plant(`src/${arrow.from}`, sourceOf(arrow));

    result = await checkDependencies(tree);
  });

  afterAll(() => {
    rmSync(tree, { recursive: true, force: true });
  });

  /** The gate says "rule: file → file", a line each. */
  const rulesBrokenBy = (file: string): string[] =>
    result.output.split('\n').flatMap((line) => (line.includes(`: src/${file} → `) ? [line.split(':')[0] ?? ''] : []));

  it.each(FORBIDDEN)('forbids $title', ({ from, rule }) => {
    expect(rulesBrokenBy(from)).toContain(rule);
  });

  it.each(ALLOWED)('allows $title', ({ from }) => {
    expect(rulesBrokenBy(from)).toEqual([]);
  });

  it('fails as a step of npm test', () => {
    expect(result).toMatchObject({ passed: 0, failed: 1 });
    expect(result.counted).toBeGreaterThan(FORBIDDEN.length);
  });

  it('has a test for every rule of its configuration', async () => {
    const configuration = (await import(inRoot('dependency-cruiser.config.cjs'))) as {
      default: { forbidden: readonly { name: string }[] };
    };
    const tested = new Set(FORBIDDEN.map(({ rule }) => rule));
    expect(configuration.default.forbidden.map(({ name }) => name).filter((name) => !tested.has(name))).toEqual([]);
  });
});
