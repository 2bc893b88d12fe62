import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkSetup } from '../../../src/doctor/check-setup.ts';
import { boardsAnswer } from '../../../src/editor/tools/answers/boards-answer.ts';
import { deliveryAnswer, deliverySummary } from '../../../src/editor/tools/answers/delivery-answer.ts';
import { findingsAnswer } from '../../../src/editor/tools/answers/findings-answer.ts';
import { serverAnswer, type ServerFacts } from '../../../src/editor/tools/answers/server-answer.ts';
import { slotChangeAnswer, slotsAnswer } from '../../../src/editor/tools/answers/slots-answer.ts';
import { DATA_NOTE, tailAnswer } from '../../../src/editor/tools/answers/tail-answer.ts';
import { consolesOf } from '../../../src/editor/tools/consoles.ts';
import { answerText, type ToolValue } from '../../../src/editor/tools/output.ts';
import { secretsOf } from '../../../src/editor/tools/secrets.ts';
import { planSlotChange } from '../../../src/flash/change-slots.ts';
import type { ChipSlots } from '../../../src/flash/slots.ts';
import { readAppDescription } from '../../../src/image/app-description.ts';
import { chooseBootSlot } from '../../../src/image/boot-choice.ts';
import { encodeOtadataEntry, OTADATA_ENTRY_BYTES, parseOtadata } from '../../../src/image/otadata.ts';
import { otadataPartition, otaSlots } from '../../../src/image/partition-table.ts';
import { LineTail } from '../../../src/monitor/line-tail.ts';
import type { Delivery } from '../../../src/ota/delivery.ts';
import { ReleaseStore } from '../../../src/server/release-store.ts';
import type { ToolName } from '../../../src/texts/contributions.ts';
import { makeApp } from '../../support/make-image.ts';
import { PLAIN_SUBJECT } from '../../support/plain-subject.ts';
import { toolAnswer } from '../../support/tool-answers.ts';
import { factsOf } from '../doctor/project-facts.ts';

/** What a model is given, checked against the schema. */
function given(name: ToolName, value: ToolValue, secrets: readonly string[] = []): Record<string, unknown> {
  return toolAnswer(name, answerText(value, secrets));
}

const AT = Date.UTC(2026, 10, 22, 12, 0, 0);

describe('the findings that a model is told', () => {
  it('are the worst ones, with place and fixes, and how many were left out', async () => {
    const facts = await factsOf('v5.5', {
      config: ['CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL="https://10.0.0.9:8070/a.bin"'],
    });
    const findings = checkSetup(facts);
    const all = given(
      'check_setup',
      findingsAnswer(facts.project, findings, { severity: 'information', limit: 100, isTrusted: true }),
    );
    expect(all['findings']).toHaveLength(findings.length);
    const one = given(
      'check_setup',
      findingsAnswer(facts.project, findings, { severity: 'error', limit: 1, isTrusted: false }),
    );
    const errors = findings.filter(({ severity }) => severity === 'error').length;
    expect(one['findings']).toHaveLength(Math.min(1, errors));
    expect(one['leftOut']).toBe(Math.max(0, errors - 1));
    expect(one['isReady']).toBe(errors === 0);
    expect(one['note']).toMatch(/not trusted/);
    // the places that the editor opens, and what carries out a fix there
    const told = all['findings'] as { path?: string; line?: number; fixes: { command?: string }[] }[];
    const { folder } = facts.project;
    expect(told).toContainEqual(expect.objectContaining({ path: join(folder, 'sdkconfig'), group: 'url' }));
    expect(told.flatMap(({ fixes }) => fixes.flatMap(({ command }) => command ?? []))).toContain(
      'esp32Ota.installCertificate',
    );
  });
});

