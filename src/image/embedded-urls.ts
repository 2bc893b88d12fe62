/** A URL that stands as text in an image. */
export interface EmbeddedUrl {
  /** From the start of the image, in bytes. */
  readonly offset: number;
  readonly url: string;
}

const MAXIMUM_URL_BYTES = 2048;
const MAXIMUM_URLS = 1000;
const COLON = 0x3a;
const SLASH = 0x2f;

/** True for the bytes that end a URL in text: all but the printable ones, and quotes, angle brackets and the like. */
const ENDS_URL = Array.from(
  { length: 256 },
  (_, byte) => byte <= 0x20 || byte >= 0x7f || '"<>\\^`{|}'.includes(String.fromCharCode(byte)),
);

/** Where the scheme before `://` begins, if it is http or https. */
function schemeStart(buffer: Buffer, colon: number): number | undefined {
  const before = buffer.toString('latin1', Math.max(0, colon - 5), colon);
  if (before.endsWith('https')) return colon - 5;
  return before.endsWith('http') ? colon - 4 : undefined;
}

/** Every http and https URL in an image, in the order of their offsets: at most 1000 of at most 2048 bytes each. Patterns such as
 * `https://%s/` are no URLs. Never throws; takes time in proportion to the bytes. */
export function findUrls(bytes: Uint8Array): readonly EmbeddedUrl[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const urls: EmbeddedUrl[] = [];
  for (let at = 0; at < buffer.length && urls.length < MAXIMUM_URLS; at++) {
    if (buffer[at] !== COLON || buffer[at + 1] !== SLASH || buffer[at + 2] !== SLASH) continue;
    const offset = schemeStart(buffer, at);
    if (offset === undefined) continue;
    const limit = Math.min(buffer.length, offset + MAXIMUM_URL_BYTES + 1);
    let end = at + 3;
    while (end < limit && ENDS_URL[buffer[end] ?? 0] === false) end++;
    const url = buffer.toString('latin1', offset, end);
    if (url.length <= MAXIMUM_URL_BYTES && URL.canParse(url)) urls.push({ offset, url });
    at = end - 1;
  }
  return urls;
}
