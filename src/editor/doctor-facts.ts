import { env, workspace } from 'vscode';
import { readFile, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { isOtaError } from '../base/ota-error.ts';
import { BOOTLOADER_CONFIG } from '../doctor/checks/behaviour.ts';
import type {
  BoardFacts,
  CertificateFacts,
  DoctorFacts,
  HostFacts,
  PrivateKeyFile,
  ServerFacts,
} from '../doctor/facts.ts';
import { findPrivateKeys } from '../idf/private-keys.ts';
import type { IdfProject } from '../idf/project.ts';
import type { SeenClients } from '../ota/clients.ts';
import { lanAddresses } from '../server/lan-addresses.ts';
import { boardFactsOf } from './board-facts.ts';
import { gitFacts } from './git-keys.ts';
import type { BoardSession } from './sessions/board-session.ts';
import type { CertificateSession } from './sessions/certificate-session.ts';
import { VIRTUAL_PORT } from '../ota/virtual-port.ts';
import type { PortSession } from './sessions/port-session.ts';
import type { ProjectSession } from './sessions/project-session.ts';
import type { ServerSession } from './sessions/server-session.ts';
import type { SlotSession } from './sessions/slot-session.ts';
import { readSettings } from './settings.ts';

/** The sessions that know something of the setup. */
export interface FactSources {
  readonly files: FileStore;
  readonly projects: ProjectSession;
  readonly certificates: CertificateSession;
  readonly server: ServerSession;
  readonly ports: PortSession;
  readonly slots: SlotSession;
  readonly board: BoardSession;
}

/** Gathers what the checks look at, of one moment.
 * @param connectingMs when a board said last that it begins a download
 * @param probe asks whether somebody else listens on the server's port */
export async function gatherFacts(
  sources: FactSources,
  project: IdfProject,
  options: { readonly probe: boolean; readonly connectingMs?: number | undefined },
): Promise<DoctorFacts> {
  const { server } = sources;
  const keys = await privateKeys(sources, project);
  const [texts, host, isPortTaken] = await Promise.all([
    readTexts(sources, project, keys),
    hostFacts(),
    options.probe && server.state.kind === 'off' && workspace.isTrusted ? isListening(portOf(sources)) : undefined,
  ]);
  const certificate = certificateFacts(sources);
  const board = boardFacts(sources);
  const lastContact = lastContactMs(server.clients);
  const { connectingMs } = options;
  return {
    project,
    text: (path) => texts.get(path),
    ...(certificate === undefined ? {} : { certificate }),
    server: { ...serverFacts(sources), ...(isPortTaken === undefined ? {} : { isPortTaken }) },
    addresses: lanAddresses(),
    ...(board === undefined ? {} : { board }),
    privateKeys: keys,
    host,
    traffic: {
      ...(connectingMs === undefined ? {} : { connectingMs }),
      ...(lastContact === undefined ? {} : { lastContactMs: lastContact }),
    },
    nowMs: Date.now(),
  };
}

/** When the server heard of anybody last, refused connections too. */
export function lastContactMs(clients: SeenClients): number | undefined {
  return clients.size === 0 ? undefined : Math.max(...[...clients.values()].map((one) => one.lastSeenMs));
}

async function privateKeys({ files }: FactSources, project: IdfProject): Promise<readonly PrivateKeyFile[]> {
  const paths = await findPrivateKeys(project.folder, files);
  // a repository's configuration can name programs
  return workspace.isTrusted ? gitFacts(project.folder, paths) : paths.map((path) => ({ path }));
}

/** Of files that findings may point into, or whose content they are about. One that can't be read counts as not there. */
async function readTexts(
  { files }: FactSources,
  project: IdfProject,
  keys: readonly PrivateKeyFile[],
): Promise<ReadonlyMap<string, string>> {
  const { folder, ota, partitionTable, certificate } = project;
  const bundle = ota.customBundlePath?.value ?? '';
  const paths = new Set([
    project.sdkconfigPath,
    join(folder, 'sdkconfig.defaults'),
    ...project.defaults.map(({ path }) => path),
    project.cmakePath,
    join(folder, 'main', 'CMakeLists.txt'),
    project.versionTxtPath,
    certificate.path,
    ...project.embeddedFiles.flatMap(({ path }) => path ?? []),
    ...(project.buildFolder === undefined ? [] : [join(project.buildFolder, BOOTLOADER_CONFIG)]),
    ...(bundle === '' ? [] : [isAbsolute(bundle) ? bundle : join(folder, bundle)]),
    ...(partitionTable.path === undefined ? [] : [partitionTable.path]),
    ...keys.map(({ path }) => join(dirname(path), '.gitignore')),
    ...project.sources.calls.map(({ path }) => path),
  ]);
  const texts = new Map<string, string>();
  await Promise.all(
    [...paths].map(async (path) => {
      try {
        const text = await files.readText(path);
        // an editor's columns do not count a byte order mark
        if (text !== undefined) texts.set(path, text.replace(/^\uFEFF/, ''));
      } catch (error) {
        if (!isOtaError(error)) throw error;
      }
    }),
  );
  return texts;
}

function certificateFacts({ certificates, projects }: FactSources): CertificateFacts | undefined {
  const { current } = certificates;
  if (current === undefined) return undefined;
  return {
    mode: readSettings(projects.workspaceFolder()).values['certificate.mode'],
    certificatePem: current.certificatePem,
    description: current.description,
    ...(current.trustPem === undefined ? {} : { trustPem: current.trustPem }),
  };
}

function portOf({ projects, server }: FactSources): number {
  return server.state.kind === 'on'
    ? server.state.port
    : readSettings(projects.workspaceFolder()).values['server.port'];
}

function serverFacts(sources: FactSources): ServerFacts {
  const { server, certificates, projects } = sources;
  const { values } = readSettings(projects.workspaceFolder());
  const { state } = server;
  return {
    state: state.kind,
    protocol: state.kind === 'on' ? state.protocol : values['server.protocol'],
    port: portOf(sources),
    host: certificates.advertisedHost(),
    isAddressChosen: certificates.isAddressChosen(),
    bindHost: values['server.bindAddress'],
    paths: server.releases.newest().flatMap((release) => [release.paths.newest, release.paths.pinned]),
  };
}

/** What was read of the selected board, or of the virtual one while that is selected. */
export function boardFacts({
  ports,
  slots,
  board,
}: Pick<FactSources, 'ports' | 'slots' | 'board'>): BoardFacts | undefined {
  const address = ports.selected;
  const isVirtual = address === VIRTUAL_PORT || (address === '' && board.board !== undefined);
  const key = isVirtual ? VIRTUAL_PORT : address;
  if (key === '') return undefined;
  return boardFactsOf(ports.factsOf(key), slots.slotsOf(key));
}

/** Somebody answers on the port of this computer. */
function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 500 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
    socket.once('timeout', () => {
      end(false);
    });
  });
}

let hostKind: Promise<Pick<HostFacts, 'isWsl' | 'isContainer'>> | undefined;

async function hostFacts(): Promise<HostFacts> {
  hostKind ??= findHostKind();
  const own = hostname().toLowerCase().replace(/\.$/, '');
  return {
    ...(await hostKind),
    platform: process.platform,
    isRemote: env.remoteName !== undefined,
    names: own === '' ? [] : own.includes('.') ? [own] : [own, `${own}.local`],
  };
}

async function findHostKind(): Promise<Pick<HostFacts, 'isWsl' | 'isContainer'>> {
  if (process.platform !== 'linux') return { isWsl: false, isContainer: false };
  const exists = (path: string): Promise<boolean> =>
    stat(path).then(
      () => true,
      () => false,
    );
  const kernel = await readFile('/proc/version', 'utf8').catch(() => '');
  return {
    isWsl: process.env['WSL_DISTRO_NAME'] !== undefined || /microsoft/i.test(kernel),
    isContainer: (await exists('/.dockerenv')) || (await exists('/run/.containerenv')),
  };
}
