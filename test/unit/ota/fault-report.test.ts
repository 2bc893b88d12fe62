import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/emitter.ts';
import {
  faultReportMarkdown,
  type FaultReport,
  type FaultRow,
  type FaultWords,
} from '../../../src/ota/fault-report.ts';
import { judgeFault, type FaultTrial } from '../../../src/ota/fault-verdict.ts';
import { isSameApp, watchBoard, type Boot, type Watched } from '../../../src/ota/fault-watch.ts';
import { faultProfile, type FaultId } from '../../../src/server/faults/profiles.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';

const OLD: Boot = { offset: '20000', version: '1.0.0', project: 'app', line: 'old' };
const NEW: Boot = { offset: '1d0000', version: '1.0.1', project: 'app', line: 'new' };
const IDLE: Watched = {
  startedIn: OLD,
  laterBoots: [],
  succeededLine: undefined,
  failedLine: undefined,
  crashedLine: undefined,
  hasStarted: true,
  faultsMet: 1,
  requests: 1,
  usesParts: false,
  lastLine: 'last',
};
const REFUSED: Watched = { ...IDLE, failedLine: 'no' };
const INSTALLED: Watched = { ...IDLE, succeededLine: 'yes', laterBoots: [NEW] };

const judge = (id: FaultId, during: Partial<Watched>, more: Partial<FaultTrial> = {}) =>
  judgeFault({
    profile: faultProfile(id),
    before: undefined,
    during: { ...IDLE, ...during },
    isHung: false,
    after: { ...INSTALLED, startedIn: (during.laterBoots ?? []).at(-1) ?? OLD },
    afterVerdict: { outcome: 'confirmed' },
    versionUnderFault: '1.0.1',
    versionOffered: '1.0.2',
    ...more,
  });

