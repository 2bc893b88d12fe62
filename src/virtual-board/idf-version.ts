/** Which ESP-IDF release something behaves like. */
export interface IdfVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** Reads `5.5.1`, `v5.4`, `v5.1-dev-4290-g51772f4fb5`, `v6.1-beta1-497-g14f663f003e`; undefined for anything else. A development version counts
 * as the release it leads to. */
export function parseIdfVersion(text: string): IdfVersion | undefined {
  const match = /^v?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?(?![\d.])/.exec(text.trim());
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

/** True from the given release on, in order of version numbers. */
export function isAtLeast(version: IdfVersion, major: number, minor: number, patch = 0): boolean {
  if (version.major !== major) return version.major > major;
  if (version.minor !== minor) return version.minor > minor;
  return version.patch >= patch;
}

/** As ESP-IDF prints it: `v5.5.1`, `v5.5`. */
export function formatIdfVersion(version: IdfVersion): string {
  return `v${version.major}.${version.minor}${version.patch === 0 ? '' : `.${version.patch}`}`;
}
