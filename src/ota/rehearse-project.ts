import { basename, join } from 'node:path';
import { throwIfCancelled } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { DisposableStore } from '../base/disposable.ts';
import type { FileStore } from '../base/files.ts';
import type { Logger } from '../base/logger.ts';
import { OtaError } from '../base/ota-error.ts';
import { firmwareUrl, isLoopback } from '../doctor/firmware-url.ts';
import { tlsFragmentBytes } from '../idf/tls-fragments.ts';
import type { IdfProject } from '../idf/project.ts';
import { restampImage } from '../image/restamp-image.ts';
import { startFirmwareServer, type ServerCredentials } from '../server/firmware-server.ts';
import { ReleaseStore } from '../server/release-store.ts';
import { planBoard, type BoardPlan } from './board-plan.ts';
import { troubleOf, type TroubleName } from './board-trouble.ts';
import { publishProject } from './publish.ts';
import { rehearse } from './rehearsal.ts';
import type { Timeline } from './update-state.ts';
import { rehearsalBoard, type CreateVirtualDevice, type VirtualDevice } from './virtual-device.ts';

export interface ProjectRehearsal {
  /** Built. */
  readonly project: IdfProject;
  readonly files: FileStore;
  readonly create: CreateVirtualDevice;
  /** What the server shows, for HTTPS; the image should trust it. */
  readonly credentials: ServerCredentials | undefined;
  /** What the firmware is taken for; `auto`: as its sources say. */
  readonly client: 'auto' | 'simple' | 'advanced' | 'native';
  /** How fast the board downloads; as fast as it can when left out. */
  readonly bytesPerSecond?: number | undefined;
  /** Of the board; as configured when left out. */
  readonly flashSizeBytes?: number | undefined;
  /** The application that the board runs before; the same one under another version when left out. */
  readonly previous?: Uint8Array | undefined;
  /** How the board misbehaves. Default: not at all. */
  readonly trouble?: TroubleName | undefined;
  /** `loopback`: the server takes a free port of 127.0.0.1, and the board is told that URL. `configured`: the server listens as the project's
   * URL says, and the board asks for just that. */
  readonly url: 'loopback' | 'configured';
  readonly signal: AbortSignal;
  readonly onTimeline: (timeline: Timeline) => void;
  /** Lines of the board's console. */
  readonly onLine?: ((line: string) => void) | undefined;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface RehearsedProject {
  readonly timeline: Timeline;
  /** What the board asked for. */
  readonly url: string;
  readonly chip: string;
  readonly client: BoardPlan['app']['client'];
  readonly flashSizeBytes: number;
}

const LOOPBACK = '127.0.0.1';
const CONSOLE_URL = 'FROM_STDIN';

/** One rehearsal of a project from beginning to end: a board that runs an older version, a server of its own with the release, the update, and
 * everything released again. Cancelling is a verdict, not an error.
 * @throws {OtaError} `command.noImage`, `board.*` of a board that can't be made from the project, those of the server's start */
export async function rehearseProject(options: ProjectRehearsal): Promise<RehearsedProject> {
  const { project, files, signal, clock = systemClock } = options;
  const description = project.app?.image?.description;
  if (project.app === undefined || description === undefined)
    throw new OtaError('command.noImage', { path: project.folder });
  const store = new DisposableStore();
  try {
    const releases = store.add(new ReleaseStore({ keepPerName: 1 }));
    const server = store.add(await startServer(options, releases));
    const release = await publishProject(project, releases, files, server.url, '');
    const served = `${server.url}${release.paths.newest}`;
    const configured = project.ota.firmwareUrl?.value;
    const plan = await planOlderBoard(options, options.url === 'configured' ? configured : served);
    throwIfCancelled(signal, 'rehearse');
    const device = store.add(await options.create(plan));
    device.configure({ knobs: troubleOf(options.trouble ?? 'none') });
    if (options.onLine !== undefined) store.add(device.onLine(options.onLine));
    await booted(device, signal);
    const runningVersion = device.state.running?.version;
    const timeline = await rehearse({
      board: rehearsalBoard(device),
      subject: {
        board: 'virtual',
        project: release.project,
        version: release.version,
        sha256: release.sha256,
        elfSha256: description.elfSha256,
        totalBytes: release.bytes.length,
        releaseId: release.id,
        ...(runningVersion === undefined ? {} : { previousVersion: runningVersion }),
        isRollbackEnabled: project.ota.isRollbackEnabled,
      },
      onTransfer: server.onTransfer,
      url: served,
      signal,
      onTimeline: options.onTimeline,
      clock,
    });
    await server.stop();
    const { client, firmwareUrl: asked } = plan.app;
    return {
      timeline,
      url: asked === CONSOLE_URL ? served : asked,
      chip: plan.chip,
      client,
      flashSizeBytes: plan.flashSizeBytes,
    };
  } finally {
    store.dispose();
  }
}

function startServer(
  { project, credentials, url, signal, clock, logger }: ProjectRehearsal,
  releases: ReleaseStore,
): ReturnType<typeof startFirmwareServer> {
  const configured = url === 'loopback' ? undefined : firmwareUrl(project.ota.firmwareUrl?.value ?? '');
  return startFirmwareServer(
    {
      protocol: credentials === undefined ? 'http' : 'https',
      ...(credentials === undefined ? {} : { credentials }),
      host: configured === undefined || isLoopback(configured.host) ? LOOPBACK : '0.0.0.0',
      port: configured?.port ?? 0,
      advertisedHost: configured?.host ?? LOOPBACK,
      maxFragmentBytes: tlsFragmentBytes(project.ota),
      ...(clock === undefined ? {} : { clock }),
      ...(logger === undefined ? {} : { logger }),
    },
    releases,
    signal,
  );
}

/** A board as a flash by cable would leave it, with an application before the one that is released. */
async function planOlderBoard(options: ProjectRehearsal, url: string | undefined): Promise<BoardPlan> {
  const { project, files, client, bytesPerSecond, flashSizeBytes } = options;
  const plan = await planBoard(project, files, client);
  const { app, buildFolder, flasherArgs } = project;
  const offset = flasherArgs?.files.find(
    (one) => buildFolder !== undefined && join(buildFolder, one.file) === app?.path,
  )?.offset;
  if (app === undefined || offset === undefined)
    throw new OtaError('board.notBuilt', { path: join(project.folder, 'build', basename(app?.path ?? 'app.bin')) });
  const older = options.previous ?? restampImage(app.bytes, olderThan(app.image?.description?.version));
  return {
    ...plan,
    flashSizeBytes: flashSizeBytes ?? plan.flashSizeBytes,
    parts: plan.parts.map((part) => (part.offset === offset ? { offset, bytes: older } : part)),
    // what asks for its URL on the console is told it there
    app: { ...plan.app, firmwareUrl: plan.app.firmwareUrl === CONSOLE_URL ? CONSOLE_URL : (url ?? CONSOLE_URL) },
    knobs: { drainBytesPerSecond: bytesPerSecond },
  };
}

function olderThan(version: string | undefined): string {
  return version === '0.0.0' ? '0.0.0-before' : '0.0.0';
}

/** Switches a board on and waits until its application is idle, or nothing boots. */
function booted(device: VirtualDevice, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      subscription.dispose();
      signal.removeEventListener('abort', cancel);
    };
    const cancel = (): void => {
      end();
      reject(new OtaError('cancelled', { what: 'rehearse' }));
    };
    const subscription = device.onStateChange(({ phase }) => {
      if (phase !== 'idle' && phase !== 'bootFailed' && phase !== 'crashed') return;
      end();
      resolve();
    });
    signal.addEventListener('abort', cancel, { once: true });
    device.powerOn();
  });
}
