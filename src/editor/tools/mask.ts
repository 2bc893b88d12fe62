/** Names of options whose values nobody else should read. A word such as TOKEN may be the end of a longer one; a KEY is one where nothing says
 * that it is the path of a file or public. */
const SECRET_OPTION =
  /(?:PASSWORD|PASSWD|PASSPHRASE|PASSCODE|SECRET|TOKEN|APIKEY|CREDENTIALS?|PWD|PSK)\d*(?:_|$)|(?:^|_)(?:PASS|PIN|(?<!(?:SIGNING|VERIFICATION|PUBLIC)_)KEY)\d*(?:_|$)/;
/** A value this short is in ordinary words too: masking it would hide them, and it is no secret worth the name. */
const SHORTEST_SECRET = 6;
const MASK = '***';

const PEM_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const PEM_BEGIN = /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----/;
const PEM_END = /-----END [A-Z ]{0,40}PRIVATE KEY-----/;
/** More than the largest key has: where its end was lost, a console is not hidden for ever. */
const MOST_KEY_LINES = 120;
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi;
const QUERY =
  /([?&;](?:[\w.-]*[-_])?(?:token|key|apikey|sig|signature|auth|password|passwd|pass|pwd|psk|secret|code|credential)=)[^&;#\s"'<>]+/gi;
const HEADER = /\b(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|digest|token)\s+)?)[^\s"',]+/gi;
const BEARER = /\b(bearer\s+)[\w.~+/=-]{8,}/gi;
/** `password:geheim`, `"wifiPsk" = "…"`, `pwd2=…`: what a console or a log prints behind such a word. */
const NAMED =
  /\b([\w-]{0,24}(?:password|passwd|passphrase|passcode|pwd|psk|secret|credential|token|(?:api|access|auth|client|network|private|shared|wifi|wpa)[-_]?key)\d{0,3}["']?\s*[:=]\s*)(?:"[^"\n]*"|'[^'\n]*'|[^\s,;&"']+)/gi;
/** `pass=…` alone; a test that says `pass: 5` gives no password. */
const NAMED_PASS = /\b((?:[\w-]{0,24}[-_])?pass["']?\s*[:=]\s*)(?:"[^"\n]{6,}"|'[^'\n]{6,}'|[^\s,;&"']{6,})/gi;

/** Takes out of a text what looks like a password, a key or a token, and every one of the `secrets`. */
export function maskSecrets(text: string, secrets: readonly string[] = []): string {
  let masked = text;
  for (const secret of secrets) if (secret.length >= SHORTEST_SECRET) masked = masked.replaceAll(secret, MASK);
  return masked
    .replace(PEM_KEY, `${MASK} private key`)
    .replace(USER_INFO, `$1${MASK}@`)
    .replace(QUERY, `$1${MASK}`)
    .replace(HEADER, `$1${MASK}`)
    .replace(BEARER, `$1${MASK}`)
    .replace(NAMED, `$1${MASK}`)
    .replace(NAMED_PASS, `$1${MASK}`);
}

/** As {@link maskSecrets}, for the lines of one console in their order: a private key takes several of them. */
export function maskLines(lines: readonly string[], secrets: readonly string[] = []): readonly string[] {
  // the line in which the key begins may be gone already: then all before its end is of the key
  const firstEnd = lines.findIndex((line) => PEM_END.test(line));
  const firstBegin = lines.findIndex((line) => PEM_BEGIN.test(line));
  const isHeadless = firstEnd >= 0 && (firstBegin < 0 || firstEnd < firstBegin);
  let left = 0;
  return lines.map((line, index) => {
    if (isHeadless && index <= firstEnd) return firstEnd - index < MOST_KEY_LINES ? MASK : maskSecrets(line, secrets);
    if (left > 0) {
      const end = PEM_END.exec(line);
      left = end === null ? left - 1 : 0;
      return end === null ? MASK : `${MASK}${maskSecrets(line.slice(end.index + end[0].length), secrets)}`;
    }
    // what begins in a line and ends in it is one text to the patterns
    const begin = line.search(PEM_BEGIN);
    if (begin >= 0 && !PEM_END.test(line.slice(begin))) left = MOST_KEY_LINES;
    return maskSecrets(line, secrets);
  });
}

/** The values of a configuration that are passwords, keys and tokens, by the names of their options. */
export function secretValues(options: Iterable<readonly [name: string, value: string]>): readonly string[] {
  const found = new Set<string>();
  for (const [name, value] of options) if (SECRET_OPTION.test(name) && value !== '') found.add(value);
  // the longer first: one may be a part of the other
  return [...found].sort((a, b) => b.length - a.length);
}
