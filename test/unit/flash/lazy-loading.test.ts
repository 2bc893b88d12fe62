import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { inRoot } from '../../../scripts/lib/repository.mjs';

describe('esptool-js', () => {
  it('is loaded at its first use: every import of it is dynamic', async () => {
    const { metafile } = await build({
      entryPoints: ['flash-board.ts', 'read-flash.ts', 'erase-flash.ts', 'commands.ts'].map((file) =>
        inRoot('src', 'flash', file),
      ),
      outdir: 'unused',
      ...{ bundle: true, write: false, metafile: true, platform: 'node', format: 'esm', packages: 'external' },
    });
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    const kinds = imports.filter(({ path }) => path.startsWith('esptool-js')).map(({ kind }) => kind);
    expect(kinds).toEqual(['dynamic-import']);
  });
});
