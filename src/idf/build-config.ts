import type { ConfigEntry } from './config-reader.ts';
import { parseJsonObject } from './json-file.ts';

/** The symbols of `build/config/sdkconfig.json`: what the last build was made with. Names come without `CONFIG_`, values typed.
 * @throws {OtaError} `idfJson.invalid` */
export function parseBuildConfig(text: string): ReadonlyMap<string, ConfigEntry> {
  const entries = new Map<string, ConfigEntry>();
  for (const [name, value] of Object.entries(parseJsonObject(text))) {
    if (typeof value === 'boolean') {
      const raw = value ? 'y' : 'n';
      entries.set(name, { raw, value: raw, isQuoted: false });
    } else if (typeof value === 'number') {
      entries.set(name, { raw: String(value), value: String(value), isQuoted: false, number: value });
    } else if (typeof value === 'string') {
      entries.set(name, { raw: value, value, isQuoted: true });
    }
  }
  return entries;
}
