import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildOutputs } from '../../examples/tools/build-outputs.mjs';
import { DisposableStore } from '../../src/base/disposable.ts';
import { Emitter } from '../../src/base/emitter.ts';
import { diskFiles } from '../../src/base/files.ts';
import { ProjectLoader } from '../../src/idf/project-loader.ts';
import type { IdfProject } from '../../src/idf/project.ts';
import { PublishedBuild } from '../../src/ota/published-build.ts';
import { startFirmwareServer } from '../../src/server/firmware-server.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { ServerSwitch } from '../../src/server/server-switch.ts';
import { useBuiltExample } from '../support/built-example.ts';
import { copyExample } from '../support/example-project.ts';

const example = useBuiltExample();
const loader = new ProjectLoader(diskFiles);

let store: DisposableStore;
let host: string;
let notes: string;
let project: IdfProject | undefined;
let changed: Emitter<undefined>;
let releases: ReleaseStore;
let server: ServerSwitch;
let build: PublishedBuild;
let failed: unknown[];
let told: boolean[];
/** Until it resolves, no path is followed. */
let held: Promise<void>;
let followed: number;

beforeEach(async () => {
  store = new DisposableStore();
  host = '127.0.0.1';
  notes = '';
  project = await loader.load(example.project);
  changed = store.add(new Emitter<undefined>());
  releases = new ReleaseStore();
  server = store.add(
    new ServerSwitch({
      start: (signal) =>
        startFirmwareServer({ protocol: 'http', host: '127.0.0.1', port: 0, advertisedHost: host }, releases, signal),
      advertisedHost: () => host,
      credentials: () => Promise.reject(new Error('plain HTTP has no certificate')),
    }),
  );
  failed = [];
  told = [];
  held = Promise.resolve();
  followed = 0;
  build = store.add(
    new PublishedBuild({
      projects: {
        get project() {
          return project;
        },
        onChange: changed.event,
      },
      server,
      releases,
      files: {
        ...diskFiles,
        realPath: async (path) => {
          followed += 1;
          await held;
          return diskFiles.realPath(path);
        },
      },
      notesPath: () => notes,
      onFailed: (error) => failed.push(error),
    }),
  );
  store.add(build.onChange(({ isNew }) => told.push(isNew)));
});
afterEach(async () => {
  await server.stop();
  store.dispose();
});

/** What a board reads of the newest release. */
async function metadata(): Promise<Record<string, unknown>> {
  const answer = await fetch(`http://127.0.0.1:${server.server?.port}/manifest.json`);
  return (await answer.json()) as Record<string, unknown>;
}

async function rebuild(version: string): Promise<void> {
  writeFileSync(join(example.project, 'version.txt'), `${version}\n`);
  buildOutputs({ projectFolder: example.project, allowMissingCertificate: true });
  project = await loader.load(example.project);
  changed.fire(undefined);
}

describe('what a server serves of a project', () => {
  it('is what was built, from when it is on', async () => {
    expect(await build.settled()).toBeUndefined();
    await server.start();
    expect(await build.settled()).toMatchObject({ project: 'simple_ota', name: 'simple_ota.bin' });
    expect(told).toEqual([true]);
  });

  it('is under the new URL when boards are told another address', async () => {
    await server.start();
    const release = await build.settled();
    host = 'desk.local';
    await server.refresh();
    expect(await build.settled()).toBe(release);
    expect(await metadata()).toMatchObject({ url: `http://desk.local:${server.server?.port}/simple_ota.bin` });
    expect(told).toEqual([true, false]);
  });

  it('is the last of several builds, also where the one before takes longer to publish', async () => {
    await server.start();
    await build.settled();
    let release = (): void => undefined;
    held = new Promise((resolve) => (release = resolve));
    notes = 'notes.md';
    await rebuild('2.0.0');
    await expect.poll(() => followed).toBeGreaterThan(0);
    notes = '';
    await rebuild('2.0.1');
    release();
    await expect.poll(() => told).toEqual([true, true, true]);
    expect(await build.settled()).toMatchObject({ version: '2.0.1' });
    expect(await metadata()).toMatchObject({ version: '2.0.1' });
  });

  it('is nothing when the project has no build any more', async () => {
    await server.start();
    await build.settled();
    project = undefined;
    changed.fire(undefined);
    expect(build.release).toBeUndefined();
    expect(await build.settled()).toBeUndefined();
  });

  it('stays when a build can not be published, which is told, and told to who would deliver it', async () => {
    await server.start();
    const release = await build.settled();
    notes = join(example.folder, 'notes.md');
    writeFileSync(notes, 'nobody is to read this');
    await rebuild('3.0.0');
    await expect(build.settled()).rejects.toMatchObject({ code: 'file.outside' });
    expect(build.release).toBe(release);
    expect(await metadata()).toMatchObject({ version: release?.version });
    expect(failed).toMatchObject([{ code: 'file.outside' }]);
    notes = '';
    expect(await build.settled()).toMatchObject({ version: '3.0.0' });
  });
});

