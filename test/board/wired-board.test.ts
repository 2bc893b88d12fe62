import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { diskFiles } from '../../src/base/files.ts';
import { loadProject } from '../../src/idf/project-loader.ts';
import type { IdfProject } from '../../src/idf/project.ts';
import { planBoard, planBoardApp } from '../../src/ota/board-plan.ts';
import { buildFacts, subjectOf } from '../../src/ota/update-subject.ts';
import { publishProject } from '../../src/ota/publish.ts';
import { rehearse } from '../../src/ota/rehearsal.ts';
import type { Timeline } from '../../src/ota/update-state.ts';
import { rehearsalBoard, slotState, type VirtualDevice } from '../../src/ota/virtual-device.ts';
import { CertificateStore } from '../../src/server/certificate-store.ts';
import { startFirmwareServer, type FirmwareServer } from '../../src/server/firmware-server.ts';
import { installCertificate } from '../../src/server/install-certificate.ts';
import { ReleaseStore, type Release } from '../../src/server/release-store.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { copyExample } from '../support/example-project.ts';

// The whole product below the editor: project, certificate, build, server, board, timeline.
let folder = '';
let copy = '';
let server: FirmwareServer;
let store: CertificateStore;
const releases = new ReleaseStore();

async function build(version: string): Promise<IdfProject> {
  await diskFiles.writeAtomic(join(copy, 'version.txt'), `${version}\n`);
  buildOutputs({ projectFolder: copy });
  return loadProject(copy, diskFiles);
}

function update(
  board: WiredBoard,
  project: IdfProject,
  release: Release,
  signal = new AbortController().signal,
  onTimeline: (timeline: Timeline) => void = () => undefined,
): Promise<Timeline> {
  const device: VirtualDevice = board;
  device.configure({ app: { ...planBoardApp(project, 'auto'), firmwareUrl: `${server.url}${release.paths.newest}` } });
  return rehearse({
    board: rehearsalBoard(device),
    subject: { board: 'virtual', ...subjectOf(release, buildFacts(project)) },
    onTransfer: server.onTransfer,
    url: `${server.url}${release.paths.newest}`,
    signal,
    onTimeline,
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wired-'));
  copy = copyExample('simple_ota', folder);
  store = new CertificateStore(join(folder, 'storage'));
  const certificate = await store.serverCertificate({ names: { dns: ['localhost'], ip: ['127.0.0.1'] } });
  await installCertificate(await loadProject(copy, diskFiles), certificate.trustPem ?? '', store);
  server = await startFirmwareServer(
    { host: '127.0.0.1', port: 0, advertisedHost: '127.0.0.1', credentials: certificate },
    releases,
  );
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function attached(project: IdfProject): Promise<WiredBoard> {
  const board = new WiredBoard(await planBoard(project, diskFiles, 'auto'));
  const running = new Promise<void>((resolve) => {
    board.onStateChange(({ phase }) => {
      if (phase === 'idle') resolve();
    });
  });
  board.powerOn();
  await running;
  return board;
}

describe('a rehearsal of the example', () => {
  it('delivers a new version and sees it confirmed', async () => {
    const board = await attached(await build('1.0.0'));
    expect(board.state.running?.version).toBe('1.0.0');
    const project = await build('1.1.0');
    const timeline = await update(board, project, await publishProject(project, releases, diskFiles, server.url, ''));
    expect(timeline.verdict).toEqual({ outcome: 'confirmed' });
    expect(timeline.steps.map((step) => step.outcome)).toEqual(timeline.steps.map(() => 'done'));
    expect(board.state.running).toMatchObject({ version: '1.1.0', label: 'ota_1' });
    expect(board.state.slots.map((slot) => slotState(board.state, slot))).toEqual(['valid', 'valid']);
    board.dispose();
  });

  it('is refused when the board runs this version already', async () => {
    const project = await build('1.2.0');
    const board = await attached(project);
    const timeline = await update(board, project, await publishProject(project, releases, diskFiles, server.url, ''));
    expect(timeline.verdict).toMatchObject({ outcome: 'refused', failure: { cause: 'sameVersion' } });
    board.dispose();
  });

  it('rolls back what does not confirm, and says why', async () => {
    const board = await attached(await build('1.3.0'));
    board.configure({ knobs: { crashAfterUpdate: 'firstBoot' } });
    const project = await build('1.3.1');
    const timeline = await update(board, project, await publishProject(project, releases, diskFiles, server.url, ''));
    expect(timeline.verdict).toMatchObject({ outcome: 'rolledBack', failure: { cause: 'crashed' } });
    expect(board.state.running?.version).toBe('1.3.0');
    board.dispose();
  });

  it('is cancelled in the middle of the download, and the old version goes on', async () => {
    const board = await attached(await build('1.4.0'));
    board.configure({ knobs: { drainBytesPerSecond: 200_000 } });
    const project = await build('1.4.1');
    const stop = new AbortController();
    const release = await publishProject(project, releases, diskFiles, server.url, '');
    const timeline = await update(board, project, release, stop.signal, (now) => {
      if ((now.download?.sentBytes ?? 0) > 0) stop.abort();
    });
    expect(timeline.verdict).toEqual({ outcome: 'cancelled', during: 'download' });
    await expect.poll(() => board.state.running?.version).toBe('1.4.0');
    board.dispose();
    await expect.poll(() => server.connectionCount).toBe(0);
  });

  it('fails with the cause on both sides when the firmware trusts another authority', async () => {
    const trusting = await build('1.5.0');
    const board = await attached(trusting);
    const other = new CertificateStore(join(folder, 'other'));
    server.configure({
      credentials: await other.serverCertificate({ names: { dns: ['localhost'], ip: ['127.0.0.1'] } }),
    });
    const timeline = await update(board, trusting, await publishProject(trusting, releases, diskFiles, server.url, ''));
    expect(timeline.verdict).toMatchObject({ outcome: 'failed', failure: { cause: 'tls.unknownAuthority' } });
    expect(timeline.failures.map((failure) => failure.cause)).toEqual(
      expect.arrayContaining(['tls.unknownAuthority', 'certificateNotTrusted']),
    );
    server.configure({
      credentials: await store.serverCertificate({ names: { dns: ['localhost'], ip: ['127.0.0.1'] } }),
    });
    board.dispose();
  });
});

describe('the serial port of a virtual board', () => {
  it('gives its console in this process, over raw TCP and over RFC 2217', async () => {
    const board = await attached(await build('2.0.0'));
    const addresses = ['virtual://board', await board.listen('socket'), await board.listen('rfc2217')];
    for (const address of addresses) {
      // a server notices a moment later that the last client has gone
      const transport = await vi.waitFor(() => openPort(address, { virtual: (name) => board.binding(name) }));
      const decoder = new TextDecoder();
      let text = '';
      const seen = new Promise<void>((resolve) => {
        transport.onData((bytes) => {
          text += decoder.decode(bytes, { stream: true });
          if (text.includes('App version:      2.0.0')) resolve();
        });
      });
      board.restart();
      await seen;
      await transport.close();
    }
    expect(await board.listen('socket')).toBe(addresses[1]);
    board.dispose();
  });
});