describe('a verdict', () => {
  it('passes what was refused where it should be, with the line that says so', () => {
    expect(judge('wrongChip', REFUSED)).toEqual({
      reaction: 'kept',
      keptOldVersion: true,
      oldStillBoots: true,
      cameBack: true,
      verdict: 'passed',
      reason: 'asExpected',
      notice: undefined,
      evidence: 'no',
    });
  });

  it('fails what was taken', () => {
    expect(judge('wrongChip', INSTALLED)).toMatchObject({ verdict: 'failed', reason: 'tookFaulty', evidence: 'yes' });
    const fellBack = { ...INSTALLED, laterBoots: [OLD] };
    expect(judge('flippedByte', fellBack)).toMatchObject({ reason: 'tookFaulty', reaction: 'fellBack' });
  });

  it('fails what was refused although nothing is wrong with it', () => {
    expect(judge('slow', REFUSED)).toMatchObject({ verdict: 'failed', reason: 'refusedGood' });
    expect(judge('chunked', { ...REFUSED, usesParts: true })).toMatchObject({
      verdict: 'passed',
      notice: 'needsLength',
    });
    expect(judge('slow', { ...REFUSED, usesParts: true })).toMatchObject({ verdict: 'failed' });
  });

  it('lets pass what is a matter of policy, and says what it was', () => {
    expect(judge('otherApp', INSTALLED)).toMatchObject({ verdict: 'passed', notice: 'takesOtherApps' });
    expect(judge('otherApp', REFUSED)).toMatchObject({ verdict: 'passed', notice: undefined });
    expect(judge('tls13Only', REFUSED)).toMatchObject({ verdict: 'passed', notice: 'noTls13' });
  });

  it('knows nothing where the fault was never met', () => {
    expect(judge('wrongChip', { ...REFUSED, faultsMet: 0 })).toMatchObject({ verdict: 'unknown', reason: 'notMet' });
    expect(judge('connectionRefused', { ...REFUSED, faultsMet: 0, requests: 0 })).toMatchObject({ verdict: 'passed' });
    expect(judge('connectionRefused', { ...REFUSED, faultsMet: 0 })).toMatchObject({ reason: 'notMet' });
    const had = { ...REFUSED, startedIn: NEW };
    expect(judge('wrongName', had)).toMatchObject({ reason: 'notMet' });
  });

  it('fails a board that hangs, crashes, does not come back or has lost its old application', () => {
    expect(judge('status404', {}, { isHung: true })).toMatchObject({ reason: 'hung', evidence: 'last' });
    expect(judge('status404', { crashedLine: 'Guru' })).toMatchObject({ reason: 'crashed', evidence: 'Guru' });
    const after = { ...IDLE, failedLine: 'still no' };
    const lost = judge('status404', REFUSED, { after, afterVerdict: { outcome: 'unknown', missing: 'asked' } });
    expect(lost).toMatchObject({ reason: 'didNotComeBack', cameBack: false, evidence: 'still no' });
    const gone = judge('status404', REFUSED, { after: { ...INSTALLED, startedIn: NEW } });
    expect(gone).toMatchObject({ reason: 'oldIsGone', oldStillBoots: false, evidence: 'new' });
  });

  it('takes a board for back that fetched the good image before it was told to', () => {
    const after = { ...IDLE, startedIn: { ...NEW, version: '1.0.2' }, failedLine: 'the same version' };
    const afterVerdict = { outcome: 'unknown', missing: 'download' } as const;
    expect(judge('otherApp', INSTALLED, { after, afterVerdict })).toMatchObject({ cameBack: true, verdict: 'passed' });
  });

  it('does not guess where no start was seen', () => {
    const unseen = { ...REFUSED, startedIn: undefined };
    const after = { ...INSTALLED, startedIn: undefined };
    expect(judge('wrongChip', unseen, { after })).toMatchObject({ verdict: 'passed', oldStillBoots: undefined });
    expect(judge('wrongChip', { succeededLine: 'yes' })).toMatchObject({ reaction: 'unclear', verdict: 'unknown' });
    expect(judge('wrongChip', { hasStarted: false })).toMatchObject({ reaction: 'unclear', verdict: 'unknown' });
  });

  it('takes the start that was seen earlier where the board does not start for an update', () => {
    const during = { ...INSTALLED, startedIn: undefined };
    expect(judge('wrongChip', during, { before: OLD })).toMatchObject({ reaction: 'installed' });
    expect(judge('wrongChip', { ...during, laterBoots: [OLD] }, { before: OLD })).toMatchObject({
      reaction: 'fellBack',
    });
  });
});

describe('a watch', () => {
  it('tells the start in which the update began from those after it', async () => {
    const lines = new Emitter<string>();
    const transfers = new Emitter<TransferEvent>();
    const clock = new ManualClock();
    const watch = watchBoard(lines.event, transfers.event, clock);
    const boot = (offset: string, version: string): void => {
      for (const line of [
        'ets Jul 29 2019 12:21:46',
        'rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)',
        'I (26) boot: ESP-IDF v5.5.5 2nd stage bootloader',
        `I (32) boot: Loaded app from partition at offset 0x${offset}`,
        'I (37) app_init: Project name:     app',
        `I (37) app_init: App version:      ${version}`,
      ])
        lines.fire(line);
    };
    // an update of its own, which the reset ends
    boot('20000', '0.9.0');
    lines.fire('I (40) simple_ota_example: Starting OTA example task');
    lines.fire('I (50) simple_ota_example: OTA Succeed, Rebooting...');
    expect(watch.isOn).toBe(false);
    await clock.advance(100);
    watch.begin();
    boot('20000', '1.0.0');
    lines.fire('I (40) simple_ota_example: Starting OTA example task');
    expect(watch.isOn).toBe(true);
    const client = { address: '127.0.0.1', port: 1 };
    transfers.fire({ kind: 'fault', atMs: 0, client, fault: 'slow', id: 'r1' });
    transfers.fire({ kind: 'requested', atMs: 0, id: 'r1', client, method: 'HEAD', path: '/', status: 200 });
    lines.fire('I (50) simple_ota_example: OTA Succeed, Rebooting...');
    boot('1d0000', '1.0.1');
    lines.fire('I (40) simple_ota_example: Starting OTA example task');
    expect(watch.isOn).toBe(false);
    boot('20000', '1.0.2');
    watch.dispose();
    lines.fire('I (40) simple_ota_example: nothing of this');
    expect(watch.seen).toMatchObject({
      startedIn: { offset: '20000', version: '1.0.0', project: 'app' },
      laterBoots: [{ offset: '1d0000', version: '1.0.1', project: 'app' }],
      succeededLine: expect.stringContaining('OTA Succeed') as string,
      hasStarted: true,
      faultsMet: 1,
      requests: 1,
      usesParts: true,
    });
    expect(watch.seen.lastLine).toContain('Starting OTA');
  });

  it('compares applications by what both starts tell', () => {
    expect(isSameApp(OLD, NEW)).toBe(false);
    expect(isSameApp(OLD, { ...OLD, line: 'other' })).toBe(true);
    expect(isSameApp(OLD, { ...OLD, offset: undefined })).toBe(true);
    expect(isSameApp(OLD, { ...OLD, offset: '30000' })).toBe(false);
    expect(isSameApp(OLD, undefined)).toBe(false);
  });
});