describe('the server that a model is told of', () => {
  it('is what it serves and who came, the newest first', () => {
    const releases = new ReleaseStore({ keepPerName: 2 });
    const release = releases.publish({
      project: 'blink',
      version: '1.1.0',
      fileName: 'blink.bin',
      bytes: new Uint8Array(5),
    });
    const facts: ServerFacts = {
      state: 'on',
      url: 'https://10.0.0.2:8070',
      protocol: 'https',
      port: 8070,
      releases: releases.newest(),
      clients: [
        {
          address: '10.0.0.3',
          lastSeenMs: AT - 1000,
          trouble: { kind: 'tls', cause: 'unknownAuthority', detail: 'x' },
        },
        {
          address: '10.0.0.4',
          lastSeenMs: AT,
          userAgent: 'ESP32 HTTP Client/1.0',
          announced: { runningVersion: '1.0.0', mac: 'aa:bb' },
          current: {
            requestId: '1',
            releaseId: release.id,
            version: '1.1.0',
            offsetBytes: 2,
            totalBytes: 5,
            bytesPerSecond: 1.5,
          },
        },
      ],
      fault: undefined,
      certificate: undefined,
      isAddressChosen: false,
    };
    const answer = given('server_status', serverAnswer(facts, 1));
    expect(answer).toEqual({
      state: 'on',
      protocol: 'https',
      port: 8070,
      url: 'https://10.0.0.2:8070',
      isAddressChosen: false,
      releases: [
        {
          id: release.id,
          name: 'blink.bin',
          project: 'blink',
          version: '1.1.0',
          sha256: release.sha256,
          bytes: 5,
          url: 'https://10.0.0.2:8070/blink.bin',
          pinnedUrl: `https://10.0.0.2:8070${release.paths.pinned}`,
        },
      ],
      clients: [
        {
          address: '10.0.0.4',
          lastSeen: '2026-11-22T12:00:00.000Z',
          userAgent: 'ESP32 HTTP Client/1.0',
          runningVersion: '1.0.0',
          mac: 'aa:bb',
          download: { version: '1.1.0', offsetBytes: 2, totalBytes: 5, bytesPerSecond: 2 },
        },
      ],
      leftOut: 1,
    });
    given('server_status', serverAnswer({ ...facts, state: 'off', url: undefined, releases: [] }, 10));
  });
});

const DELIVERY: Delivery = {
  id: 'a1',
  kind: 'delivery',
  project: 'blink',
  startedMs: AT,
  endedMs: AT + 9000,
  version: '1.1.0',
  work: [{ id: 'build', outcome: 'done', startedMs: AT, endedMs: AT + 5000, note: '1.1.0' }],
  updates: [
    {
      id: 'virtual',
      name: 'Virtual board',
      trigger: 'virtual',
      timeline: {
        subject: { ...PLAIN_SUBJECT, sha256: 'ab'.repeat(32) },
        startedMs: AT + 5000,
        steps: [
          {
            id: 'published',
            outcome: 'done',
            startedMs: AT + 5000,
            endedMs: AT + 5001,
            evidence: { source: 'publish', text: 'https://10.0.0.2:8070/blink.bin' },
          },
          {
            id: 'tls',
            outcome: 'failed',
            startedMs: AT + 6000,
            evidence: { source: 'console', text: `E (1) esp-tls-mbedtls: ${'x'.repeat(500)}` },
          },
        ],
        failures: [
          { step: 'tls', cause: 'tls.unknownAuthority', evidence: { source: 'server', text: 'alert unknown_ca' } },
        ],
        verdict: {
          outcome: 'failed',
          failure: {
            step: 'tls',
            cause: 'tls.unknownAuthority',
            evidence: { source: 'server', text: 'alert unknown_ca' },
          },
        },
        endedMs: AT + 9000,
      },
    },
  ],
  end: { kind: 'finished' },
};

