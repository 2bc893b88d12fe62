import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConsoleSession } from '../../src/monitor/console-session.ts';
import { hurriedProfiles, liveFaultBench, startFaultBench, type RunningFaultBench } from '../../src/ota/fault-bench.ts';
import { rehearseFaults, type FaultRehearsalOptions } from '../../src/ota/fault-rehearsal.ts';
import { countVerdicts, isBaselineGood, type FaultReport, type FaultRow } from '../../src/ota/fault-report.ts';
import { resetBoard } from '../../src/ota/triggers.ts';
import { rehearsalBoard } from '../../src/ota/virtual-device.ts';
import { openPort } from '../../src/serial/open-port.ts';
import { PortLeases } from '../../src/serial/port-lease.ts';
import { faultCredentials } from '../../src/server/faults/credentials.ts';
import { FAULT_IDS, faultProfile, type FaultId, type FaultProfile } from '../../src/server/faults/profiles.ts';
import { startFirmwareServer } from '../../src/server/firmware-server.ts';
import { ReleaseStore } from '../../src/server/release-store.ts';
import { makeAuthority, makeServerCertificate, type CertificateAndKey } from '../../src/server/selfsigned.ts';
import type { AppOptions, BoardSetup } from '../../src/virtual-board/board-setup.ts';
import type { BoardKnobs } from '../../src/virtual-board/knobs.ts';
import { WiredBoard } from '../../src/virtual-board/wired-board.ts';
import { boardSetup, imageFor, type FixtureOptions } from '../support/board-fixture.ts';

/** Firmware against every fault of the server, on the virtual board: what is healthy passes, and what is not fails where it is not. */

const NAMES = { dns: ['localhost'], ip: ['127.0.0.1'] };
let authority: CertificateAndKey;
let leaf: CertificateAndKey;

beforeAll(async () => {
  authority = await makeAuthority('ec', 'fault rehearsal', Date.now());
  leaf = await makeServerCertificate('ec', NAMES, authority, Date.now());
});

interface Firmware extends FixtureOptions {
  readonly app?: Partial<AppOptions>;
  readonly knobs?: BoardKnobs;
  readonly more?: Partial<BoardSetup>;
}

const boards: WiredBoard[] = [];
let lastBench: RunningFaultBench | undefined;
afterAll(() => {
  for (const board of boards) board.dispose();
});

async function rehearsal(
  firmware: Firmware,
  only: readonly FaultId[] = FAULT_IDS,
  options: Partial<Pick<FaultRehearsalOptions, 'signal' | 'onRow' | 'onFault' | 'silenceMs'>> & {
    readonly stallSeconds?: number;
    readonly stepMs?: number;
  } = {},
): Promise<FaultReport> {
  const { knobs, more, ...fixture } = firmware;
  const bytes = imageFor({ caPem: authority.certificatePem, ...fixture }, { version: '1.0.0' });
  const bench = await startFaultBench({
    release: { name: 'fw.bin', project: 'ota_example', version: '1.0.0', bytes },
    server: { host: '127.0.0.1', port: 0, advertisedHost: '127.0.0.1', credentials: leaf },
    certificates: () => Promise.resolve({ authority, keyType: 'ec', names: NAMES }),
  });
  lastBench = bench;
  const url = bench.offer(0).url;
  const board = new WiredBoard({
    ...boardSetup({
      caPem: authority.certificatePem,
      ...fixture,
      app: {
        // generous: a slow machine's handshake is no fault
        receiveTimeoutMs: 2000,
        updateOnBoot: 'never',
        firmwareUrl: url,
        ...fixture.app,
      },
    }),
    ...more,
    knobs: knobs ?? {},
  });
  boards.push(board);
  board.powerOn();
  const { stallSeconds } = options;
  const stalling = (profile: FaultProfile): FaultProfile =>
    profile.id === 'stall' && stallSeconds !== undefined ? faultProfile('stall', { seconds: stallSeconds }) : profile;
  try {
    return await rehearseFaults({
      board: rehearsalBoard(board),
      bench,
      profiles: hurriedProfiles(bytes.length, options.stepMs ?? 200)
        .filter(({ id }) => only.includes(id))
        .map(stalling),
      boardName: 'virtual',
      isRollbackEnabled: firmware.app?.hasRollback === true,
      signal: options.signal ?? new AbortController().signal,
      ...(options.onRow === undefined ? {} : { onRow: options.onRow }),
      ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
      silenceMs: options.silenceMs ?? 20_000,
    });
  } finally {
    await bench.stop();
  }
}

