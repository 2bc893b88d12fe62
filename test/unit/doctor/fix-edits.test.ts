import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { checkSetup } from '../../../src/doctor/check-setup.ts';
import type { DoctorFacts } from '../../../src/doctor/facts.ts';
import type { Finding, Fix } from '../../../src/doctor/finding.ts';
import { applyTextEdits, editsOfFix, filesOfFix } from '../../../src/doctor/fix-edits.ts';
import { applyEdits, readTextExactly } from '../../../src/idf/file-edit.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import { readSetupTexts } from '../../../src/ota/setup-facts.ts';
import { GENERATIONS } from '../idf/project-folder.ts';
import { factsOf } from './project-facts.ts';

/** Applies a fix on disk as the editor does; gives the names of the files it changed. */
async function apply(fix: Fix, { project }: DoctorFacts): Promise<readonly string[]> {
  const texts = new Map<string, string>();
  for (const path of filesOfFix(fix, project)) {
    const text = await readTextExactly(diskFiles, path);
    if (text !== undefined) texts.set(path, text);
  }
  const edits = editsOfFix(fix, project, texts);
  await applyEdits(edits, diskFiles);
  return edits.map(({ path }) => basename(path));
}

async function again(facts: DoctorFacts): Promise<DoctorFacts> {
  const project = await loadProject(facts.project.folder, diskFiles);
  const texts = new Map<string, string>();
  for (const path of [project.sdkconfigPath, project.partitionTable.path]) {
    const text = path === undefined ? undefined : await diskFiles.readText(path);
    if (path !== undefined && text !== undefined) texts.set(path, text);
  }
  return { ...facts, project, text: (path) => texts.get(path) };
}

function fixOf(findings: readonly Finding[], id: Finding['id'], index = 0): Fix {
  const fix = findings.find((one) => one.id === id)?.fixes[index];
  if (fix === undefined) throw new Error(`${id} has no fix`);
  return fix;
}

/** Lines that are in one text and not in the other. */
function changedLines(before: string, after: string): readonly string[] {
  const [old, now] = [before.split('\n'), after.split('\n')];
  return now.filter((line) => !old.includes(line));
}

describe.each(GENERATIONS)('a fix in a project of %s', (generation) => {
  it('takes its finding away, and keeps every other byte', async () => {
    const config = [
      'CONFIG_PARTITION_TABLE_SINGLE_APP=y',
      ...['TWO_OTA', 'TWO_OTA_LARGE', 'CUSTOM'].map((one) => `# CONFIG_PARTITION_TABLE_${one} is not set`),
    ];
    const facts = await factsOf(generation, { config });
    const read = () => readFile(facts.project.sdkconfigPath, 'utf8');
    const before = await read();
    const files = await apply(fixOf(checkSetup(facts), 'layout-no-ota-slots'), facts);
    expect(files).toContain('sdkconfig');
    expect(changedLines(before, await read()).map((line) => line.trim())).toEqual(
      expect.arrayContaining(['# CONFIG_PARTITION_TABLE_SINGLE_APP is not set', 'CONFIG_PARTITION_TABLE_TWO_OTA=y']),
    );
    const after = checkSetup(await again(facts));
    expect(after.map(({ id }) => id)).not.toContain('layout-no-ota-slots');
    // applied again, it has nothing to do
    expect(await apply(fixOf(checkSetup(facts), 'layout-no-ota-slots'), facts)).toEqual([]);
  });

  it('writes an address of this computer into the defaults only where they set it', async () => {
    const symbol = generation === 'v4.4' ? 'EXAMPLE_FIRMWARE_UPG_URL' : 'EXAMPLE_FIRMWARE_UPGRADE_URL';
    const line = `CONFIG_${symbol}="https://192.168.61.67:1/a.bin"`;
    const plain = await factsOf(generation, { config: [line] });
    expect(await apply(fixOf(checkSetup(plain), 'url-port'), plain)).toEqual(['sdkconfig']);
    expect(checkSetup(await again(plain)).map(({ id }) => id)).not.toContain('url-port');
    const set = await factsOf(generation, { config: [line], files: { 'sdkconfig.defaults': `${line}\n# mine\n` } });
    expect(await apply(fixOf(checkSetup(set), 'url-port'), set)).toEqual(['sdkconfig', 'sdkconfig.defaults']);
    expect(await readFile(join(set.project.folder, 'sdkconfig.defaults'), 'utf8')).toMatch(
      /:8070\/\w+\.bin"\n# mine\n$/,
    );
  });
});

describe('a fix of a row', () => {
  it('replaces the one field', async () => {
    const csv =
      'nvs,data,nvs,0x9000,16K\r\notadata,data,ota,0xd000, 4K ,\r\nota_0,app,ota_0,0x10000,1M\r\nota_1,app,ota_1,,1M\r\n';
    const facts = await factsOf('v5.3', { files: { 'partitions.csv': csv } });
    await apply(fixOf(checkSetup(facts), 'layout-otadata-size'), facts);
    expect(await readFile(join(facts.project.folder, 'partitions.csv'), 'utf8')).toBe(csv.replace('4K', '0x2000'));
    expect(checkSetup(await again(facts)).map(({ id }) => id)).not.toContain('layout-otadata-size');
  });
});

describe('a fix in a file with a byte order mark', () => {
  it('replaces the field of the first line', async () => {
    const csv =
      '\uFEFFotadata,data,ota,0xd000,0x1000\nnvs,data,nvs,0x9000,16K\nota_0,app,ota_0,0x10000,1M\nota_1,app,ota_1,,1M\n';
    const facts = await factsOf('v5.3', { files: { 'partitions.csv': csv } });
    await apply(fixOf(checkSetup(facts), 'layout-otadata-size'), facts);
    expect(await readFile(join(facts.project.folder, 'partitions.csv'), 'utf8')).toBe(csv.replace('0x1000', '0x2000'));
  });

  it('leaves what is ignored already as it is', async () => {
    const files = { '.gitignore': '\uFEFFbuild' };
    const facts = await factsOf('v5.3', { files });
    const { project } = facts;
    const privateKeys = [{ path: join(project.folder, 'x.key') }];
    const texts = await readSetupTexts(project, privateKeys, diskFiles);
    const findings = checkSetup({ ...facts, privateKeys, text: (path) => texts.get(path) });
    await apply(fixOf(findings, 'certificate-private-key'), facts);
    expect(await readFile(join(project.folder, '.gitignore'), 'utf8')).toBe('\uFEFFbuild\n/x.key\n');
  });
});

describe('edits of a text', () => {
  it('go by lines and columns, whatever ends the lines, and stay inside the text', () => {
    const edit = (line: number, column: number, endLine: number, endColumn: number, text: string) => ({
      line,
      column,
      endLine,
      endColumn,
      text,
    });
    expect(applyTextEdits('ab\r\ncd\nef', [edit(2, 1, 2, 2, 'X'), edit(3, 3, 3, 3, '!'), edit(1, 1, 1, 1, '>')])).toBe(
      '>ab\r\nXd\nef!',
    );
    expect(applyTextEdits('ab', [edit(9, 9, 9, 9, '!')])).toBe('ab!');
    expect(applyTextEdits('', [edit(1, 1, 1, 1, 'x')])).toBe('x');
  });
});
