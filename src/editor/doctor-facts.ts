import { env, workspace } from 'vscode';
import type { FileStore } from '../base/files.ts';
import type { BoardFacts, CertificateFacts, DoctorFacts, PrivateKeyFile, ServerFacts } from '../doctor/facts.ts';
import { findPrivateKeys } from '../idf/private-keys.ts';
import type { IdfProject } from '../idf/project.ts';
import type { SeenClients } from '../ota/clients.ts';
import { gitFacts } from '../ota/git-keys.ts';
import { hostFacts, isListening, readSetupTexts } from '../ota/setup-facts.ts';
import { lanAddresses } from '../server/lan-addresses.ts';
import { boardFactsOf } from './board-facts.ts';
import type { BoardSession } from './sessions/board-session.ts';
import type { CertificateSession } from './sessions/certificate-session.ts';
import { virtualAddress } from '../ota/virtual-port.ts';
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
    readSetupTexts(project, keys, sources.files),
    hostFacts(env.remoteName !== undefined),
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
    bindHost: server.bindAddress,
    paths: server.releases.newest().flatMap((release) => [release.paths.newest, release.paths.pinned]),
  };
}

/** What was read of the selected board, or of the virtual one while that is selected. */
export function boardFacts({
  ports,
  slots,
  board,
}: Pick<FactSources, 'ports' | 'slots' | 'board'>): BoardFacts | undefined {
  const [first] = board.boards;
  const key = ports.selected === '' && first !== undefined ? virtualAddress(first.number) : ports.selected;
  if (key === '') return undefined;
  return boardFactsOf(ports.factsOf(key), slots.slotsOf(key));
}