/** `id: reason` of the rows that are not as they should be. */
const wrong = ({ rows }: FaultReport): string[] =>
  rows.filter(({ verdict }) => verdict !== 'passed').map((row) => `${row.profile.id}: ${row.reason} (${row.evidence})`);
const rowOf = (report: FaultReport, id: FaultId): FaultRow | undefined =>
  report.rows.find(({ profile }) => profile.id === id);
const notices = ({ rows }: FaultReport): string[] => rows.flatMap(({ notice }) => notice ?? []);

describe('a healthy firmware passes every fault', () => {
  it.each([
    [
      'simple_ota_example',
      {},
      ['takesOtherApps', 'takesOlderVersions', 'takesSameVersion', 'refusesRelative', 'ignoresDates', 'noTls13'],
    ],
    [
      'advanced_https_ota in parts, with rollback',
      { client: 'advanced', hasRollback: true, partialDownload: { requestSizeBytes: 16_384 } },
      [
        'takesOtherApps', 'takesOlderVersions', 'needsLength', 'needsLength', 'refusesRelative', 'ignoresDates',
        'noTls13',
      ], // prettier-ignore
    ],
    [
      'native_ota_example',
      { client: 'native', receiveTimeoutMs: 900 },
      [
        'takesOtherApps', 'takesOlderVersions', 'gaveUpWaiting', 'followsNoRedirects', 'refusesRelative',
        'ignoresDates', 'noTls13',
      ], // prettier-ignore
    ],
  ] as const)('%s', async (_name, app, expected) => {
    const bootloader = 'hasRollback' in app ? { hasRollback: true } : {};
    const report = await rehearsal({ app, more: { bootloader } }, FAULT_IDS, {
      // native_ota_example gives up when nothing comes for its timeout, which a stall has to outlast
      stepMs: 'receiveTimeoutMs' in app ? 600 : 200,
    });
    expect(wrong(report)).toEqual([]);
    expect(report.rows.map(({ profile }) => profile.id)).toEqual(FAULT_IDS);
    expect(countVerdicts(report)).toEqual({ passed: FAULT_IDS.length, failed: 0, unknown: 0 });
    expect(isBaselineGood(report)).toBe(true);
    const kept = report.rows.filter(({ reaction }) => reaction === 'kept');
    expect(kept.every((row) => row.keptOldVersion === true && row.oldStillBoots === true)).toBe(true);
    expect(report.rows.every(({ evidence }) => evidence !== '')).toBe(true);
    expect(notices(report)).toEqual(expected);
  });
});

it('a healthy firmware that resumes takes none of it for the good image', async () => {
  const app = { client: 'advanced', resumption: {} } as const;
  const report = await rehearsal({ app }, ['cutBody', 'shortFile', 'flippedByte', 'wrongChip', 'stall', 'noRanges']);
  expect(wrong(report)).toEqual([]);
});

