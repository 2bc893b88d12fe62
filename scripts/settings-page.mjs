import { writeFileSync } from 'node:fs';
import { inRoot, readJson } from './lib/repository.mjs';
import { settingsPage } from './lib/settings-page.mjs';
import { say } from './lib/terminal.mjs';

// Writes docs/settings.md. test/architecture/documents.test.ts says when that was forgotten.
writeFileSync(
  inRoot('docs/settings.md'),
  settingsPage(readJson(inRoot('package.json')), readJson(inRoot('package.nls.json'))),
);
say('✓ docs/settings.md');
