import { defineConfig } from 'vitest/config';

/** How many windows of VS Code run editor tests side by side. Each has a server, a browser and folders of its own. */
const editors = Number(process.env['ESP32_OTA_EDITORS'] ?? 1);

/** One project a kind of test: `unit` touches no socket and no timer, `board` runs real sockets on loopback against the virtual board,
 * `editor` drives a real VS Code in Chromium (see test/editor/README.md), `vsix` looks into the package. `pictures`
 * is no test: it takes the pictures of the documents (`npm run pictures`). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles: ['test/support/fast-check-setup.ts'],
          include: ['test/unit/**/*.test.ts', 'test/architecture/**/*.test.ts'],
          // they keep nothing between them that could leak, and a world of its own for each file costs three times the tests themselves
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'board',
          include: ['test/board/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'editor',
          include: ['test/editor/**/*.test.ts'],
          globalSetup: ['test/editor/global-setup.ts'],
          maxWorkers: editors,
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect: { poll: { timeout: 45_000 } },
        },
      },
      {
        test: {
          name: 'pictures',
          include: ['test/editor/pictures/*.pictures.ts'],
          globalSetup: ['test/editor/global-setup.ts'],
          maxWorkers: 1,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: 'vsix',
          include: ['test/vsix/**/*.test.ts'],
          globalSetup: ['test/vsix/global-setup.ts'],
        },
      },
    ],
  },
});