describe('firmware with a fault of its own fails where that shows, and nowhere else', () => {
  const failed = ({ rows }: FaultReport): string[] =>
    rows.filter(({ verdict }) => verdict === 'failed').map(({ profile, reason }) => `${profile.id} ${reason}`);

  it('trusts any server', async () => {
    const report = await rehearsal({ knobs: { trustsAnyServer: true } }, [
      'wrongChip',
      'unknownAuthority',
      'wrongName',
      'expired',
      'connectionRefused',
    ]);
    expect(failed(report)).toEqual(['unknownAuthority tookFaulty', 'wrongName tookFaulty']);
    expect(rowOf(report, 'wrongName')?.evidence).toMatch(/OTA Succeed, Rebooting/);
    expect(rowOf(report, 'wrongName')).toMatchObject({ reaction: 'installed', cameBack: true });
  });

  it('does not compare names', async () => {
    const report = await rehearsal({ app: { skipsCommonNameCheck: true } }, ['unknownAuthority', 'wrongName']);
    expect(failed(report)).toEqual(['wrongName tookFaulty']);
  });

  it('does not look at what it has received', async () => {
    const report = await rehearsal({ knobs: { skipsImageChecks: true } }, [
      'cutBody',
      'cutHeader',
      'shortFile',
      'flippedByte',
      'randomData',
      'wrongChip',
    ]);
    expect(failed(report)).toEqual(['shortFile tookFaulty', 'flippedByte tookFaulty']);
    // its bootloader does
    expect(rowOf(report, 'flippedByte')).toMatchObject({ reaction: 'fellBack', oldStillBoots: true, cameBack: true });
  });

  it('panics when an update fails', async () => {
    const report = await rehearsal({ knobs: { afterFailedUpdate: 'crashes' } }, ['status404', 'slow', 'wrongChip']);
    expect(failed(report)).toEqual(['wrongChip crashed', 'status404 crashed']);
    expect(rowOf(report, 'status404')).toMatchObject({
      evidence: expect.stringMatching(/^Guru Meditation Error/) as string,
      oldStillBoots: true,
      cameBack: true,
    });
  });

  it('hangs when an update fails', async () => {
    const report = await rehearsal({ knobs: { afterFailedUpdate: 'hangs' } }, ['status404', 'slow'], {
      silenceMs: 700,
    });
    expect(failed(report)).toEqual(['status404 hung']);
    expect(rowOf(report, 'status404')?.cameBack).toBe(true);
  });

  it('never asks again when an update has failed: what comes then is not judged', async () => {
    const report = await rehearsal({ knobs: { afterFailedUpdate: 'givesUp' } }, [
      'status404',
      'status500',
      'status503',
      'wrongChip',
    ]);
    expect(report.rows.map(({ profile, reason }) => `${profile.id} ${reason}`)).toEqual([
      'wrongChip didNotComeBack',
      'status404 notMet',
      'status500 boardLost',
      'status503 boardLost',
    ]);
    expect(countVerdicts(report)).toEqual({ passed: 0, failed: 1, unknown: 3 });
  });

  it('follows a way down to plain HTTP, as ESP-IDF 5.4 does', async () => {
    const report = await rehearsal({ idfVersion: '5.4.2' }, ['redirectToHttp', 'redirectRelative', 'redirectAbsolute']);
    expect(failed(report)).toEqual(['redirectToHttp tookFaulty']);
    expect(notices(report)).toEqual(['followsRelative', 'followsToHttp']);
  });

  it('checks dates, speaks TLS 1.3', async () => {
    const report = await rehearsal({ app: { checksDates: true, tls13: 'on' } }, ['expired', 'tls13Only']);
    expect(report.rows.map(({ reaction, verdict }) => `${reaction} ${verdict}`)).toEqual([
      'kept passed',
      'installed passed',
    ]);
  });
});

describe.concurrent('a board on a port, through its monitor', () => {
  it.each([
    ['advanced', { hasRollback: true }],
    ['simple', {}],
  ] as const)('%s, reset for every try, asks the server that is there after each start', async (client, more) => {
    const releases = new ReleaseStore();
    const server = await startFirmwareServer(
      { host: '127.0.0.1', port: 0, advertisedHost: '127.0.0.1', credentials: leaf },
      releases,
    );
    const bytes = imageFor({ caPem: authority.certificatePem }, { version: '1.0.0' });
    const manifest = { project: 'ota_example', version: '1.0.0', notes: 'as built' };
    const publication = { project: 'ota_example', version: '1.0.0', fileName: 'fw.bin', bytes, manifest, owner: '/o' };
    const release = releases.publish(publication);
    const addresses = new Set<string>();
    const bench = liveFaultBench({
      server: {
        onTransfer: server.onTransfer,
        setFault: async (profile) => {
          const names = { authority, keyType: 'ec', names: NAMES, nowMs: Date.now() } as const;
          const isWrongName = profile?.id === 'wrongName';
          const credentials = isWrongName ? await faultCredentials('wrongName', names) : undefined;
          await server.setFault(profile, credentials === undefined ? {} : { credentials });
        },
      },
      releases,
      release,
      owner: '/o',
      urlOf: ({ paths }) => `${server.url}${paths.newest}`,
      isBoard: (address) => {
        addresses.add(address);
        return address === '127.0.0.1';
      },
    });
    const app = { client, updateOnBoot: 'always', firmwareUrl: `${server.url}/fw.bin`, ...more } as const;
    const board = new WiredBoard({
      ...boardSetup({ caPem: authority.certificatePem, app }),
      ...('hasRollback' in more ? { bootloader: { hasRollback: true } } : {}),
      knobs: { trustsAnyServer: true },
    });
    boards.push(board);
    board.powerOn();
    const monitor = new ConsoleSession({
      address: await board.listen('rfc2217'),
      leases: new PortLeases(),
      open: (at, signal) => openPort(at, { signal }),
      words: ({ kind }) => kind,
    });
    await monitor.open();
    const only: readonly FaultId[] = [
      'cutBody',
      'wrongChip',
      'otherApp',
      'status404',
      'wrongName',
      'connectionRefused',
    ];
    const report = await rehearseFaults({
      board: {
        onLine: monitor.onLine,
        trigger: resetBoard(() => monitor.reset()),
        patience: { retryMs: 250, firstStepsMs: 150 },
      },
      bench,
      profiles: only.map((id) => faultProfile(id)),
      restore: () => bench.offerAsIs(),
      boardName: '/dev/ttyUSB0',
      isRollbackEnabled: 'hasRollback' in more,
      signal: new AbortController().signal,
    });
    bench.end();
    await monitor.close();
    await server.stop();
    expect(report.rows.map(({ profile, reason, cameBack }) => `${profile.id} ${reason} ${cameBack}`)).toEqual([
      'cutBody asExpected true',
      'wrongChip asExpected true',
      'otherApp asExpected true',
      'status404 asExpected true',
      'wrongName tookFaulty true',
      'connectionRefused asExpected true',
    ]);
    expect(report.isRestored).toBe(true);
    expect(addresses).toEqual(new Set(['127.0.0.1']));
    expect(releases.newest()).toMatchObject([{ version: '1.0.0', sha256: release.sha256, manifest: release.manifest }]);
  });
});

