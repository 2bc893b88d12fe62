import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

// What must not be done anywhere in the sources, whatever it is for. SECURITY.md says why.

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name: name.replaceAll(path.sep, '/'), text: readFileSync(path.join('src', name), 'utf8') }));

/** Files with something in their code, comments left out. */
function filesWith(pattern: RegExp): string[] {
  return SOURCES.filter(({ text }) => pattern.test(text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, ''))).map(
    ({ name }) => name,
  );
}

it('looks at all sources', () => {
  expect(SOURCES.length).toBeGreaterThan(300);
});

describe('the editor', () => {
  it('shows messages and progress through editor/messages.ts only, where nothing in them becomes a link', () => {
    expect(filesWith(/\bwindow\s*\.\s*(show(Information|Warning|Error)Message|withProgress)\b/)).toEqual([
      'editor/messages.ts',
    ]);
  });

  it('writes into terminals what the console renderer lets through, and lines without control characters', () => {
    expect(filesWith(/\bonDidWrite\b/).sort()).toEqual([
      'editor/deliver-task.ts',
      'editor/terminal/monitor-terminal.ts',
    ]);
    const task = SOURCES.find(({ name }) => name === 'editor/deliver-task.ts')?.text ?? '';
    expect(task.match(/written\.fire\(/g)).toHaveLength(1);
    expect(task).toMatch(/written\.fire\(`\$\{withoutControls\(line\)/);
    const terminal = SOURCES.find(({ name }) => name === 'editor/terminal/monitor-terminal.ts')?.text ?? '';
    expect(terminal).toContain('session.onOutput(');
    expect(terminal).not.toMatch(/\.onLine\(|\.onData\(/);
  });

  it('trusts Markdown for named commands only, in files that are named here', () => {
    expect(filesWith(/\.isTrusted\s*=/).sort()).toEqual([
      'editor/fault-item.ts',
      'editor/log-help-content.ts',
      'editor/status-bar.ts',
    ]);
    expect(filesWith(/\.isTrusted\s*=(?!\s*\{\s*enabledCommands:)/)).toEqual([]);
    expect(filesWith(/\bsupportHtml\b/)).toEqual([]);
  });

  it('registers no way in from outside: no URI handler, no custom protocol', () => {
    expect(filesWith(/registerUriHandler|registerRemoteAuthorityResolver|registerFileSystemProvider/)).toEqual([]);
  });
});

describe('the disk', () => {
  it('has folders made by base/make-folders.ts only, which comes to an end wherever a link in a project leads', () => {
    expect(filesWith(/\bmkdir(Sync)?\b|\bcreateDirectory\b/)).toEqual(['base/make-folders.ts']);
  });
});

describe('the pages', () => {
  it('draw with text nodes: no HTML is made of a string, and no code', () => {
    expect(filesWith(/\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment)\b/)).toEqual(
      [],
    );
    expect(filesWith(/\beval\s*\(|new Function\s*\(|\bsetTimeout\s*\(\s*['"`]/)).toEqual([]);
  });

  it('are made in one place, with a policy that lets no script but ours run and nothing be fetched', () => {
    expect(filesWith(/createWebviewPanel|registerWebviewViewProvider|registerCustomEditorProvider/)).toEqual([
      'editor/panels/webview-page.ts',
    ]);
    const page = SOURCES.find(({ name }) => name === 'editor/panels/webview-page.ts')?.text ?? '';
    expect(page).toContain(`"default-src 'none'"`);
    expect(page).toMatch(/`script-src 'nonce-\$\{nonce\}'`/);
    expect(page).not.toMatch(/unsafe-inline|unsafe-eval|connect-src|enableCommandUris/);
    expect(page).toMatch(/localResourceRoots: \[folder\]/);
  });
});

describe('the settings of a folder', () => {
  interface Manifest {
    readonly contributes: {
      readonly configuration: readonly { readonly properties: Readonly<Record<string, unknown>> }[];
    };
    readonly capabilities: {
      readonly untrustedWorkspaces: {
        readonly supported: unknown;
        readonly restrictedConfigurations: readonly string[];
      };
    };
  }
  const { contributes, capabilities } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const { supported, restrictedConfigurations } = capabilities.untrustedWorkspaces;

  /** Those that name no program, no file outside, no address and no port: whatever their value, it only changes how much or how. */
  const HARMLESS = [
    'metadata.releaseNotes', // read within the project only
    'server.protocol',
    'server.port',
    'server.advertisedHost',
    'server.keepReleases',
    'certificate.mode',
    'certificate.keyType',
    'serial.reset',
    'flash.baud',
    'flash.onlyChangedBlocks',
    'deliver.trigger',
    'deliver.canary',
    'deliver.bumpVersion',
    'deliver.build',
    'deliver.waitMinutes',
    'deliver.keepHistory',
    'monitor.baud',
    'monitor.timestamps',
    'monitor.filter',
    'monitor.lineEnd',
    'monitor.logToFile',
    'monitor.logFileMegabytes',
    'monitor.logFilesKept',
    'virtualBoard.client',
    'virtualBoard.kilobytesPerSecond',
  ].map((key) => `esp32Ota.${key}`);

  it('that name programs, files, addresses or ports do not count before the folder is trusted', () => {
    expect(supported).toBe('limited');
    const all = contributes.configuration.flatMap(({ properties }) => Object.keys(properties));
    // a new setting has to be put on one of the two lists
    expect([...restrictedConfigurations, ...HARMLESS].sort()).toEqual(all.sort());
  });
});

describe('processes', () => {
  it('are started in named places only, through a shell only where a build is', () => {
    expect(filesWith(/['"](node:)?child_process['"]/).sort()).toEqual(['ota/ask-git.ts', 'ota/run-build.ts']);
    expect(filesWith(/\bshell:\s*(?!undefined|false)\S/)).toEqual(['ota/run-build.ts']);
    expect(filesWith(/\bnew (Shell|Process|Custom)Execution\b/).sort()).toEqual([
      'editor/build-task.ts',
      'editor/deliver-task.ts',
    ]);
  });

  it('of git run no program that a repository names', () => {
    const text = SOURCES.find((one) => one.name === 'ota/ask-git.ts')?.text ?? '';
    expect(text.match(/execFile\('git'/g)).toHaveLength(1);
    expect(text).toContain("execFile('git', [...NO_PROGRAMS, ");
  });
});
