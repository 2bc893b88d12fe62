/** A version of ESP-IDF. `text` is as it was written (`v5.5-dev-1234-gabcdef`). */
export interface IdfVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly text: string;
}

/** The version in a text such as `v5.4.4`, `5.1`, `v6.0-beta1-12-g0123abc` or `4.4.8-dirty`; undefined when none starts there. */
export function parseIdfVersion(text: string): IdfVersion | undefined {
  const found = /^\s*v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?/.exec(text);
  if (found === null) return undefined;
  return { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3] ?? 0), text: text.trim() };
}

/** Whether a version is `major.minor` or later. An unknown version counts as the newest. */
export function isIdfAtLeast(version: IdfVersion | undefined, major: number, minor: number): boolean {
  if (version === undefined) return true;
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** `5.5.1` of `v5.5.1`: an sdkconfig has the one, a build the other. */
export function idfVersionText({ text }: IdfVersion): string {
  return text.replace(/^v(?=\d)/, '');
}
