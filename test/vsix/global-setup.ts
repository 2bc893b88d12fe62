import type { TestProject } from 'vitest/node';
import { packageExtension } from '../../scripts/lib/vsix.mjs';

declare module 'vitest' {
  // vitest's own way to type what `provide` hands to `inject`
  export interface ProvidedContext {
    vsixFile: string;
  }
}

/** Takes the VSIX that `npm test` has made, or makes one. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('vsixFile', process.env['ESP32_OTA_VSIX'] ?? (await packageExtension()).file);
}
