import { findUrls } from '../../image/embedded-urls.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type Fix } from '../finding.ts';
import { configuredUrl, firmwareUrl, isLoopback, isOurs, isPrivateHost, type FirmwareUrl } from '../firmware-url.ts';

const SELECT_ADDRESS: Fix = { kind: 'command', id: 'selectAddress', command: 'selectAdvertisedAddress', needs: [] };
/** A board that begins a download and does not show up in this time does not reach this computer: its own timeouts are shorter. */
export const NO_REQUEST_MS = 30_000;
/** What was long ago says nothing about now. */
const FORGOTTEN_MS = 600_000;

/** Whether boards can reach the server on this computer. */
export function hostFindings(facts: DoctorFacts): readonly Finding[] {
  return [
    ...serverFindings(facts),
    ...addressFindings(facts),
    ...builtInFindings(facts),
    ...kindFindings(facts),
    ...trafficFindings(facts),
  ];
}

/** The user has said that only this computer is meant: enough for the virtual board. */
function isForThisComputer({ server }: DoctorFacts): boolean {
  return server !== undefined && isLoopback(server.host.toLowerCase());
}

function serverFindings(facts: DoctorFacts): readonly Finding[] {
  const { server } = facts;
  if (server === undefined) return [];
  const found: Finding[] = [];
  if (server.isPortTaken === true && server.state !== 'on') {
    const fixes: Fix[] = [{ kind: 'command', id: 'changePort', command: 'changePort', needs: ['rebuild'] }];
    found.push(finding('host-port-taken', { port: server.port }, { fixes }));
  }
  if (isLoopback(server.bindHost.toLowerCase())) {
    const severity = isForThisComputer(facts) ? 'information' : 'error';
    found.push(finding('host-loopback', { bindHost: server.bindHost }, { severity }));
  }
  return found;
}

/** Which of several networks the boards are in, nobody can know; a URL that names one of them says it. */
function addressFindings(facts: DoctorFacts): readonly Finding[] {
  const candidates = facts.addresses.filter(({ kind, family }) => kind === 'lan' && family === 'IPv4');
  const host = configuredUrl(facts)?.host;
  const isDecided = host !== undefined && candidates.some(({ address }) => address === host);
  const expected = facts.server?.host ?? '';
  const isSet = facts.server?.isAddressChosen === true || !candidates.some(({ address }) => address === expected);
  if (candidates.length < 2 || isDecided || isSet) return [];
  const addresses = candidates.map(({ address }) => address).join(', ');
  return [finding('host-several-addresses', { addresses, host: expected }, { fixes: [SELECT_ADDRESS] })];
}

const urlsOfImage = new WeakMap<Uint8Array, readonly FirmwareUrl[]>();

function imageUrls(bytes: Uint8Array): readonly FirmwareUrl[] {
  let urls = urlsOfImage.get(bytes);
  if (urls === undefined) {
    urls = findUrls(bytes).flatMap(({ url }) => firmwareUrl(url) ?? []);
    urlsOfImage.set(bytes, urls);
  }
  return urls;
}

/** The configuration leads here, but the image that was built asks elsewhere for the same file: so do the boards that run it. */
function builtInFindings(facts: DoctorFacts): readonly Finding[] {
  const { app } = facts.project;
  const wanted = configuredUrl(facts);
  if (app === undefined || wanted === undefined || !isOurs(facts, wanted.host)) return [];
  const same = imageUrls(app.bytes).filter(({ path }) => path === wanted.path);
  const [other] = same;
  if (other === undefined || same.some(({ host }) => isOurs(facts, host)) || !isPrivateHost(other.host)) return [];
  const fixes: Fix[] = [{ kind: 'command', id: 'build', command: 'buildFirmware', needs: ['fullFlash'] }];
  const details = { host: other.host, expected: wanted.host };
  return [finding('host-address-changed', details, { at: { path: app.path }, fixes })];
}

/** Where this extension runs, and why a board may not get there. */
function kindFindings(facts: DoctorFacts): readonly Finding[] {
  const { host, server, addresses } = facts;
  const severity = isForThisComputer(facts) ? 'information' : 'warning';
  const address = server?.host ?? '';
  // what is told is the address of the computer around this one, or of a router: the way in was made
  const isOutside =
    server !== undefined &&
    !isForThisComputer(facts) &&
    !addresses.some((one) => one.address === address) &&
    !host.names.includes(address.toLowerCase());
  if (isOutside && (host.isWsl || host.isContainer)) return [];
  // with mirrored networking, WSL has the addresses of Windows
  const isBehindNat = !addresses.some(({ address: one, kind }) => kind === 'lan' && !one.startsWith('172.'));
  if (host.isWsl) return isBehindNat ? [finding('host-wsl', { address, port: server?.port ?? 0 }, { severity })] : [];
  if (host.isContainer) return [finding('host-container', { address, port: server?.port ?? 0 }, { severity })];
  return host.isRemote ? [finding('host-remote', { address }, { severity: 'information' })] : [];
}

/** A board said that it begins, and nothing came. */
function trafficFindings({ traffic, server, host, nowMs }: DoctorFacts): readonly Finding[] {
  const { connectingMs, lastContactMs } = traffic ?? {};
  if (server?.state !== 'on' || connectingMs === undefined) return [];
  const waitedMs = nowMs - connectingMs;
  const hasCome = lastContactMs !== undefined && lastContactMs >= connectingMs;
  if (hasCome || waitedMs < NO_REQUEST_MS || waitedMs > FORGOTTEN_MS) return [];
  const details = { seconds: NO_REQUEST_MS / 1000, platform: host.platform, port: server.port };
  const fixes: Fix[] = [SELECT_ADDRESS, { kind: 'command', id: 'showServerLog', command: 'showServerLog', needs: [] }];
  return [finding('host-no-request', details, { fixes })];
}
