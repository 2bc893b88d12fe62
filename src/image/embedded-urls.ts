/** A URL that stands as text in an image. */
export interface EmbeddedUrl {
  /** From the start of the image, in bytes. */
  readonly offset: number;
  readonly url: string;
}

const MAXIMUM_URL_BYTES = 2048;
const MAXIMUM_URLS = 1000;
const SCHEME = Buffer.from('http', 'latin1');
/** What may follow `http`. */
const SEPARATORS = [Buffer.from('://', 'latin1'), Buffer.from('s://', 'latin1')];

/** True for the bytes that end a URL in text: all but the printable ones, and quotes, angle brackets and the like. */
const ENDS_URL = Array.from(
  { length: 256 },
  (_, byte) => byte <= 0x20 || byte >= 0x7f || '"<>\\^`{|}'.includes(String.fromCharCode(byte)),
);

/** Every http and https URL in an image, in the order of their offsets: at most 1000 of at most 2048 bytes each. Patterns such as
 * `https://%s/` are no URLs. Never throws; takes time in proportion to the bytes. */
export function findUrls(bytes: Uint8Array): readonly EmbeddedUrl[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const urls: EmbeddedUrl[] = [];
  let at = buffer.indexOf(SCHEME);
  while (at >= 0 && urls.length < MAXIMUM_URLS) {
    let end = at + SCHEME.length;
    if (SEPARATORS.some((separator) => separator.every((byte, index) => buffer[at + SCHEME.length + index] === byte))) {
      const limit = Math.min(buffer.length, at + MAXIMUM_URL_BYTES + 1);
      while (end < limit && ENDS_URL[buffer[end] ?? 0] === false) end++;
      const url = buffer.toString('latin1', at, end);
      if (url.length <= MAXIMUM_URL_BYTES && URL.canParse(url)) urls.push({ offset: at, url });
    }
    at = buffer.indexOf(SCHEME, end);
  }
  return urls;
}
