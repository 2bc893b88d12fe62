import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, it } from 'vitest';

const TYPES = 'src/editor/api/api.ts';
// below node_modules, so that nothing else looks at it
const folder = resolve('node_modules/.cache/api-document');

/** What the compiler says of an extension made of a text and a copy of the API's types. */
function complaints(text: string): string[] {
  mkdirSync(folder, { recursive: true });
  copyFileSync(TYPES, join(folder, 'esp32-ota-api.ts'));
  const file = join(folder, 'extension.ts');
  writeFileSync(file, text);
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    noUnusedLocals: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ['node'],
    typeRoots: [resolve('node_modules/@types')],
    paths: { vscode: [resolve('node_modules/@types/vscode/index.d.ts')] },
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start = 0, file: at }) => {
    const line = at === undefined ? 0 : at.getLineAndCharacterOfPosition(start).line + 1;
    return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}

function example(): string {
  const page = readFileSync('docs/api.md', 'utf8');
  const found = /```ts\n([\s\S]*?)```/.exec(page)?.[1];
  if (found === undefined) throw new Error('docs/api.md has no example');
  return found;
}

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the document of the API', () => {
  it('has an example that is an extension as it stands', () => {
    expect(complaints(example())).toEqual([]);
  });

  it('has one that the compiler would refuse if the API were another', () => {
    const other = example().replace('api.selectedPort()', 'api.port()');
    expect(complaints(other).join()).toMatch(/Property 'port' does not exist on type 'Esp32OtaApi'/);
    const frozen = example().replace('const port = api', 'api.server().releases = [];\n      const port = api');
    expect(complaints(frozen).join()).toMatch(/read-only/);
  });

  it('names everything that the API has', () => {
    const page = readFileSync('docs/api.md', 'utf8');
    const source = readFileSync(TYPES, 'utf8');
    const api = /export interface Esp32OtaApi \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? '';
    const members = [...api.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map((match) => match[1] ?? '');
    expect(members.length).toBeGreaterThan(8);
    for (const member of members) expect(page, member).toContain(member);
  });
});

describe('the types of the API', () => {
  it('stand by themselves, so that they can be copied', () => {
    expect(readFileSync(TYPES, 'utf8')).not.toMatch(/^\s*(?:import|export \*|export \{)|\bimport\(|require\(/m);
  });
});
