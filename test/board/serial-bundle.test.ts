import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

/** Runs in a process of its own: what has it loaded before the first port, and what after? */
const CHILD = `
const { openPort } = require('./dist/bundle.js');
const natives = () => Object.keys(require.cache).filter((file) => file.endsWith('.node'));
const before = natives();
openPort('/dev/no-such-port').catch((error) => {
  console.log(JSON.stringify({ before, after: natives(), code: error.code }));
});
`;

describe('the bundled room', () => {
  it('loads the native module from the prebuilds beside it, at the first use of a port and not before', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bundle-'));
    try {
      const built = await build({
        entryPoints: [join(ROOT, 'src/serial/open-port.ts')],
        outfile: join(folder, 'dist/bundle.js'),
        bundle: true,
        platform: 'node',
        format: 'cjs',
        target: 'node20',
        minify: true,
        metafile: true,
      });
      await cp(join(ROOT, 'node_modules/@serialport/bindings-cpp/prebuilds'), join(folder, 'prebuilds'), {
        recursive: true,
      });
      await writeFile(join(folder, 'child.cjs'), CHILD);
      const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'child.cjs')]);
      const told = JSON.parse(stdout) as { before: string[]; after: string[]; code: string };
      expect(told.before).toEqual([]);
      expect(told.after).toEqual([expect.stringContaining('prebuilds')]);
      expect(told.code).toBe('serial.noSuchPort');
      expect(Object.keys(built.metafile.outputs)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
