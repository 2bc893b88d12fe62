import { symbolName, type Sdkconfig, type SdkconfigEntry } from './sdkconfig.ts';

/** Where a value stands. `sdkconfig` and `defaults` are sources; `deprecated` is an old name in sdkconfig; `build` is what the last build had. */
export interface ConfigOrigin {
  readonly layer: 'sdkconfig' | 'defaults' | 'deprecated' | 'build';
  readonly path: string;
  /** 1-based; undefined for `build`. */
  readonly line?: number;
  /** 0 is the layer that counts most. */
  readonly rank: number;
}

/** Typed reading of Kconfig symbols, by name with or without `CONFIG_`. Undefined means that no file says anything: the option does not exist
 * in this ESP-IDF, depends on another that is off, or nothing was configured yet. */
export interface ConfigReader {
  /** Only the first character counts, as in Kconfig. */
  bool(name: string): boolean | undefined;
  /** A whole number, decimal or hexadecimal. */
  int(name: string): number | undefined;
  /** As {@link int}, but digits without `0x` are hexadecimal too. */
  hex(name: string): number | undefined;
  string(name: string): string | undefined;
  origin(name: string): ConfigOrigin | undefined;
}

export interface ConfigLayer {
  readonly layer: ConfigOrigin['layer'];
  readonly path: string;
  readonly entries: ReadonlyMap<string, ConfigEntry>;
}

export type ConfigEntry = Pick<SdkconfigEntry, 'raw' | 'value' | 'isQuoted'> & {
  readonly line?: number;
  /** Where the file has a number as such, and not its digits. */
  readonly number?: number;
};

const DECIMAL = /^-?\d{1,16}$/;
const HEXADECIMAL = /^0[xX]([0-9a-fA-F]{1,13})$/;

/** A reader over layers; the first that knows a symbol decides. */
export function configReader(layers: readonly ConfigLayer[]): ConfigReader {
  const find = (name: string): { layer: ConfigLayer; entry: ConfigEntry; rank: number } | undefined => {
    const symbol = symbolName(name);
    for (const [rank, layer] of layers.entries()) {
      const entry = layer.entries.get(symbol);
      if (entry !== undefined) return { layer, entry, rank };
    }
    return undefined;
  };
  const number = (name: string, radix: 10 | 16): number | undefined => {
    const entry = find(name)?.entry;
    if (entry === undefined) return undefined;
    if (entry.number !== undefined) return Number.isSafeInteger(entry.number) ? entry.number : undefined;
    const text = entry.value.trim();
    const hex = HEXADECIMAL.exec(text)?.[1] ?? (radix === 16 && /^[0-9a-fA-F]{1,13}$/.test(text) ? text : undefined);
    if (hex !== undefined) return Number.parseInt(hex, 16);
    return DECIMAL.test(text) ? Number.parseInt(text, 10) : undefined;
  };
  return {
    bool: (name) => {
      const first = find(name)?.entry.value.charAt(0);
      return first === undefined ? undefined : first === 'y';
    },
    int: (name) => number(name, 10),
    hex: (name) => number(name, 16),
    string: (name) => find(name)?.entry.value,
    origin: (name) => {
      const found = find(name);
      if (found === undefined) return undefined;
      const { layer, path } = found.layer;
      const { rank } = found;
      return { layer, path, rank, ...(found.entry.line === undefined ? {} : { line: found.entry.line }) };
    },
  };
}

/** The member of a Kconfig choice that is on. When several are (a hand edit), the one in the layer that counts most, there the last line.
 * @see esp-idf-kconfig `kconfiglib/core.py` (a later `y` in a choice replaces an earlier one) */
export function chosenOf(config: ConfigReader, members: readonly string[]): string | undefined {
  let best: { name: string; rank: number; line: number } | undefined;
  for (const name of members) {
    if (config.bool(name) !== true) continue;
    const { rank = 0, line = 0 } = config.origin(name) ?? {};
    if (best === undefined || rank < best.rank || (rank === best.rank && line > best.line)) best = { name, rank, line };
  }
  return best?.name;
}

/** What counts for the next build: sdkconfig, then the defaults (a later file over an earlier one) for symbols sdkconfig lacks, then old names, then
 * what the last build had.
 * @see esp-idf-kconfig `kconfgen/core.py` (defaults are loaded first, sdkconfig over them) */
export function projectConfig(
  sdkconfig: { path: string; content: Sdkconfig } | undefined,
  defaults: readonly { path: string; content: Sdkconfig }[],
  build: ConfigLayer | undefined,
): ConfigReader {
  const layers: ConfigLayer[] = [];
  if (sdkconfig !== undefined) {
    layers.push({ layer: 'sdkconfig', path: sdkconfig.path, entries: sdkconfig.content.entries });
  }
  for (const file of [...defaults].reverse()) {
    layers.push({ layer: 'defaults', path: file.path, entries: file.content.entries });
  }
  if (sdkconfig !== undefined) {
    layers.push({ layer: 'deprecated', path: sdkconfig.path, entries: sdkconfig.content.deprecated });
  }
  if (build !== undefined) layers.push(build);
  return configReader(layers);
}