describe('an update that a model is told of', () => {
  it('is its verdict with the cause and what can be done, and every step', () => {
    const options = { hasEvidence: false, idfVersion: undefined, secrets: [] };
    const answer = given('deliver_update', deliveryAnswer(DELIVERY, options));
    expect(answer).toMatchObject({
      outcome: 'failed',
      end: 'finished',
      startedMs: AT,
      endedMs: AT + 9000,
      startedAt: '2026-11-22T12:00:00.000Z',
    });
    const [board] = answer['boards'] as [{ verdict: object; steps: object[] }];
    expect(board.verdict).toMatchObject({
      outcome: 'failed',
      step: 'tls',
      cause: 'tls.unknownAuthority',
      message: expect.stringMatching(/^Failed: the client does not trust/) as string,
    });
    expect(board.verdict).toHaveProperty('fixes', expect.arrayContaining(['installCertificate']));
    expect(board.steps).toEqual([
      { id: 'published', outcome: 'done', startedMs: AT + 5000, endedMs: AT + 5001 },
      { id: 'tls', outcome: 'failed', startedMs: AT + 6000 },
    ]);
  });

  it('has the proof of each step on request, and not all of a long line', () => {
    const answer = given(
      'deliver_update',
      deliveryAnswer(DELIVERY, { hasEvidence: true, idfVersion: undefined, secrets: [] }),
    );
    const [board] = answer['boards'] as [{ steps: { evidence: { source: string; text: string } }[] }];
    const { source, text } = board.steps[1]?.evidence ?? { source: '', text: '' };
    expect([source, text]).toEqual(['console', expect.stringMatching(/^E \(1\) esp-tls-mbedtls: x+…$/)]);
    expect(text.length).toBe(160);
  });

  it('has no password in a proof, even where that is cut in the middle of it', () => {
    const [update] = DELIVERY.updates;
    if (update === undefined) throw new Error('no update');
    const text = `${'x'.repeat(150)} open sesame 123`;
    const failures = [{ step: 'tls', cause: 'tls.unknownAuthority', evidence: { source: 'console', text } }] as const;
    const delivery = { ...DELIVERY, updates: [{ ...update, timeline: { ...update.timeline, failures } }] };
    const options = { hasEvidence: true, idfVersion: undefined, secrets: ['open sesame 123'] };
    expect(answerText(deliveryAnswer(delivery, options))).not.toContain('open');
  });

  it('may go on, be stopped before a board was told, or hold boards back', () => {
    const options = { hasEvidence: false, idfVersion: undefined, secrets: [] };
    const { endedMs: _, end: __, ...running } = DELIVERY;
    expect(given('deliver_update', deliveryAnswer({ ...running, updates: [] }, options))).toMatchObject({
      isRunning: true,
      outcome: 'running',
    });
    const end = { kind: 'stopped', at: 'check', code: 'deliver.blocked', details: {} } as const;
    expect(given('deliver_update', deliveryAnswer({ ...DELIVERY, updates: [], end }, options))).toMatchObject({
      outcome: 'stopped',
      stopped: { step: 'check', code: 'deliver.blocked' },
    });
    const held = {
      boards: [{ id: 'virtual-2', name: 'Second' }],
      because: { id: 'virtual', name: 'Virtual board', outcome: 'failed', cause: 'tls.unknownAuthority' },
    } as const;
    expect(given('deliver_update', deliveryAnswer({ ...DELIVERY, held }, options))).toMatchObject({
      outcome: 'mixed',
      notTold: { boards: ['Second'], because: 'Virtual board' },
    });
  });

  it('leaves out boards that would make it too long, and says how many', () => {
    const [update] = DELIVERY.updates;
    if (update === undefined) throw new Error('no update');
    const updates = Array.from({ length: 20 }, (_, index) => ({ ...update, id: `virtual-${index}` }));
    for (const [hasEvidence, most] of [
      [false, 16],
      [true, 8],
    ] as const) {
      const options = { hasEvidence, idfVersion: undefined, secrets: [] };
      const answer = given('deliver_update', deliveryAnswer({ ...DELIVERY, updates }, options));
      expect([(answer['boards'] as object[]).length, answer['leftOut']]).toEqual([most, 20 - most]);
    }
  });

  it('stands in a list as one line', () => {
    const update = deliveryAnswer(DELIVERY, { hasEvidence: false, idfVersion: undefined, secrets: [] });
    const answer = given('last_update', { update, others: [deliverySummary(DELIVERY)], leftOut: 2 });
    expect(answer['others']).toEqual([
      {
        id: 'a1',
        kind: 'delivery',
        version: '1.1.0',
        startedMs: AT,
        startedAt: '2026-11-22T12:00:00.000Z',
        outcome: 'failed',
      },
    ]);
  });
});