describe('a second project, whose image has the name of the first one’s', () => {
  let first: IdfProject | undefined;
  let second: IdfProject;

  beforeEach(async () => {
    first = project;
    const folder = copyExample('simple_ota', mkdtempSync(join(example.folder, 'second-')));
    writeFileSync(join(folder, 'version.txt'), '9.0.0\n');
    buildOutputs({ projectFolder: folder, allowMissingCertificate: true });
    second = await loader.load(folder);
    await server.start();
    await build.settled();
  });

  async function select(one: IdfProject | undefined): Promise<void> {
    project = one;
    changed.fire(undefined);
    await build.settled();
  }

  it('is served from when it is selected, in place of the first one', async () => {
    project = second;
    changed.fire(undefined);
    expect(build.release).toBeUndefined();
    expect(await build.settled()).toMatchObject({ version: '9.0.0' });
    expect(await metadata()).toMatchObject({ version: '9.0.0' });
    expect(releases.newest()).toEqual([build.release]);
    expect(failed).toEqual([]);
  });

  it('is served after a project that is not built, of which nothing is', async () => {
    const { app: _, ...unbuilt } = await loader.load(
      copyExample('hello_world', mkdtempSync(join(example.folder, 'u-'))),
    );
    await select(unbuilt);
    expect(releases.newest()).toEqual([]);
    await select(second);
    expect(await metadata()).toMatchObject({ version: '9.0.0' });
  });

  it('is served when the server is on again, after it was selected while it was off', async () => {
    await server.stop();
    await select(second);
    expect(releases.newest()).toEqual([]);
    await server.start();
    expect(await build.settled()).toMatchObject({ version: '9.0.0' });
  });

  it('leaves nothing of the one that is left while it is published', async () => {
    let goOn = (): void => undefined;
    held = new Promise((resolve) => (goOn = resolve));
    notes = 'notes.md';
    changed.fire(undefined);
    await expect.poll(() => followed).toBeGreaterThan(0);
    notes = '';
    project = second;
    changed.fire(undefined);
    changed.fire(undefined);
    project = first;
    changed.fire(undefined);
    project = second;
    changed.fire(undefined);
    goOn();
    expect(await build.settled()).toMatchObject({ version: '9.0.0' });
    expect(releases.newest()).toEqual([build.release]);
  });

  it('is not delivered as the first one when another image has its name, and is served once that is gone', async () => {
    await select(undefined);
    const { bytes } = second.app ?? {};
    releases.publish({ project: 'added', version: '1', fileName: 'simple_ota.bin', bytes: bytes ?? new Uint8Array() });
    project = second;
    changed.fire(undefined);
    await expect(build.settled()).rejects.toMatchObject({ code: 'server.nameTaken' });
    expect(failed).toMatchObject([{ code: 'server.nameTaken' }]);
    releases.withdraw('added');
    build.publishAgain();
    await expect.poll(() => build.release).toMatchObject({ version: '9.0.0' });
  });

  it('is not delivered as it was before when its build is no image', async () => {
    await select(second);
    const { path } = second.app ?? { path: '' };
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 100));
    project = await loader.load(second.folder);
    changed.fire(undefined);
    await expect(build.settled()).rejects.toMatchObject({ code: 'manifest.badImage' });
    expect(build.release).toMatchObject({ version: '9.0.0' });
  });
});
