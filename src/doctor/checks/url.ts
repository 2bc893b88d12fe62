import { basename } from 'node:path';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type FindingPlace, type Fix } from '../finding.ts';
import { optionPlace } from '../places.ts';
import { firmwareUrl, hostForUrl, isLoopback, isOurs, isPrivateHost, type FirmwareUrl } from '../firmware-url.ts';

/** The examples' buffer for the URL has 256 bytes.
 * @see ESP-IDF v5.5 `examples/system/ota/advanced_https_ota/main/advanced_https_ota_example.c`, `OTA_URL_SIZE` */
const MOST_CHARACTERS = 254;
/** What stands in ESP-IDF's examples until somebody puts their own in.
 * @see ESP-IDF v5.5 `examples/system/ota/simple_ota_example/main/Kconfig.projbuild` */
const EXAMPLE_HOST = '192.168.0.3';
const PLACEHOLDER =
  /(?:^|[./@-])(?:example\.(?:com|org|net)|your[-_.]?(?:ip|host|server|domain|address|computer)|my[-_.]?server|server[-_]?ip|ip[-_]?address|(?:\d+\.)*x{1,3}(?:\.x{1,3})+)(?:[:./-]|$)|[<>{}]/i;

/** Whether the URL in the configuration leads to this computer's server and to what it serves. */
export function urlFindings(facts: DoctorFacts): readonly Finding[] {
  const { ota } = facts.project;
  const configured = ota.firmwareUrl;
  if (configured === undefined || ota.isUrlFromConsole) return [];
  const at = optionPlace(facts, configured.symbol);
  const text = configured.value;
  const fixes = urlFixes(facts, undefined);
  const url = firmwareUrl(text);
  if (url === undefined) {
    const bare = /^https?:\/\/([0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*?)(?=\/|$)/i.exec(text)?.[1];
    if (bare !== undefined) return [finding('url-ipv6-brackets', { url: text, host: bare }, { at, fixes })];
    const id = text.trim() === '' || PLACEHOLDER.test(text) ? 'url-placeholder' : 'url-invalid';
    return [finding(id, { url: text }, { at, fixes })];
  }
  const found: Finding[] = [];
  const length = Buffer.byteLength(text, 'utf8');
  if (length > MOST_CHARACTERS) found.push(finding('url-too-long', { length, most: MOST_CHARACTERS }, { at, fixes }));
  const isOwn = isOurs(facts, url.host);
  if (!isOwn && (url.host === EXAMPLE_HOST || PLACEHOLDER.test(text))) {
    return [...found, finding('url-placeholder', { url: text }, { at, fixes })];
  }
  return [...found, ...hostFindings(facts, url, isOwn, at), ...(isOwn ? serverFindings(facts, url, at) : [])];
}

/** The URL that firmware should have: the server's protocol, host and port, with the path of `url` where that is served, else that of the application. */
export function urlFixes(facts: DoctorFacts, url: FirmwareUrl | undefined): readonly Fix[] {
  const { server, project } = facts;
  const symbol = project.ota.firmwareUrl?.symbol;
  const path = wantedPath(facts, url);
  if (server === undefined || symbol === undefined || path === undefined) return [];
  const value = `${server.protocol}://${hostForUrl(server.host)}:${server.port}${path}`;
  return [{ kind: 'setOptions', id: 'setUrl', options: { [symbol]: value }, isLocal: true, needs: ['rebuild'] }];
}

/** The application's path on the server; undefined while there is none. */
export function applicationPath({ project, server }: DoctorFacts): string | undefined {
  const file = project.app === undefined ? `${project.name}.bin` : basename(project.app.path);
  const path = `/${encodeURIComponent(file)}`;
  if (server?.state !== 'on' || server.paths.length === 0 || server.paths.includes(path)) return path;
  return server.paths[0];
}

function wantedPath(facts: DoctorFacts, url: FirmwareUrl | undefined): string | undefined {
  const isServed = url !== undefined && facts.server?.paths.includes(url.path) === true;
  return isServed ? url.path : applicationPath(facts);
}

function hostFindings(facts: DoctorFacts, { host }: FirmwareUrl, isOwn: boolean, at: FindingPlace): readonly Finding[] {
  const expected = facts.server?.host ?? facts.addresses[0]?.address;
  if (expected === undefined) return [];
  const fixes = expected === host ? [] : [...urlFixes(facts, undefined)];
  if (isLoopback(host)) {
    // the user said that this computer's own address is told, or there is no other: the virtual board is meant
    const isMeant = isLoopback(expected);
    return [finding('url-localhost', { host }, { at, severity: isMeant ? 'information' : 'warning', fixes })];
  }
  if (isOwn) return [];
  // a public name may well be a server of the product; a private address can only be a computer of this network
  const isPrivate = isPrivateHost(host);
  const severity = !isPrivate ? 'information' : facts.server?.state === 'on' ? 'error' : 'warning';
  return [finding('url-other-host', { host, expected, isPrivate }, { at, severity, fixes })];
}

/** What differs from the server's address, when the URL means this computer. While the server is off, its settings say how it would be. */
function serverFindings(facts: DoctorFacts, url: FirmwareUrl, at: FindingPlace): readonly Finding[] {
  const { server } = facts;
  if (server === undefined || server.state === 'starting') return [];
  const isOn = server.state === 'on';
  const severity = isOn ? 'error' : 'warning';
  const options = { at, severity, fixes: urlFixes(facts, url) } as const;
  const found: Finding[] = [];
  if (url.scheme !== server.protocol) {
    found.push(finding('url-scheme', { scheme: url.scheme, expected: server.protocol, isOn }, options));
  }
  if (url.port !== server.port)
    found.push(finding('url-port', { port: url.port, expected: server.port, isOn }, options));
  const path = applicationPath(facts);
  const isServed = isOn && server.paths.length > 0 ? server.paths.includes(url.path) : url.path === path;
  // while nothing is served or built, nobody knows which image is meant
  const isKnown = isOn ? server.paths.length > 0 : facts.project.app !== undefined;
  if (isKnown && !isServed && path !== undefined) {
    const details = { file: url.path, expected: path, isOn };
    // off: the image of another project may be what is going to be served
    found.push(finding('url-file', details, { ...options, severity: isOn ? 'error' : 'information' }));
  }
  return found;
}