/** Both slots hold a version, the second boots. */
async function slots(): Promise<ChipSlots> {
  const { partitions } = (await factsOf('v5.5')).project.partitionTable;
  const raw = Buffer.concat([encodeOtadataEntry(1, 'valid'), encodeOtadataEntry(2, 'valid')]);
  const sectors = new Uint8Array(0x2000).fill(0xff);
  sectors.set(raw.subarray(0, OTADATA_ENTRY_BYTES), 0);
  sectors.set(raw.subarray(OTADATA_ENTRY_BYTES), 0x1000);
  const entries = parseOtadata(sectors);
  const boot = chooseBootSlot(entries, partitions, { rollbackEnabled: false });
  const partition = otadataPartition(partitions);
  if (partition === undefined) throw new Error('the fixture has no otadata');
  return {
    tableOffset: 0x8000,
    partitions,
    otadata: { partition, entries, raw },
    slots: otaSlots(partitions).map((slot, index) => {
      const description = readAppDescription(makeApp({ version: `1.${index}.0` }).subarray(0, 288));
      return {
        partition: slot,
        ...(description === undefined ? {} : { description }),
        imageBytes: 1000,
        state: 'valid' as const,
        isNext: slot.offset === boot.order[0]?.offset,
      };
    }),
    boot,
    rollbackEnabled: false,
    bytesRead: 0,
    readAtMs: AT,
  };
}

describe('the slots that a model is told of', () => {
  it('are what lies in each, and which boots next and why', async () => {
    const read = await slots();
    const answer = given('read_slots', slotsAnswer('COM5', read, read.slots[1]?.description));
    expect(answer).toMatchObject({
      port: 'COM5',
      readAt: '2026-11-22T12:00:00.000Z',
      boots: 'ota_1',
      reason: 'activeEntry',
      message: 'otadata names it',
    });
    expect(answer['slots']).toMatchObject([
      { label: 'ota_0', version: '1.0.0', isNext: false },
      { label: 'ota_1', version: '1.1.0', isNext: true, matchesBuild: true },
    ]);
  });

  it('are told after a change with the bytes that were written', async () => {
    const read = await slots();
    const plan = planSlotChange(read, { kind: 'previous' });
    const after = { ...read, slots: read.slots.map((one) => ({ ...one, isNext: !one.isNext })) };
    const answer = given('boot_slot', slotChangeAnswer('COM5', plan, after, undefined));
    expect(answer).toMatchObject({
      boots: 'ota_0',
      slots: [{ label: 'ota_0', version: '1.0.0' }, { label: 'ota_1' }],
      change: { kind: 'previous', isWritten: true, bootsBefore: 'ota_1', bootsAfter: 'ota_0' },
    });
    const { before, after: written } = answer['change'] as { before: string; after: string };
    expect(written).not.toBe(before);
  });
});

