import { ConfigurationTarget, workspace, type ConfigurationScope, type WorkspaceConfiguration } from 'vscode';
import { SETTINGS_SECTION, type SettingKey, type SettingTypes } from '../texts/contributions.ts';
import { idfBaud, idfPort } from './interop/idf-settings.ts';

/** All settings at one moment, checked. A value that package.json does not allow is replaced by the default and listed in `problems`. */
export interface Settings {
  readonly values: Readonly<SettingTypes>;
  readonly problems: readonly SettingProblem[];
}

export interface SettingProblem {
  readonly key: SettingKey;
  readonly value: string;
}

type Check<T> = (value: unknown) => value is T;

const isText: Check<string> = (value) => typeof value === 'string';
const isSwitch: Check<boolean> = (value) => typeof value === 'boolean';

const isTextList: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

function isNumber(minimum: number, maximum: number, isWhole = true): Check<number> {
  return (value): value is number =>
    typeof value === 'number' && value >= minimum && value <= maximum && (!isWhole || Number.isInteger(value));
}

function isOneOf<const T extends string>(...allowed: readonly T[]): Check<T> {
  return (value): value is T => allowed.some((one) => one === value);
}

/** What package.json declares as schema, for values that were typed into settings.json past the editor's warning. */
const CHECKS: { readonly [Key in SettingKey]: Check<SettingTypes[Key]> } = {
  'build.command': isText,
  'build.idfPath': isText,
  'metadata.releaseNotes': isText,
  'server.protocol': isOneOf('https', 'http'),
  'server.port': isNumber(1, 65535),
  'server.bindAddress': isText,
  'server.advertisedHost': isText,
  'server.allowPublicClients': isSwitch,
  'server.keepReleases': isNumber(1, 100),
  'certificate.mode': isOneOf('authority', 'selfSigned', 'own'),
  'certificate.keyType': isOneOf('rsa', 'ec'),
  'certificate.ownCertificate': isText,
  'certificate.ownKey': isText,
  'serial.port': isText,
  'serial.remotePorts': isTextList,
  'serial.reset': isOneOf('auto', 'classic', 'usbSerialJtag', 'custom', 'none'),
  'serial.resetSequence': isText,
  'flash.baud': isNumber(9600, 4_000_000),
  'flash.onlyChangedBlocks': isSwitch,
  'deliver.trigger': isOneOf('wait', 'reset', 'sendUrl', 'http', 'virtual'),
  'deliver.httpRequest': isTextList,
  'deliver.allowPublicBoards': isSwitch,
  'deliver.canary': isSwitch,
  'deliver.bumpVersion': isOneOf('ask', 'always', 'never'),
  'deliver.build': isSwitch,
  'deliver.waitMinutes': isNumber(1, 1440, false),
  'deliver.keepHistory': isNumber(1, 1000),
  'monitor.baud': isNumber(0, 8_000_000),
  'monitor.timestamps': isSwitch,
  'monitor.filter': isText,
  'monitor.lineEnd': isOneOf('cr', 'lf', 'crlf'),
  'monitor.logToFile': isSwitch,
  'monitor.logFile': isText,
  'monitor.logFileMegabytes': isNumber(1, 1000),
  'monitor.logFilesKept': isNumber(0, 100),
  'virtualBoard.client': isOneOf('auto', 'simple', 'advanced', 'native'),
  'virtualBoard.kilobytesPerSecond': isNumber(0, Number.MAX_SAFE_INTEGER, false),
};

export const SETTING_KEYS = Object.keys(CHECKS) as readonly SettingKey[];

/** What the ESP-IDF extension is set to counts where nothing is set here. */
const NEIGHBOURS: {
  readonly [Key in SettingKey]?: (scope: ConfigurationScope | undefined) => SettingTypes[Key] | undefined;
} = {
  'serial.port': idfPort,
  'flash.baud': idfBaud,
};

function neighbourValue(
  section: WorkspaceConfiguration,
  key: SettingKey,
  scope: ConfigurationScope | undefined,
): unknown {
  const neighbour = NEIGHBOURS[key];
  if (neighbour === undefined) return undefined;
  const set = section.inspect(key);
  const own = set?.workspaceFolderValue ?? set?.workspaceValue ?? set?.globalValue;
  return own === undefined || own === '' ? neighbour(scope) : undefined;
}

export function readSettings(scope: ConfigurationScope | undefined): Settings {
  const section = workspace.getConfiguration(SETTINGS_SECTION, scope ?? null);
  const problems: SettingProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const value: unknown = neighbourValue(section, key, scope) ?? section.get(key);
    if (CHECKS[key](value)) {
      values[key] = value;
    } else {
      values[key] = section.inspect(key)?.defaultValue;
      problems.push({ key, value: JSON.stringify(value) });
    }
  }
  return Object.freeze({ values: Object.freeze(values as unknown as SettingTypes), problems });
}

/** Whether a setting has a value in the workspace or in its folder, and so one that can come with a project. */
export function isSetInWorkspace(key: SettingKey, scope: ConfigurationScope | undefined): boolean {
  const set = workspace.getConfiguration(SETTINGS_SECTION, scope ?? null).inspect(key);
  return set?.workspaceValue !== undefined || set?.workspaceFolderValue !== undefined;
}

/** Writes where the value is set already, else into the workspace, else into the user's settings. */
export async function writeSetting<Key extends SettingKey>(
  key: Key,
  value: SettingTypes[Key],
  scope: ConfigurationScope | undefined,
): Promise<void> {
  const section = workspace.getConfiguration(SETTINGS_SECTION, scope ?? null);
  const set = section.inspect(key);
  const target =
    set?.workspaceFolderValue !== undefined
      ? ConfigurationTarget.WorkspaceFolder
      : set?.globalValue !== undefined && set.workspaceValue === undefined
        ? ConfigurationTarget.Global
        : workspace.workspaceFolders === undefined
          ? ConfigurationTarget.Global
          : ConfigurationTarget.Workspace;
  await section.update(key, value, target);
}

/** Writes into the user's settings, for what is the user's and not the project's: paths of key files have no place in a repository. A value in
 * the workspace, which would win, is taken away. */
export async function writeUserSetting<Key extends SettingKey>(key: Key, value: SettingTypes[Key]): Promise<void> {
  const section = workspace.getConfiguration(SETTINGS_SECTION, null);
  if (section.inspect(key)?.workspaceValue !== undefined) {
    await section.update(key, undefined, ConfigurationTarget.Workspace);
  }
  await section.update(key, value, ConfigurationTarget.Global);
}
