import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diskFiles, type FileStore } from '../../../src/base/files.ts';
import { OtaError } from '../../../src/base/ota-error.ts';
import { applyEdits, decodeText, readTextExactly, type FileEdit } from '../../../src/idf/file-edit.ts';
import { joinLines, splitLines } from '../../../src/idf/text-lines.ts';
import { makeFolder } from './project-folder.ts';

describe('edits of files', () => {
  it('keep what stood there when asked to', async () => {
    const folder = await makeFolder({ a: 'old' });
    const backups = await applyEdits(
      [
        { path: join(folder, 'a'), before: 'old', after: 'new' },
        { path: join(folder, 'sub/b'), after: 'made' },
      ],
      diskFiles,
      { keepBackups: true },
    );
    expect(backups).toHaveLength(1);
    expect(await readFile(backups[0] ?? '', 'utf8')).toBe('old');
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('new');
    expect(await readFile(join(folder, 'sub/b'), 'utf8')).toBe('made');
    expect(await readdir(folder)).toHaveLength(3);
  });

  it('are all refused when one file is not as it was', async () => {
    const folder = await makeFolder({ a: 'old', b: 'other' });
    const edits = [
      { path: join(folder, 'a'), before: 'old', after: 'new' },
      { path: join(folder, 'b'), after: 'made' },
    ];
    await expect(applyEdits(edits, diskFiles)).rejects.toThrow(/file\.changed/);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('old');
  });

  /** As if the files of these names were open in a program that lets nobody write them, from the given write on. */
  const held = (...names: readonly string[]): FileStore => {
    const writes = new Map<string, number>();
    return {
      ...diskFiles,
      writeAtomic: async (path, content, mode) => {
        const count = (writes.get(path) ?? 0) + 1;
        writes.set(path, count);
        if (names.includes(`${basename(path)}:${count}`))
          throw new OtaError('file.unwritable', { path, reason: 'EBUSY' });
        await diskFiles.writeAtomic(path, content, mode);
      },
    };
  };
  const three = (folder: string): readonly FileEdit[] => [
    { path: join(folder, 'a'), before: 'old', after: 'new' },
    { path: join(folder, 'made'), after: 'made' },
    { path: join(folder, 'b'), before: 'other', after: 'changed' },
  ];

  it('are taken back when one of the files can not be written', async () => {
    const folder = await makeFolder({ a: 'old', b: 'other' });
    const applied = applyEdits(three(folder), held('b:1'), { keepBackups: true });
    await expect(applied).rejects.toMatchObject({ code: 'file.unwritable', details: { path: join(folder, 'b') } });
    expect(await readdir(folder)).toEqual(['a', 'b']);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('old');
    expect(await readFile(join(folder, 'b'), 'utf8')).toBe('other');
  });

  it('say which of them stand when they can not be taken back', async () => {
    const folder = await makeFolder({ a: 'old', b: 'other' });
    const applied = applyEdits(three(folder), held('b:1', 'a:2'), { keepBackups: true });
    await expect(applied).rejects.toMatchObject({
      code: 'file.halfWritten',
      details: { path: join(folder, 'b'), reason: 'EBUSY', changed: join(folder, 'a') },
    });
    // what stood there is still beside it
    expect(await readdir(folder)).toHaveLength(4);
  });

  it('keep what stood there of the files that are asked for', async () => {
    const folder = await makeFolder({ a: 'old', b: 'other' });
    const backups = await applyEdits(three(folder), diskFiles, { keepBackups: (path) => basename(path) === 'b' });
    expect(backups.map((path) => basename(path))).toEqual([expect.stringMatching(/^b\..*\.bak$/)]);
  });

  it('refuse a character that a file of another encoding does not have', async () => {
    const folder = await makeFolder({ a: Buffer.from([0xe9, 0x0a]) });
    const before = await readTextExactly(diskFiles, join(folder, 'a'));
    expect(before).toBe('é\n');
    const edit = { path: join(folder, 'a'), before: 'é\n', after: 'é 中\n' };
    await expect(applyEdits([edit], diskFiles)).rejects.toThrow(/file\.notUtf8/);
  });

  it('see any bytes as a text that gives the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const { text, isUtf8 } = decodeText(bytes);
        expect(Buffer.from(text, isUtf8 ? 'utf8' : 'latin1').equals(Buffer.from(bytes))).toBe(true);
        expect(joinLines(splitLines(text))).toBe(text);
      }),
    );
  });
});
