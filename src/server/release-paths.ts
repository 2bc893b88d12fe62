/** Longest path that is looked at, in characters. */
const MAX_PATH_LENGTH = 2048;
/** What decoding and encoding leave as it is. */
const PLAIN_PATH = /^\/[\w.~!*'()/-]*$/;

/** The path's one spelling, to be looked up by: query and fragment gone, every segment decoded once and encoded again. Dots, slashes and
 * NULs that come out of the decoding are characters of a segment like any other; no path is ever given to the disk.
 * @returns undefined for what is not a path (`*`, `host:port`) or not percent-encoded UTF-8 */
export function canonicalPath(target: string): string | undefined {
  if (target.length > MAX_PATH_LENGTH) return undefined;
  if (PLAIN_PATH.test(target)) return target;
  // a server has to take the absolute form too, RFC 9112 §3.2.2
  const origin = /^https?:\/\/[^/?#]*/i.exec(target)?.[0] ?? '';
  const path = /^[^?#]*/.exec(target.slice(origin.length))?.[0] ?? '';
  if (!path.startsWith('/')) return origin !== '' && path === '' ? '/' : undefined;
  try {
    return path
      .split('/')
      .map((segment) => encodeURIComponent(decodeURIComponent(segment)))
      .join('/');
  } catch {
    return undefined;
  }
}

/** A text as one segment of a path, in the spelling of {@link canonicalPath}. */
export function pathSegment(text: string): string {
  // browsers and curl resolve `.` and `..` themselves, however they are encoded
  const safe = text.replace(/\p{Surrogate}/gu, '_').replace(/^\.{1,2}$/, (dots) => '_'.repeat(dots.length));
  return encodeURIComponent(safe === '' ? '_' : safe);
}
