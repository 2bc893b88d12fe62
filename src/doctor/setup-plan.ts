import { basename, dirname, join, relative } from 'node:path';
import { isWithin } from '../base/files.ts';
import { parseCmake } from '../idf/cmake-file.ts';
import type { FileEdit } from '../idf/file-edit.ts';
import { isIdfAtLeast } from '../idf/idf-version.ts';
import type { IdfProject } from '../idf/project.ts';
import { builtInTable } from '../image/built-in-tables.ts';
import { formatPartitionCsv, parsePartitionCsv } from '../image/partition-csv.ts';
import { otaSlots } from '../image/partition-table.ts';
import { certificatesIn } from '../server/certificate-description.ts';
import type { DoctorFacts } from './facts.ts';
import type { Need } from './finding.ts';
import { optionPaths, setOptions, type Options } from './option-edits.ts';
import { callFromAppMain, callsFunction, definesAppMain } from './setup/c-source.ts';
import { addComponentFolder, addToComponent } from './setup/component-file.ts';
import { Draft } from './setup/draft.ts';
import { hasTwoSlots, layOutTwoSlots } from './setup/two-slots.ts';
import {
  CLIENT_CALL,
  CLIENT_HEADER,
  CLIENT_KCONFIG,
  CLIENT_SOURCE,
  CLIENT_URL_SYMBOL,
  clientComponents,
  clientHeader,
  clientSource,
  CONNECT_COMPONENT,
  type ClientRequest,
} from './setup/update-client.ts';

/** The parts of a setup, each of which can be left out, in the order they are made. */
export const SETUP_PARTS = ['partitionTable', 'client', 'url', 'certificate', 'version', 'rollback'] as const;

export type SetupPart = (typeof SETUP_PARTS)[number];

/** What a setup looks at. A superset of it is {@link DoctorFacts}; `text` has to know the files of {@link setupPaths}. */
export type SetupFacts = Pick<DoctorFacts, 'project' | 'text' | 'certificate' | 'server' | 'board'>;

export interface SetupChoices {
  /** All of them when left out. */
  readonly parts?: ReadonlySet<SetupPart>;
}

/** What the plan can not do by itself.
 * - `callClient`: nothing calls the update code yet; the project connects to a network by itself, so only it knows when.
 * - `editComponent`, `editProject`: main/CMakeLists.txt (or the project's) is written in a form that is not edited.
 * - `noRoom`: the flash has no room for two slots beside the data partitions that are there.
 * - `setWifi`: name and password of the network are to be set in menuconfig.
 * - `noCertificate`: it is not known which certificate firmware has to trust. */
export type SetupNote = 'callClient' | 'editComponent' | 'editProject' | 'noRoom' | 'setWifi' | 'noCertificate';

/** One part with what it changes. */
export interface SetupStep {
  readonly part: SetupPart;
  /** Files that the part changes, absolute. */
  readonly paths: readonly string[];
  /** What it sets, for people: `flashSize` (such as `4MB`), `table` (file name), `slotBytes`, `url`, `version`, `certificate` (path). */
  readonly details: Readonly<Record<string, string | number>>;
}

export interface SetupPlan {
  /** Empty parts are left out. */
  readonly steps: readonly SetupStep[];
  /** One per file. Nothing to do when there are none. */
  readonly edits: readonly FileEdit[];
  readonly needs: readonly Need[];
  readonly notes: readonly SetupNote[];
}

/** Flash that the update code adds to an application that had neither network nor TLS: what it comes to in ESP-IDF's examples, rounded up. */
const CLIENT_BYTES = 0xc_0000;
/** An application grows; a slot that is as good as full is no base for updates. */
const RESERVE = 1.15;
const MEGABYTE = 0x10_0000;
const DEFAULT_FLASH_BYTES = 2 * MEGABYTE;
const USUAL_FLASH_BYTES = 4 * MEGABYTE;
const FIRST_VERSION = '1.0.0';
/** Network code of the project's own. */
const CONNECTING = [
  'example_connect',
  'esp_wifi_start',
  'esp_wifi_connect',
  'esp_eth_start',
  'esp_netif_create_default_wifi_sta',
];

/** The files whose text a plan looks at; those that are not there may be left out. */
export function setupPaths(project: IdfProject): readonly string[] {
  const main = join(project.folder, 'main');
  return [
    ...optionPaths(project),
    project.cmakePath,
    project.versionTxtPath,
    project.certificate.path,
    join(main, 'CMakeLists.txt'),
    join(main, 'Kconfig.projbuild'),
    join(main, CLIENT_SOURCE),
    join(main, CLIENT_HEADER),
    ...['partitions.csv', 'partitions_ota.csv'].map((name) => join(project.folder, name)),
    ...(project.partitionTable.path === undefined ? [] : [project.partitionTable.path]),
    ...project.sources.paths,
  ];
}

interface Setup {
  readonly facts: SetupFacts;
  readonly draft: Draft;
  readonly notes: Set<SetupNote>;
  readonly needs: Set<Need>;
  /** The project updates itself, or will after this plan. */
  readonly hasClient: boolean;
  readonly addsClient: boolean;
}

type Step = Omit<SetupStep, 'part'>;

/** Turns a plain project into one that can be updated over the air: what has to be written where, every other byte kept. A second plan after the first was made is
 * empty. Never throws for what is in a file. */
export function planSetup(facts: SetupFacts, choices: SetupChoices = {}): SetupPlan {
  const isWanted = (part: SetupPart): boolean => choices.parts?.has(part) ?? true;
  const hadClient = facts.project.sources.clientKind !== 'unknown';
  // without a main component there is nowhere to put it: PlatformIO and the oldest projects have theirs elsewhere
  const hasMain = facts.text(join(facts.project.folder, 'main', 'CMakeLists.txt')) !== undefined;
  const addsClient = !hadClient && hasMain && isWanted('client');
  const setup: Setup = {
    facts,
    draft: new Draft(facts.text),
    notes: new Set(),
    needs: new Set(),
    hasClient: hadClient || addsClient,
    addsClient,
  };
  if (!hadClient && !hasMain) setup.notes.add('editComponent');
  const work: Record<SetupPart, (setup: Setup) => Step | undefined> = {
    partitionTable: planTable,
    client: planClient,
    url: planUrl,
    certificate: planCertificate,
    version: planVersion,
    rollback: planRollback,
  };
  const steps = SETUP_PARTS.filter(isWanted).flatMap((part) => {
    const step = work[part](setup);
    return step === undefined || step.paths.length === 0 ? [] : [{ part, ...step, paths: [...new Set(step.paths)] }];
  });
  const edits = setup.draft.edits();
  if (edits.length > 0) setup.needs.add('rebuild');
  return { steps, edits, needs: [...setup.needs], notes: [...setup.notes] };
}

/** Bytes that a slot has to hold for the application to fit after this plan, and to grow a little. */
function neededSlotBytes({ facts, addsClient }: Setup): number {
  const built = facts.project.app?.bytes.length ?? 0x4_0000;
  return Math.ceil((built + (addsClient ? CLIENT_BYTES : 0)) * (addsClient ? RESERVE : 1));
}

function planTable(setup: Setup): Step | undefined {
  const { facts, draft, needs, notes } = setup;
  const { project, board } = facts;
  const needed = neededSlotBytes(setup);
  if (hasTwoSlots(project.partitionTable.partitions, needed)) return undefined;
  const configured = project.ota.flashSizeBytes ?? DEFAULT_FLASH_BYTES;
  const flashSizeBytes = board?.flashSizeBytes ?? Math.max(configured, USUAL_FLASH_BYTES);
  const chosen = chooseTable(setup, needed, flashSizeBytes);
  if (chosen === undefined) {
    notes.add('noRoom');
    return undefined;
  }
  const paths: string[] = [];
  if (chosen.csv !== undefined && draft.write(chosen.csv.path, chosen.csv.text)) paths.push(chosen.csv.path);
  const flashSize = `${flashSizeBytes / MEGABYTE}MB`;
  const options: Options = {
    ...(flashSizeBytes === configured && project.ota.flashSizeBytes !== undefined
      ? {}
      : { [`ESPTOOLPY_FLASHSIZE_${flashSize}`]: true }),
    ...chosen.options,
  };
  paths.push(...setOptions(draft, project, options));
  if (paths.length > 0) needs.add('fullFlash');
  return { paths, details: { flashSize, table: chosen.file, slotBytes: chosen.slotBytes } };
}

interface ChosenTable {
  readonly file: string;
  readonly slotBytes: number;
  readonly options: Options;
  readonly csv?: { readonly path: string; readonly text: string };
}

/** One of ESP-IDF's own tables where the project uses a plain one and the slots are large enough; else a CSV of the project. */
function chooseTable({ facts }: Setup, needed: number, flashSizeBytes: number): ChosenTable | undefined {
  const { folder, partitionTable, idfVersion, ota } = facts.project;
  const { choice } = partitionTable;
  const isPlain =
    [undefined, 'PARTITION_TABLE_SINGLE_APP', 'PARTITION_TABLE_SINGLE_APP_LARGE', 'PARTITION_TABLE_TWO_OTA'].includes(
      choice.choice,
    ) &&
    !choice.hasCoredump &&
    ota.partitionTableOffset === 0x8000 &&
    idfVersion !== undefined;
  if (isPlain) {
    const names = isIdfAtLeast(idfVersion, 5, 4) ? ['TWO_OTA_LARGE', 'TWO_OTA'] : ['TWO_OTA'];
    for (const name of names) {
      const file = `partitions_${name.toLowerCase()}.csv`;
      const { partitions } = parsePartitionCsv(builtInTable(file)?.csv ?? '', { idfVersion });
      const end = Math.max(...partitions.map(({ offset, size }) => offset + size));
      const slotBytes = Math.min(...otaSlots(partitions).map(({ size }) => size));
      if (end <= flashSizeBytes && needed <= slotBytes) {
        return { file, slotBytes, options: { [`PARTITION_TABLE_${name}`]: true } };
      }
    }
  }
  const laidOut = layOutTwoSlots({
    partitions: partitionTable.partitions,
    tableOffset: ota.partitionTableOffset,
    flashSizeBytes,
    slotBytes: needed,
  });
  if (laidOut === undefined) return undefined;
  const file = csvName(facts);
  const path = join(folder, file);
  const before = ownCsv(facts.project) === undefined ? undefined : partitionTable.text;
  const slotBytes = Math.min(...otaSlots(laidOut).map(({ size }) => size));
  const options = { PARTITION_TABLE_CUSTOM: true, PARTITION_TABLE_CUSTOM_FILENAME: file };
  return { file, slotBytes, options, csv: { path, text: csvText(laidOut, before) } };
}

/** The CSV of this project alone. One that lies elsewhere may be that of other products, too. */
function ownCsv({ folder, partitionTable: { choice, path } }: IdfProject): string | undefined {
  return choice.isCustom && path !== undefined && isWithin(path, folder) ? path : undefined;
}

/** The project's own CSV is rewritten; one that lies there unused is left alone. */
function csvName({ project, text }: SetupFacts): string {
  const own = ownCsv(project);
  if (own !== undefined) return relative(project.folder, own).replaceAll('\\', '/');
  return text(join(project.folder, 'partitions.csv')) === undefined ? 'partitions.csv' : 'partitions_ota.csv';
}

/** In the words of the old one: its comments at the top stay. */
function csvText(partitions: Parameters<typeof formatPartitionCsv>[0], before: string | undefined): string {
  const text = formatPartitionCsv(partitions);
  const head = /^(?:[ \t]*#[^\n]*\n|[ \t]*\r?\n)+/.exec(before ?? '')?.[0];
  if (head === undefined) return text;
  const rows = text.split('\n').filter((line) => !line.startsWith('#'));
  const ending = head.includes('\r\n') ? '\r\n' : '\n';
  return head + rows.join(ending);
}

function planClient(setup: Setup): Step | undefined {
  const { facts, draft, notes } = setup;
  if (!setup.addsClient) return undefined;
  const { project } = facts;
  const main = join(project.folder, 'main');
  const sources = project.sources.paths.map((path) => ({ path, text: draft.text(path) ?? '' }));
  const connects = !sources.some(({ text }) => CONNECTING.some((name) => callsFunction(text, name)));
  const request: ClientRequest = {
    protocol: protocolOf(facts),
    connects,
    idfVersion: project.idfVersion,
    certificateName: basename(project.certificate.path).replace(/\W/g, '_'),
  };
  const componentPath = join(main, 'CMakeLists.txt');
  const component = addToComponent(draft.text(componentPath) ?? '', {
    source: CLIENT_SOURCE,
    components: clientComponents(request),
    listsComponents: buildsFew(draft.text(project.cmakePath) ?? ''),
  });
  const cmake = connects ? addComponentFolder(draft.text(project.cmakePath) ?? '', CONNECT_COMPONENT) : undefined;
  if (component === undefined) notes.add('editComponent');
  if (connects && cmake === undefined) notes.add('editProject');
  const kconfigPath = join(main, 'Kconfig.projbuild');
  const kconfig = draft.text(kconfigPath);
  const hasMenu = kconfig?.includes(`config ${CLIENT_URL_SYMBOL}`) === true;
  const separator = kconfig === undefined || kconfig === '' ? '' : kconfig.endsWith('\n') ? '\n' : '\n\n';
  const writes: [string, string | undefined][] = [
    [join(main, CLIENT_SOURCE), clientSource(request)],
    [join(main, CLIENT_HEADER), clientHeader(request)],
    [componentPath, component],
    [project.cmakePath, cmake],
    [kconfigPath, hasMenu ? undefined : `${kconfig ?? ''}${separator}${CLIENT_KCONFIG}`],
  ];
  const entry = sources.find(({ text }) => definesAppMain(text));
  if (connects && entry !== undefined) {
    const header = relative(dirname(entry.path), join(main, CLIENT_HEADER)).replaceAll('\\', '/');
    writes.push([entry.path, callFromAppMain(entry.text, header, CLIENT_CALL)]);
  } else notes.add('callClient');
  if (connects) notes.add('setWifi');
  const paths = writes.flatMap(([path, text]) => (text !== undefined && draft.write(path, text) ? [path] : []));
  return { paths, details: { call: `${CLIENT_CALL}()` } };
}

/** The project builds what its main component names and nothing else.
 * @see ESP-IDF v5.5 build system guide, "Including only specific components" */
function buildsFew(cmake: string): boolean {
  return parseCmake(cmake).calls.some(
    ({ name, arguments: [first] }) =>
      (name === 'idf_build_set_property' && first?.text === 'MINIMAL_BUILD') ||
      (name === 'set' && first?.text === 'COMPONENTS'),
  );
}

function protocolOf({ server }: SetupFacts): 'https' | 'http' {
  return server?.protocol ?? 'https';
}

const PLACEHOLDER = /^(?:https?:\/\/(?:192\.168\.0\.3|192\.168\.2\.106|example\.(?:com|org))\b.*|)$/i;

function planUrl(setup: Setup): Step | undefined {
  const { facts, draft, hasClient, addsClient } = setup;
  const { project, server } = facts;
  if (!hasClient || server === undefined || project.ota.isUrlFromConsole) return undefined;
  const current = project.ota.firmwareUrl;
  const paths: string[] = [];
  const isHttp = addsClient || current === undefined ? server.protocol === 'http' : /^http:/i.test(current.value);
  let url = current?.value ?? '';
  if (PLACEHOLDER.test(url)) {
    const host = server.host.includes(':') && !server.host.startsWith('[') ? `[${server.host}]` : server.host;
    const port = server.port === (server.protocol === 'https' ? 443 : 80) ? '' : `:${server.port}`;
    url = `${server.protocol}://${host}${port}/${encodeURIComponent(imageName(project))}`;
    paths.push(...setOptions(draft, project, { [current?.symbol ?? urlSymbol(setup)]: url }, true));
  }
  if (isHttp && !project.ota.allowsHttp) {
    paths.push(...setOptions(draft, project, { [project.ota.allowHttpSymbol]: true }));
  }
  return { paths, details: { url } };
}

function imageName({ app, name }: IdfProject): string {
  return app === undefined ? `${name}.bin` : basename(app.path);
}

/** The option that the project's own menu has for it; ours where that comes with the update code. */
function urlSymbol({ facts, draft }: Setup): string {
  const kconfig = draft.text(join(facts.project.folder, 'main', 'Kconfig.projbuild')) ?? '';
  const names = [...kconfig.matchAll(/^[ \t]*config[ \t]+(\w+)[ \t]*$/gm)].map(([, name = '']) => name);
  const known = ['EXAMPLE_FIRMWARE_UPGRADE_URL', 'EXAMPLE_FIRMWARE_UPG_URL', CLIENT_URL_SYMBOL];
  return known.find((name) => names.includes(name)) ?? CLIENT_URL_SYMBOL;
}

/** The certificate in the project and in the image. A file with the right certificate in it stays as it is. */
function planCertificate(setup: Setup): Step | undefined {
  const { facts, draft, notes, hasClient } = setup;
  const { project, certificate } = facts;
  if (!hasClient || protocolOf(facts) === 'http') return undefined;
  const [trusted] = certificatesIn(certificate?.trustPem ?? '');
  const { path } = project.certificate;
  const paths: string[] = [];
  if (trusted === undefined) notes.add('noCertificate');
  else if (!certificatesIn(draft.text(path) ?? '').some((pem) => isSamePem(pem, trusted)) && draft.write(path, trusted))
    paths.push(path);
  if (!project.certificate.isEmbedded) {
    const componentPath = join(project.folder, 'main', 'CMakeLists.txt');
    const embeddedText = relative(dirname(componentPath), path).replaceAll('\\', '/');
    const component = addToComponent(draft.text(componentPath) ?? '', { embeddedText });
    if (component === undefined) notes.add('editComponent');
    else if (draft.write(componentPath, component)) paths.push(componentPath);
  }
  // the firmware that runs trusts what was flashed with it
  if (paths.length > 0) setup.needs.add('fullFlash');
  return { paths, details: { certificate: path } };
}

function isSamePem(one: string, other: string): boolean {
  const bare = (pem: string): string => pem.replace(/\s/g, '');
  return bare(one) === bare(other);
}

/** version.txt where nothing, or a bare commit, says what the version is. */
function planVersion({ facts, draft }: Setup): Step | undefined {
  const { version, versionTxtPath } = facts.project;
  const isMade = version.source === 'default' || (version.source === 'git' && !/^v?\d+\.\d+/.test(version.value ?? ''));
  if (!isMade || draft.text(versionTxtPath) !== undefined) return undefined;
  return {
    paths: draft.write(versionTxtPath, `${FIRST_VERSION}\n`) ? [versionTxtPath] : [],
    details: { version: FIRST_VERSION },
  };
}

/** Rollback only helps where something confirms a new version; where nothing does, it would undo each. */
function planRollback({ facts, draft, needs, addsClient }: Setup): Step | undefined {
  const { project } = facts;
  const confirms =
    addsClient || project.sources.calls.some(({ name }) => name === 'esp_ota_mark_app_valid_cancel_rollback');
  if (!confirms || project.ota.isRollbackEnabled) return undefined;
  const paths = setOptions(draft, project, { BOOTLOADER_APP_ROLLBACK_ENABLE: true });
  if (paths.length > 0) needs.add('fullFlash');
  return { paths, details: {} };
}
