import { Uri, workspace, type ConfigurationScope, type WorkspaceFolder } from 'vscode';
import { homedir } from 'node:os';
import { isWithin } from '../../base/files.ts';
import { baudOf, portOf, variantFor, withVariables } from './idf-names.ts';

/** Settings of the ESP-IDF extension that stand in for ours. */
export const IDF_SETTINGS = [
  'idf.port',
  'idf.portWin',
  'idf.flashBaudRate',
  'idf.buildPath',
  'idf.buildPathWin',
] as const;

/** A value that somebody has set: what the extension declares as its default is no choice of the user's. Of a workspace that is not trusted,
 * nothing counts. */
function setValue(key: string, scope: ConfigurationScope | undefined): unknown {
  const found = workspace.getConfiguration('idf', scope ?? workspace.workspaceFolders?.[0] ?? null).inspect(key);
  if (found === undefined) return undefined;
  const own = workspace.isTrusted ? (found.workspaceFolderValue ?? found.workspaceValue) : undefined;
  return own ?? found.globalValue;
}

/** Text in which every variable is known. */
function setText(key: string, scope: ConfigurationScope | undefined): string | undefined {
  const value = setValue(key, scope);
  if (typeof value !== 'string') return undefined;
  const folder = folderOf(scope)?.uri.fsPath;
  return withVariables(value, { workspaceFolder: folder, userHome: homedir(), environment: process.env });
}

function folderOf(scope: ConfigurationScope | undefined): WorkspaceFolder | undefined {
  const uri = scope instanceof Uri ? scope : undefined;
  const named = typeof scope === 'object' && 'uri' in scope && scope.uri instanceof Uri ? scope.uri : uri;
  return named === undefined ? workspace.workspaceFolders?.[0] : workspace.getWorkspaceFolder(named);
}

function setVariant(key: string, scope: ConfigurationScope | undefined): string | undefined {
  return variantFor(process.platform, setText(key, scope), setText(`${key}Win`, scope));
}

/** The port that is set for the ESP-IDF extension; undefined where none is, or it looks for one itself. */
export function idfPort(scope?: ConfigurationScope): string | undefined {
  return portOf(setVariant('port', scope));
}

/** Of its monitor, which may have one of its own. */
export function idfMonitorPort(scope?: ConfigurationScope): string | undefined {
  return portOf(setText('monitorPort', scope)) ?? idfPort(scope);
}

export function idfBaud(scope?: ConfigurationScope): number | undefined {
  return baudOf(setValue('flashBaudRate', scope));
}

/** ESP-IDF's folder: `currentSetup` since version 2 of the extension, the others before. */
export function idfFolder(scope?: ConfigurationScope): string | undefined {
  return setText('currentSetup', scope) ?? setVariant('espIdfPath', scope);
}

/** Where the ESP-IDF extension builds a project. The setting is that of a workspace folder: for a project further down it counts only when it
 * lies in that project. */
export function idfBuildFolder(projectFolder: string): string | undefined {
  const uri = Uri.file(projectFolder);
  const folder = setVariant('buildPath', uri);
  if (folder === undefined) return undefined;
  const isRoot = workspace.getWorkspaceFolder(uri)?.uri.fsPath === projectFolder;
  return isRoot || isWithin(folder, projectFolder) ? folder : undefined;
}
