import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { copyExample } from './example-project.ts';

/** `simple_ota`, built in a temporary folder for the tests of a file, and removed with it. */
export function useBuiltExample(): { readonly folder: string; readonly project: string } {
  const folder = mkdtempSync(join(tmpdir(), 'built-example-'));
  const project = join(folder, 'simple_ota');
  beforeAll(() => {
    copyExample('simple_ota', folder);
    buildOutputs({ projectFolder: project, allowMissingCertificate: true });
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return { folder, project };
}