describe('a rehearsal', () => {
  it('judges nothing when the update does not work without a fault either', async () => {
    const report = await rehearsal({ app: { firmwareUrl: 'https://127.0.0.1:1/fw.bin' } }, ['status404', 'slow']);
    expect(isBaselineGood(report)).toBe(false);
    expect(report.baseline).toMatchObject({ outcome: 'failed', failure: { cause: 'serverUnreachable' } });
    expect(report.rows).toEqual([]);
    expect(report.version).toBe('1.0.0');
  });

  it('says which faults the server can’t do', async () => {
    const bytes = imageFor({ caPem: leaf.certificatePem }, { version: '1.0.0' });
    const bench = await startFaultBench({
      release: { name: 'fw.bin', project: 'ota_example', version: '1.0.0', bytes },
      server: { host: '127.0.0.1', port: 0, advertisedHost: '127.0.0.1', protocol: 'http' },
    });
    const app = { updateOnBoot: 'never', firmwareUrl: bench.offer(0).url } as const;
    const board = new WiredBoard(boardSetup({ caPem: leaf.certificatePem, app }));
    boards.push(board);
    board.powerOn();
    const only: readonly FaultId[] = ['status404', 'wrongName', 'tls13Only', 'redirectToHttp'];
    const report = await rehearseFaults({
      board: rehearsalBoard(board),
      bench,
      profiles: only.map((id) => faultProfile(id)),
      boardName: 'virtual',
      isRollbackEnabled: false,
      signal: new AbortController().signal,
    });
    await bench.stop();
    expect(report.rows.map(({ reason }) => reason)).toEqual([
      'asExpected',
      'notAvailable',
      'notAvailable',
      'notAvailable',
    ]);
  });

  it('can be cancelled: what was done so far is told, and no fault stays on', async () => {
    const stop = new AbortController();
    const report = await rehearsal({}, FAULT_IDS, {
      signal: stop.signal,
      onRow: (row) => {
        if (row.profile.id === 'flippedByte') stop.abort();
      },
    });
    expect(report.isCancelled).toBe(true);
    expect(report.rows.map(({ profile }) => profile.id)).toEqual(FAULT_IDS.slice(0, 4));
    expect(lastBench?.fault()).toBeUndefined();
  });

  it('can be cancelled in the middle of a stall', async () => {
    const stop = new AbortController();
    const running = rehearsal({}, ['stall'], {
      signal: stop.signal,
      stallSeconds: 100,
      onFault: () => {
        lastBench?.onTransfer((event) => {
          if (event.kind === 'fault') stop.abort();
        });
      },
    });
    const report = await running;
    expect(report).toMatchObject({ isCancelled: true, rows: [] });
    expect(lastBench?.fault()).toBeUndefined();
  });
});