describe('the Markdown of a report', () => {
  const words: FaultWords = {
    title: ({ project }) => `Faults of ${project}`,
    summary: (_report, counts) => [`${counts.passed}/${counts.failed}/${counts.unknown}`],
    columns: { fault: 'F', healthy: 'H', kept: 'K', boots: 'B', cameBack: 'C', verdict: 'V' },
    legend: () => 'legend',
    details: 'Details',
    fault: (id) => `<${id}|>`,
    healthy: (reaction) => reaction,
    answer: (value) => (value === undefined ? '未知' : String(value)),
    verdict: (verdict) => verdict,
    reason: ({ reason }) => reason,
    notice: (notice) => notice,
  };
  const row = (id: FaultId, judgement: ReturnType<typeof judgeFault>): FaultRow => ({
    profile: faultProfile(id),
    healthy: 'keeps',
    ...judgement,
    versionBefore: '1.0.0',
    versionOffered: '1.0.1',
    durationMs: 1,
  });

  it('has a line for each fault, and details of those that are not simply right', () => {
    const report: FaultReport = {
      board: 'virtual',
      project: 'app',
      version: '1.0.0',
      startedMs: 0,
      endedMs: 1,
      isCancelled: false,
      baseline: { outcome: 'confirmed' },
      rows: [
        row('status404', judge('status404', REFUSED)),
        row('wrongChip', judge('wrongChip', { ...INSTALLED, succeededLine: 'OTA ``` done' })),
        row('otherApp', judge('otherApp', INSTALLED)),
      ],
    };
    expect(faultReportMarkdown(report, words)).toBe(
      [
        '# Faults of app',
        '',
        '2/1/0',
        '',
        '| V      | F             | H     | K     | B    | C    |',
        '| ------ | ------------- | ----- | ----- | ---- | ---- |',
        '| passed | <status404\\|> | keeps | true  | true | true |',
        '| failed | <wrongChip\\|> | keeps | false | 未知 | true |',
        '| passed | <otherApp\\|>  | keeps | 未知  | 未知 | true |',
        '',
        'legend',
        '',
        '## Details',
        '',
        '### <wrongChip|>: failed',
        '',
        'tookFaulty',
        '',
        '```',
        "OTA ''' done",
        '```',
        '',
        '### <otherApp|>: passed',
        '',
        'asExpected',
        '',
        'takesOtherApps',
        '',
        '```',
        'new',
        '```',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ rows: [{ verdict: 'passed' }, {}, {}] });
  });
});
