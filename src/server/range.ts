/** Bytes `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a Range header asks of `totalBytes` bytes. An end past the last byte is clamped: `esp_https_ota` may ask for one byte too many
 * when it resumes. More than one range, another unit and anything malformed are `undefined`: the header is ignored then.
 * @see RFC 9110 §14.1.2, §14.2 */
export function parseRange(header: string | undefined, totalBytes: number): ByteRange | 'unsatisfiable' | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header);
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return undefined;
    const wantedBytes = Number(last);
    if (wantedBytes === 0 || totalBytes === 0) return 'unsatisfiable';
    return { start: Math.max(0, totalBytes - wantedBytes), end: totalBytes };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= totalBytes) return 'unsatisfiable';
  return { start, end: last === '' ? totalBytes : Math.min(Number(last) + 1, totalBytes) };
}