describe('the end of a console that a model is given', () => {
  const facts = { port: 'COM5', state: 'open', view: undefined, logFile: undefined };
  const all = { lines: 500, bytes: 32_768, contains: undefined, after: 0 };

  it('is the last lines that fit, numbered, and says that they are data', () => {
    const tail = new LineTail({ now: () => AT });
    for (let line = 1; line <= 10; line += 1) tail.push(`line ${line}`);
    const answer = given('monitor_tail', tailAnswer({ ...facts, tail }, { ...all, lines: 2 }, []));
    expect(answer).toEqual({
      port: 'COM5',
      state: 'open',
      note: DATA_NOTE,
      lastLine: 10,
      leftOut: 8,
      lines: [
        { n: 9, at: '12:00:00.000', text: 'line 9' },
        { n: 10, at: '12:00:00.000', text: 'line 10' },
      ],
    });
    expect(given('monitor_tail', tailAnswer({ ...facts, tail }, { ...all, bytes: 15 }, []))['leftOut']).toBe(8);
    expect(given('monitor_tail', tailAnswer({ ...facts, tail }, { ...all, after: 9 }, []))['lines']).toHaveLength(1);
    expect(
      given('monitor_tail', tailAnswer({ ...facts, tail }, { ...all, contains: 'LINE 1' }, []))['lines'],
    ).toHaveLength(2);
  });

  it('has no password of the project, even where a long line is cut in the middle of it', async () => {
    const { project } = await factsOf('v5.5', { config: ['CONFIG_EXAMPLE_WIFI_PASSWORD="open sesame 123"'] });
    const secrets = secretsOf(project);
    expect(secrets).toContain('open sesame 123');
    const tail = new LineTail();
    tail.push(`${'x'.repeat(590)} open sesame 123`);
    tail.push('wifi: joining home with open sesame 123');
    const text = JSON.stringify(given('monitor_tail', tailAnswer({ ...facts, tail }, all, secrets), secrets));
    expect(text).not.toContain('sesame');
    expect(text).toContain('joining home with ***');
  });

  it('can not be searched for what it does not show', () => {
    const tail = new LineTail();
    for (const text of ['wifi password: hunter2000', '-----BEGIN PRIVATE KEY-----', 'MIIEvQIBADAN', 'ready'])
      tail.push(text);
    const found = (contains: string): unknown =>
      given('monitor_tail', tailAnswer({ ...facts, tail }, { ...all, contains }, ['open sesame 123']))['lines'];
    expect(found('hunter')).toEqual([]);
    expect(found('MIIE')).toEqual([]);
    expect(found('wifi')).toMatchObject([{ n: 1, text: 'wifi password: ***' }]);
  });

  it('is that of the virtual board itself, and not what a monitor that is closed has read of it', () => {
    const [board, monitor, gone] = [new LineTail(), new LineTail(), new LineTail()];
    const tails = new Map([
      ['virtual://board', monitor],
      ['COM5', gone],
    ]);
    const open = { monitors: [{ address: 'virtual://board', state: 'open' }], tails };
    const attached = { boards: [{ number: 1, tail: board }] };
    expect(consolesOf({ board: attached, monitors: open }).get('virtual://board')).toEqual({
      tail: board,
      state: 'open',
    });
    const consoles = consolesOf({ board: attached, monitors: { monitors: [], tails } });
    board.push('printed after the monitor was closed');
    expect(consoles.get('virtual://board')?.tail.lines).toHaveLength(1);
    expect(consoles.get('virtual://board')?.state).toBe('attached');
    expect(consoles.get('COM5')).toEqual({ tail: gone, state: 'closed' });
    const detached = consolesOf({ board: { boards: [] }, monitors: { monitors: [], tails } });
    expect(detached.get('virtual://board')).toEqual({ tail: monitor, state: 'closed' });
  });

  it('never grows beyond what was asked for, whatever the board prints', () => {
    const tail = new LineTail();
    for (let line = 0; line < 3000; line += 1) tail.push('\u2028"\\\u0000é'.repeat(100));
    const answer = answerText(tailAnswer({ ...facts, tail }, all, []));
    expect(answer.length).toBeLessThanOrEqual(48_000);
    expect(() => JSON.parse(answer) as unknown).not.toThrow();
  });
});

describe('the boards that a model is told of', () => {
  it('are ports and virtual boards, with what is known of each', () => {
    const answer = given(
      'list_boards',
      boardsAnswer(
        {
          ports: [
            {
              entry: {
                address: '/dev/ttyUSB0',
                name: 'CP2102N',
                usb: { vendorId: 0x10c4, productId: 0xea60, serialNumber: '0001' },
                isLikelyBoard: true,
                interfaceNumber: 0,
              },
              kind: 'device',
              isSelected: true,
              chip: { chip: 'ESP32-S3', revision: 'v0.2', mac: 'aa:bb:cc:dd:ee:ff', flashSizeBytes: undefined },
            },
            {
              entry: {
                address: 'rfc2217://lab:4000',
                name: 'rfc2217://lab:4000',
                usb: undefined,
                isLikelyBoard: true,
                interfaceNumber: undefined,
              },
              kind: 'remote',
              isSelected: false,
              chip: undefined,
            },
          ],
          virtual: [],
          monitors: [
            {
              address: '/dev/ttyUSB0',
              state: 'open',
              view: { phase: 'app', app: { project: 'blink', version: '1.0.0' }, ip: '10.0.0.7' },
            },
          ],
          hasSlots: () => false,
          busy: 'rfc2217://lab:4000',
        },
        1,
      ),
    );
    expect(answer).toEqual({
      boards: [
        {
          port: '/dev/ttyUSB0',
          name: 'CP2102N',
          kind: 'device',
          isLikelyBoard: true,
          isSelected: true,
          interfaceNumber: 0,
          usb: { vendorId: '10c4', productId: 'ea60' },
          chip: { name: 'ESP32-S3', target: 'esp32s3', revision: 'v0.2', mac: 'aa:bb:cc:dd:ee:ff' },
          monitor: 'open',
          phase: 'app',
          runs: 'blink 1.0.0',
          ip: '10.0.0.7',
          hasSlots: false,
          isBusy: false,
        },
      ],
      leftOut: 1,
    });
  });
});
