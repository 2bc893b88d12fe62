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
/** What is set for one workspace folder, by its path and the whole name. */
const setInFolder = new Map<string, unknown>();
const tabsChanged = new Emitter<{ opened: unknown[]; changed: unknown[] }>();
/** Every command that was run, with its arguments. */
export const ran: unknown[][] = [];
export const answers: { message?: string; folder?: string } = {};

export function configure(key: string, value: unknown): void {
  set.set(key, value);
  configured.fire({ affectsConfiguration: (section) => key === section || key.startsWith(`${section}.`) });
}

export function configureFolder(folder: string, key: string, value: unknown): void {
  setInFolder.set(`${folder}:${key}`, value);
}

export function openTab(tab: { input: unknown }): void {
  tabsChanged.fire({ opened: [tab], changed: [] });
}

/** As it is in a window that was just opened. */
export function reset(): void {
  set.clear();
  setInFolder.clear();
  ran.length = 0;
  window.tabGroups.all.length = 0;
  workspace.workspaceFolders = undefined;
  delete answers.message;
  delete answers.folder;
}

export class Uri {
  readonly fsPath: string;
  readonly scheme: string;

  constructor(fsPath: string, scheme: string) {
    this.fsPath = fsPath;
    this.scheme = scheme;
  }

  static file(fsPath: string): Uri {
    return new Uri(fsPath, 'file');
  }
}

const started = new Emitter<unknown>();
const opened = new Emitter<unknown>();
const executed = new Emitter<unknown>();

/** As VS Code tells of a task that was started. */
export function startTask(task: unknown): void {
  started.fire({ execution: { task } });
}

export function openTerminal(terminal: unknown): void {
  opened.fire(terminal);
}

export function runInTerminal(execution: unknown): void {
  executed.fire(execution);
}

const ignored = (): { dispose: () => void } => ({ dispose: () => undefined });

export const workspace = {
  isTrusted: true,
  workspaceFolders: undefined as { uri: Uri }[] | undefined,
  onDidChangeConfiguration: configured.event,
  onDidGrantWorkspaceTrust: ignored,
  getWorkspaceFolder: ({ fsPath }: Uri) => workspace.workspaceFolders?.find(({ uri }) => fsPath.startsWith(uri.fsPath)),
  getConfiguration: (section: string, scope?: Uri | { uri: Uri } | null) => ({
    get: (key: string) => set.get(`${section}.${key}`) ?? properties[`${section}.${key}`]?.default,
    inspect: (key: string) => {
      const uri = scope instanceof Uri ? scope : scope?.uri;
      const folder = uri === undefined ? undefined : workspace.getWorkspaceFolder(uri);
      return {
        defaultValue: properties[`${section}.${key}`]?.default,
        workspaceFolderValue: setInFolder.get(`${folder?.uri.fsPath}:${section}.${key}`),
      };
    },
  }),
};
export const tasks = { onDidStartTask: started.event, onDidEndTask: ignored };
export const window = {
  onDidOpenTerminal: opened.event,
  onDidCloseTerminal: ignored,
  onDidStartTerminalShellExecution: executed.event,
  onDidEndTerminalShellExecution: ignored,
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
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };
export class ShellExecution {
  readonly commandLine: string;

  constructor(commandLine: string) {
    this.commandLine = commandLine;
  }
}
export class ProcessExecution {
  readonly process: string;
  readonly args: readonly string[];

  constructor(process: string, args: readonly string[]) {
    this.process = process;
    this.args = args;
  }
}
