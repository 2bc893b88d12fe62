import { expect, it, onTestFinished } from 'vitest';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskFiles } from '../../src/base/files.ts';
import { planSetup } from '../../src/doctor/setup-plan.ts';
import { applyEdits } from '../../src/idf/file-edit.ts';
import { planBoard } from '../../src/ota/board-plan.ts';
import { buildFacts, subjectOf } from '../../src/ota/update-subject.ts';
import { publishProject } from '../../src/ota/publish.ts';
import { rehearse } from '../../src/ota/rehearsal.ts';
import { rehearsalBoard } from '../../src/ota/virtual-device.ts';
import { describeCertificate } from '../../src/server/certificate-description.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { OtaBench } from '../support/ota-bench.ts';
import { build, IDF_VERSIONS, plainProject, setupFacts } from '../support/plain-project.ts';

it.each(IDF_VERSIONS)('a plain project of ESP-IDF %s that was set up is updated and confirmed', async (idfVersion) => {
  const bench = await OtaBench.start();
  onTestFinished(() => bench.dispose());
  const folder = plainProject(idfVersion);
  const server = {
    state: 'on',
    protocol: 'https',
    port: Number(new URL(bench.url).port),
    host: '127.0.0.1',
    bindHost: '127.0.0.1',
    paths: [],
  } as const;
  const { certificatePem } = bench.credentials;
  const certificate = {
    mode: 'authority',
    certificatePem,
    description: describeCertificate(certificatePem),
    trustPem: bench.caPem,
  } as const;
  await applyEdits(planSetup(await setupFacts(folder, { server, certificate })).edits, diskFiles);
  build(folder);
  const first = (await setupFacts(folder)).project;
  const board = new WiredBoard(await planBoard(first, diskFiles, 'auto'));
  onTestFinished(() => {
    board.dispose();
  });
  board.powerOn();

  writeFileSync(join(folder, 'version.txt'), '1.1.0\n');
  build(folder);
  const { project } = await setupFacts(folder);
  const release = await publishProject(project, bench.store, diskFiles, bench.url, '');
  const timeline = await rehearse({
    board: rehearsalBoard(board),
    subject: { board: 'virtual', ...subjectOf(release, buildFacts(project)) },
    onTransfer: bench.onTransfer,
    url: '',
    signal: AbortSignal.timeout(20_000),
    onTimeline: () => undefined,
  });
  expect(timeline.verdict).toEqual({ outcome: 'confirmed' });
  expect(timeline.runningVersion).toBe('1.1.0');
});
