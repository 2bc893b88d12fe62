import { systemClock, type Clock } from '../base/clock.ts';
import type { Disposable } from '../base/disposable.ts';
import type { Event } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import { faultCredentials, type CertificateSource } from '../server/faults/credentials.ts';
import type { FaultState } from '../server/faults/fault-switch.ts';
import {
  FAULTS,
  faultProfile,
  isCertificateFault,
  type FaultId,
  type FaultProfile,
} from '../server/faults/profiles.ts';
import { retouchImage, versionAfter } from '../server/faults/retouched-image.ts';
import { startFirmwareServer, type FirmwareServerOptions, type ServerCredentials } from '../server/firmware-server.ts';
import { ReleaseStore, type Release } from '../server/release-store.ts';
import type { TransferEvent } from '../server/transfer-events.ts';
import type { FaultBench } from './fault-run.ts';

export interface FaultBenchOptions {
  /** The image to rehearse with. Its copies differ in their version only. */
  readonly release: Pick<Release, 'name' | 'project' | 'version' | 'bytes'>;
  /** Port 0 leaves the user's own server, and the boards that use it, alone. */
  readonly server: Omit<FirmwareServerOptions, 'clock' | 'logger'>;
  /** Where certificates with a fault come from; left out for plain HTTP. */
  readonly certificates?: () => Promise<Omit<CertificateSource, 'nowMs'>>;
  readonly clock?: Clock;
  readonly logger?: Logger;
}

export interface RunningFaultBench extends FaultBench, Disposable {
  /** Serves the image itself, under its own version. */
  offerAsIs(): ReturnType<FaultBench['offer']>;
  /** The one in force. */
  fault(): FaultState | undefined;
  /** Frees the port. */
  stop(): Promise<void>;
}

/** A server of its own with releases of its own, for one fault rehearsal.
 * @throws {OtaError} as `startFirmwareServer` */
export async function startFaultBench(options: FaultBenchOptions, signal?: AbortSignal): Promise<RunningFaultBench> {
  const { release } = options;
  const clock = options.clock ?? systemClock;
  const releases = new ReleaseStore({ keepPerName: 2, clock });
  const server = await startFirmwareServer(
    { ...options.server, clock, ...(options.logger === undefined ? {} : { logger: options.logger }) },
    releases,
    signal,
  );
  const made = new Map<FaultId, ServerCredentials>();
  const credentialsFor = async (fault: FaultId): Promise<ServerCredentials | undefined> => {
    if (!isCertificateFault(fault) || options.certificates === undefined) return undefined;
    const known = made.get(fault);
    if (known !== undefined) return known;
    const credentials = await faultCredentials(fault, { ...(await options.certificates()), nowMs: clock.now() });
    made.set(fault, credentials);
    return credentials;
  };
  const stop = async (): Promise<void> => {
    await server.stop();
    releases.dispose();
  };
  const offer = (version: string, bytes: Uint8Array): ReturnType<FaultBench['offer']> => {
    const offered = releases.publish({ project: release.project, version, fileName: release.name, bytes });
    return { release: offered, url: `${server.url}${offered.paths.newest}` };
  };
  return {
    firmware: { project: release.project, version: release.version },
    onTransfer: server.onTransfer,
    offer: (round) => {
      const version = versionAfter(release.version, round + 1);
      // an image that can't be changed (a container) is offered as it is
      return offer(version, retouchImage(release.bytes, { version }) ?? release.bytes);
    },
    offerAsIs: () => offer(release.version, release.bytes),
    setFault: async (profile) => {
      const credentials = profile === undefined ? undefined : await credentialsFor(profile.id);
      await server.setFault(profile, credentials === undefined ? {} : { credentials });
    },
    fault: () => server.fault,
    stop,
    dispose: () => void stop(),
  };
}

export interface LiveFaultBenchOptions {
  readonly server: {
    readonly onTransfer: Event<TransferEvent>;
    setFault(profile: FaultProfile | undefined): Promise<void>;
  };
  readonly releases: ReleaseStore;
  /** What is served under this name before and after. */
  readonly release: Release;
  /** As the release was published with. */
  readonly owner: string;
  readonly urlOf: (release: Release) => string;
  /** Whether a client is the board; asked for each event, because its address may not be known before. */
  readonly isBoard: (address: string) => boolean;
}

export interface LiveFaultBench extends FaultBench {
  /** Serves what was served before. */
  offerAsIs(): ReturnType<FaultBench['offer']>;
  /** Serves what was served before, unless something newer was published meanwhile. */
  end(): void;
}

/** The server that is there, for a board whose firmware has its URL: for as long as it takes, the newest release under the name is a good image
 * of the bench's, and a fault meets whoever asks. */
export function liveFaultBench(options: LiveFaultBenchOptions): LiveFaultBench {
  const { server, releases, release, owner, urlOf, isBoard } = options;
  const { project, name: fileName, facts } = release;
  let last: Release | undefined;
  const offer = (version: string, bytes: Uint8Array): ReturnType<FaultBench['offer']> => {
    const offered = releases.publish({ project, version, fileName, bytes, facts, owner });
    last = offered;
    return { release: offered, url: urlOf(offered) };
  };
  const offerAsIs = (): ReturnType<FaultBench['offer']> => {
    const manifest: unknown = JSON.parse(release.manifest);
    const isObject = typeof manifest === 'object' && manifest !== null;
    const { version, bytes } = release;
    const back = releases.publish({
      project,
      version,
      fileName,
      bytes,
      facts,
      owner,
      ...(isObject ? { manifest } : {}),
    });
    return { release: back, url: urlOf(back) };
  };
  return {
    firmware: { project, version: release.version },
    onTransfer: (hear) =>
      server.onTransfer((event) => {
        if (isBoard(event.client.address)) hear(event);
      }),
    offer: (round) => {
      const version = versionAfter(release.version, round + 1);
      return offer(version, retouchImage(release.bytes, { version }) ?? release.bytes);
    },
    offerAsIs,
    setFault: (profile) => server.setFault(profile),
    end: () => {
      const newest = releases.newest().find(({ name }) => name === fileName);
      if (newest !== undefined && newest === last) offerAsIs();
    },
  };
}

/** Every fault, with parameters for a board that has no time to lose: whatever takes time takes about as long as told.
 * @param imageBytes size of the image
 * @param stepMs how long a slow download takes; a stall takes twice as long */
export function hurriedProfiles(imageBytes: number, stepMs: number): readonly FaultProfile[] {
  const slow = Math.min(10_240, Math.max(1, Math.ceil(imageBytes / 1024 / (stepMs / 1000))));
  const values: Partial<Record<FaultId, Record<string, number>>> = {
    slow: { kilobytesPerSecond: slow },
    stall: { percent: 50, seconds: Math.max(0.1, (2 * stepMs) / 1000) },
  };
  return FAULTS.map(({ id }) => faultProfile(id, values[id]));
}
