import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { applyEdits, decodeText, readTextExactly } from '../../../src/idf/file-edit.ts';
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
