import { readFileSync } from 'node:fs';
import { Emitter } from '../../src/base/emitter.ts';

// What sessions of the editor use of VS Code, for tests of how they behave in time: `vi.mock('vscode', () => import('…/fake-vscode.ts'))`.
// What the user sees is tested in VS Code itself.

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  contributes: { configuration: { properties: Record<string, { default: unknown }> }[] };
};
const properties = Object.assign({}, ...contributes.configuration.map((one) => one.properties)) as Record<
  string,
  { default: unknown }
>;

/** What is set, by the whole name; all else is the default. */
const set = new Map<string, unknown>();
const configured = new Emitter<{ affectsConfiguration: (section: string) => boolean }>();
const tabsChanged = new Emitter<{ opened: unknown[]; changed: unknown[] }>();
/** Every command that was run, with its arguments. */
export const ran: unknown[][] = [];
export const answers: { message?: string; folder?: string } = {};

export function configure(key: string, value: unknown): void {
  set.set(key, value);
  configured.fire({ affectsConfiguration: (section) => key === section || key.startsWith(`${section}.`) });
}

export function openTab(tab: { input: unknown }): void {
  tabsChanged.fire({ opened: [tab], changed: [] });
}

/** As it is in a window that was just opened. */
export function reset(): void {
  set.clear();
  ran.length = 0;
  window.tabGroups.all.length = 0;
  workspace.workspaceFolders = undefined;
  delete answers.message;
  delete answers.folder;
}

const ignored = (): { dispose: () => void } => ({ dispose: () => undefined });

export const workspace = {
  isTrusted: true,
  workspaceFolders: undefined as { uri: { fsPath: string; scheme: string } }[] | undefined,
  onDidChangeConfiguration: configured.event,
  onDidGrantWorkspaceTrust: ignored,
  getWorkspaceFolder: () => undefined,
  getConfiguration: (section: string) => ({
    get: (key: string) => set.get(`${section}.${key}`) ?? properties[`${section}.${key}`]?.default,
    inspect: (key: string) => ({ defaultValue: properties[`${section}.${key}`]?.default }),
  }),
};
export const window = {
  tabGroups: { all: [] as { tabs: { input: unknown }[] }[], onDidChangeTabs: tabsChanged.event },
  showInformationMessage: (): Promise<string | undefined> => Promise.resolve(answers.message),
  showOpenDialog: () => Promise.resolve(answers.folder === undefined ? undefined : [{ fsPath: answers.folder }]),
};
export const commands = {
  executeCommand: (...command: unknown[]): Promise<void> => {
    ran.push(command);
    return Promise.resolve();
  },
};
export const l10n = {
  t: (text: string, ...values: unknown[]) => text.replace(/\{(\d)\}/g, (_, at) => String(values[Number(at)])),
};
export const Uri = { file: (fsPath: string) => ({ fsPath, scheme: 'file' }) };
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };
