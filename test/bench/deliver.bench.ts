/** What a delivery adds to the time the board itself needs, its build left out: the project of examples/simple_ota, checked, published, followed over
 * the virtual board and kept on the disk, against the same board that updates with nobody around but the server. `node scripts/bench.mjs deliver [rounds]` */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';
import { performance } from 'node:perf_hooks';
import { diskFiles } from '../../src/base/files.ts';
import { checkSetup } from '../../src/doctor/check-setup.ts';
import type { DoctorFacts } from '../../src/doctor/facts.ts';
import { ProjectLoader } from '../../src/idf/project-loader.ts';
import type { IdfProject } from '../../src/idf/project.ts';
import { planBoard, planBoardApp } from '../../src/ota/board-plan.ts';
import { buildFacts, subjectOf } from '../../src/ota/update-subject.ts';
import { deliver, type DeliveryBoard } from '../../src/ota/deliver.ts';
import { UpdateHistory } from '../../src/ota/history.ts';
import { publishProject } from '../../src/ota/publish.ts';
import { virtualTrigger } from '../../src/ota/triggers.ts';
import { rehearsalBoard } from '../../src/ota/virtual-device.ts';
import { CertificateStore } from '../../src/server/certificate-store.ts';
import { startFirmwareServer, type FirmwareServer } from '../../src/server/firmware-server.ts';
import { installCertificate } from '../../src/server/install-certificate.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { copyExample } from '../support/example-project.ts';

const ROUNDS = Number(process.argv[2] ?? 9);
const ALLOWED_MS = 500;

interface World {
  readonly copy: string;
  readonly server: FirmwareServer;
  readonly releases: ReleaseStore;
  readonly loader: ProjectLoader;
  readonly history: UpdateHistory;
}

/** A board that runs 1.0.0 and a build of the next version. */
async function ready({ copy, loader }: World, round: number): Promise<{ board: WiredBoard; project: IdfProject }> {
  await buildVersion(copy, '1.0.0');
  const board = new WiredBoard(await planBoard(await loader.load(copy), diskFiles, 'auto'));
  await idle(board, () => {
    board.powerOn();
  });
  await buildVersion(copy, `1.0.${round + 1}`);
  return { board, project: await loader.load(copy) };
}

async function buildVersion(copy: string, version: string): Promise<void> {
  await diskFiles.writeAtomic(join(copy, 'version.txt'), `${version}\n`);
  execFileSync(process.execPath, [resolvePath('examples/tools/build-outputs.mjs'), '--quiet'], { cwd: copy });
}

function idle(board: WiredBoard, begin: () => void): Promise<void> {
  return new Promise((resolve) => {
    const subscription = board.onStateChange(({ phase }) => {
      if (phase !== 'idle') return;
      subscription.dispose();
      resolve();
    });
    begin();
  });
}

/** The board's own time: asked by hand, it fetches what is published already. */
async function alone(world: World, round: number): Promise<number> {
  const { board, project } = await ready(world, round);
  const release = await publishProject(project, world.releases, diskFiles, world.server.url, '');
  board.configure({
    app: { ...planBoardApp(project, 'auto'), firmwareUrl: `${world.server.url}${release.paths.newest}` },
  });
  const from = performance.now();
  await idle(board, () => {
    board.triggerUpdate();
  });
  const took = performance.now() - from;
  if (board.state.running?.version !== release.version) throw new Error('not updated');
  board.dispose();
  return took;
}

async function delivered(world: World, round: number): Promise<number> {
  const { board } = await ready(world, round);
  const { copy, server, releases, loader, history } = world;
  const facts = (project: IdfProject): DoctorFacts => ({
    project,
    text: () => undefined,
    addresses: [],
    privateKeys: [],
    host: { platform: process.platform, isWsl: false, isContainer: false, isRemote: false, names: [] },
    nowMs: Date.now(),
  });
  const check = async (): Promise<Record<string, never>> => {
    checkSetup(facts(await loader.load(copy)));
    return {};
  };
  const from = performance.now();
  const { delivery } = await deliver({
    id: `r${round}`,
    kind: 'delivery',
    project: 'simple_ota',
    isCanary: true,
    onTransfer: server.onTransfer,
    signal: new AbortController().signal,
    onRecord: (record) => void history.append(record),
    steps: {
      check,
      bump: () => Promise.resolve({ isSkipped: true }),
      checkImage: check,
      publish: async () => {
        const project = await loader.load(copy);
        const release = await publishProject(project, releases, diskFiles, server.url, '');
        const url = `${server.url}${release.paths.newest}`;
        board.configure({ app: { ...planBoardApp(project, 'auto'), firmwareUrl: url } });
        const target: DeliveryBoard = {
          id: 'virtual',
          name: 'Virtual board',
          triggerKind: 'virtual',
          trigger: virtualTrigger(board),
          ...rehearsalBoard(board),
          ownsClient: (client) => board.ownsPort(client.port),
        };
        return {
          subject: subjectOf(release, buildFacts(project)),
          url,
          boards: [target],
        };
      },
    },
  });
  await history.settled();
  const took = performance.now() - from;
  const outcome = delivery.updates[0]?.timeline.verdict?.outcome;
  if (outcome !== 'confirmed') throw new Error(`ended as ${outcome ?? 'nothing'}`);
  board.dispose();
  return took;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[times.length >> 1] ?? NaN;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'deliver-bench-'));
  try {
    const copy = copyExample('simple_ota', folder);
    const store = new CertificateStore(join(folder, 'storage'));
    const certificate = await store.serverCertificate({ names: { dns: ['localhost'], ip: ['127.0.0.1'] } });
    const loader = new ProjectLoader(diskFiles, { environment: {} });
    await installCertificate(await loader.load(copy), certificate.trustPem ?? '', store);
    const releases = new ReleaseStore();
    const server = await startFirmwareServer(
      { host: '127.0.0.1', port: 0, advertisedHost: '127.0.0.1', credentials: certificate },
      releases,
    );
    const world: World = {
      copy,
      server,
      releases,
      loader,
      history: await UpdateHistory.open({ path: join(folder, 'updates.jsonl'), files: diskFiles }),
    };
    const times = { alone: [] as number[], delivered: [] as number[] };
    for (let round = 1; round <= ROUNDS; round++) {
      times.alone.push(await alone(world, round));
      times.delivered.push(await delivered(world, round));
    }
    const added = median(times.delivered) - median(times.alone);
    const worst = Math.max(...times.delivered) - median(times.alone);
    console.log(
      `board alone ${median(times.alone).toFixed(0)} ms, delivered ${median(times.delivered).toFixed(0)} ms: ` +
        `${added.toFixed(0)} ms added (median of ${ROUNDS}), ${worst.toFixed(0)} ms at most, ` +
        `${(added / ALLOWED_MS).toFixed(2)} of the ${ALLOWED_MS} ms allowed`,
    );
    await server.stop();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
