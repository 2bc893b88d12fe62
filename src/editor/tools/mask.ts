/** Keys of options whose values nobody else should read. */
const SECRET_OPTION =
  /(?:^|_)(?:PASS|PASSWD|PASSWORD|PASSPHRASE|PSK|SECRET|TOKEN|APIKEY|API_KEY|PRIVATE_KEY|CREDENTIALS?)(?:_|$)/;
/** A value this short is in ordinary words too: masking it would hide them, and it is no secret worth the name. */
const SHORTEST_SECRET = 6;
const MASK = '***';

const PEM_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const USER_INFO = /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi;
const QUERY =
  /([?&;](?:[\w.-]*[-_])?(?:token|key|apikey|sig|signature|auth|password|passwd|pwd|secret|code|credential)=)[^&;#\s"'<>]+/gi;
const HEADER = /\b(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|digest|token)\s+)?)[^\s"',]+/gi;
const BEARER = /\b(bearer\s+)[\w.~+/=-]{8,}/gi;
/** `password:geheim`, `"psk" = "…"`, `pwd=…`: what a console or a log prints behind such a word. */
const NAMED =
  /\b((?:[\w-]*[-_])?(?:password|passwd|passphrase|passcode|pwd|psk|secret|api[-_]?key|access[-_]?key|token)["']?\s*[:=]\s*)(?:"[^"\n]*"|'[^'\n]*'|[^\s,;&"']+)/gi;

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
    .replace(NAMED, `$1${MASK}`);
}

/** The values of a configuration that are passwords, keys and tokens, by the names of their options. */
export function secretValues(options: Iterable<readonly [name: string, value: string]>): readonly string[] {
  const found = new Set<string>();
  for (const [name, value] of options) if (SECRET_OPTION.test(name) && value !== '') found.add(value);
  // the longer first: one may be a part of the other
  return [...found].sort((a, b) => b.length - a.length);
}
