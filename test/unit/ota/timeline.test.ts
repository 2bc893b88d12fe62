import { describe, expect, it } from 'vitest';
import { ConsoleFollower } from '../../../src/monitor/console-follower.ts';
import { advance, startTimeline, stepOf, type TimelineEvent } from '../../../src/ota/timeline.ts';
import type { Timeline, UpdateSubject } from '../../../src/ota/update-state.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';

const SUBJECT: UpdateSubject = {
  board: 'virtual',
  project: 'blink',
  version: '1.1.0',
  sha256: 'aa'.repeat(32),
  elfSha256: `0123456789abcdef${'00'.repeat(24)}`,
  totalBytes: 1000,
  releaseId: 'blink.bin-1',
  previousVersion: '1.0.0',
  isRollbackEnabled: true,
};
const CLIENT = { address: '192.168.1.7', port: 50000 };

/** A replay of console lines and server events, one millisecond apart. */
class Replay {
  timeline: Timeline;
  readonly #follower = new ConsoleFollower();
  #nowMs = 0;

  constructor(subject: Partial<UpdateSubject> = {}) {
    this.timeline = startTimeline({ ...SUBJECT, ...subject }, 0);
  }

  lines(...lines: string[]): this {
    for (const line of lines) {
      for (const event of this.#follower.line(line)) this.#advance({ kind: 'stage', atMs: this.#tick(), event });
    }
    return this;
  }

  server(...events: (Partial<TransferEvent> & { kind: TransferEvent['kind'] })[]): this {
    for (const event of events) {
      const whole = { atMs: this.#tick(), id: 'r1', client: CLIENT, ...event } as TransferEvent;
      this.#advance({ kind: 'transfer', event: whole });
    }
    return this;
  }

  received(receivedBytes: number): this {
    this.#advance({ kind: 'received', atMs: this.#tick(), receivedBytes });
    return this;
  }

  end(why: 'settled' | 'timeout' | 'cancelled' = 'settled'): Timeline {
    this.#advance({ kind: 'ended', atMs: this.#tick(), why });
    return this.timeline;
  }

  #tick(): number {
    this.#nowMs += 1;
    return this.#nowMs;
  }

  #advance(event: TimelineEvent): void {
    this.timeline = advance(this.timeline, event);
  }
}

const BOOT_OLD = [
  'ets Jun  8 2016 00:22:57',
  'I (30) boot: ESP-IDF v5.5.1 2nd stage bootloader',
  'I (100) boot: Loaded app from partition at offset 0x20000',
  'I (300) main_task: Calling app_main()',
];
const START = 'I (1500) simple_ota_example: Starting OTA example task';
const GET = {
  kind: 'requested',
  method: 'GET',
  path: '/blink.bin',
  status: 200,
  releaseId: SUBJECT.releaseId,
  tls: { version: 'TLSv1.2', cipher: 'ECDHE-RSA-AES128-GCM-SHA256' },
} as const;
const HALF = {
  kind: 'progress',
  releaseId: SUBJECT.releaseId,
  sentBytes: 500,
  offsetBytes: 500,
  totalBytes: 1000,
  bytesPerSecond: 1,
} as const;
const END = {
  kind: 'ended',
  releaseId: SUBJECT.releaseId,
  outcome: 'complete',
  sentBytes: 1000,
  startBytes: 0,
  totalBytes: 1000,
  status: 200,
  durationMs: 5,
} as const;
const VERIFY = 'I (3000) esp_image: segment 0: paddr=001d0020 vaddr=3f400020 size=09a48h ( 39496) map';
const SUCCESS = 'I (3500) simple_ota_example: OTA Succeed, Rebooting...';
const BOOT_NEW = [
  'ets Jun  8 2016 00:22:57',
  'I (30) boot: ESP-IDF v5.5.1 2nd stage bootloader',
  'I (100) boot: Loaded app from partition at offset 0x1d0000',
  'I (200) app_init: App version:      1.1.0',
  'I (200) app_init: ELF file SHA256:  012345678...',
  'I (300) main_task: Calling app_main()',
];
const CONFIRM = 'I (1500) simple_ota_example: App is valid, rollback cancelled successfully';

function delivered(subject: Partial<UpdateSubject> = {}): Replay {
  return new Replay(subject)
    .lines(...BOOT_OLD, START)
    .server(GET, HALF, END)
    .lines(VERIFY, SUCCESS, ...BOOT_NEW);
}

describe('an update’s timeline', () => {
  it('has every step of a confirmed update, in order, each with its proof', () => {
    const timeline = delivered().lines(CONFIRM).end();
    expect(timeline.steps.map((step) => `${step.id} ${step.outcome}`)).toEqual([
      'published done',
      'started done',
      'tls done',
      'asked done',
      'download done',
      'verify done',
      'slotSet done',
      'reboot done',
      'running done',
      'confirmed done',
    ]);
    expect(timeline.verdict).toEqual({ outcome: 'confirmed' });
    expect(timeline.runningVersion).toBe('1.1.0');
    expect(stepOf(timeline, 'slotSet')?.evidence).toEqual({ source: 'console', text: SUCCESS });
    expect(stepOf(timeline, 'asked')?.evidence).toEqual({ source: 'server', text: 'GET /blink.bin → 200' });
  });

  it('ends as delivered when the new version runs and nobody confirmed', () => {
    expect(delivered().end().verdict).toEqual({ outcome: 'delivered', isRollbackEnabled: true });
    expect(delivered({ isRollbackEnabled: false }).end().verdict).toEqual({
      outcome: 'delivered',
      isRollbackEnabled: false,
    });
  });

  it('measures the download by the position in the image, over several ranges', () => {
    const first = { ...GET, range: 'bytes=0-499', status: 206 };
    const firstEnd = { ...END, sentBytes: 500, status: 206 };
    const second = { ...GET, id: 'r2', range: 'bytes=500-', status: 206 };
    const secondEnd = { ...END, id: 'r2', startBytes: 500, sentBytes: 500, status: 206 };
    const replay = new Replay().lines(START).server(first, firstEnd);
    expect(stepOf(replay.timeline, 'download')?.outcome).toBe('running');
    replay.server(second, secondEnd);
    expect(stepOf(replay.timeline, 'download')?.outcome).toBe('done');
    expect(replay.timeline.download).toMatchObject({ sentBytes: 1000, requests: 2 });
  });

  it('keeps how the download went on, from its first request', () => {
    const half = { ...HALF, sentBytes: 500, offsetBytes: 500 };
    const { timeline } = new Replay().lines(START).server(GET, half, END);
    const samples = timeline.download?.samples ?? [];
    expect(samples.map(({ bytes }) => bytes)).toEqual([0, 500, 1000]);
    expect(samples[0]?.atMs).toBe(timeline.downloadStartedMs);
  });

  it('counts a download as done when the board verifies before the server sees the connection end', () => {
    const whole = { ...HALF, sentBytes: 1000, offsetBytes: 1000 };
    const timeline = new Replay()
      .lines(...BOOT_OLD, START)
      .server(GET, whole)
      .lines(VERIFY).timeline;
    expect(stepOf(timeline, 'download')?.outcome).toBe('done');
  });

  it('says that the board does not trust the certificate, once, though console and server both tell', () => {
    const timeline = new Replay()
      .lines(...BOOT_OLD, START)
      .server({ kind: 'tlsFailed', cause: 'unknownAuthority', detail: 'tlsv1 alert unknown ca' })
      .lines(
        'E (2000) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700',
        'E (2001) simple_ota_example: Firmware upgrade failed',
      )
      .end();
    expect(timeline.verdict).toMatchObject({
      outcome: 'failed',
      failure: { step: 'tls', cause: 'tls.unknownAuthority' },
    });
    expect(timeline.failures.map((failure) => failure.cause)).toEqual([
      'tls.unknownAuthority',
      'certificateNotTrusted',
    ]);
  });

  it('names a decision of the board a refusal', () => {
    const timeline = new Replay()
      .lines(START)
      .server(GET)
      .lines(
        'W (2000) advanced_https_ota_example: Current running version is the same as a new. We will not continue the update.',
      )
      .server({ ...END, outcome: 'aborted', sentBytes: 100 })
      .lines('E (2100) advanced_https_ota_example: ESP_HTTPS_OTA upgrade failed 0xffffffff')
      .end();
    expect(timeline.verdict).toMatchObject({ outcome: 'refused', failure: { cause: 'sameVersion' } });
  });

  it('fails with the status that the server gave', () => {
    const timeline = new Replay()
      .lines(START)
      .server({ ...GET, status: 404, path: '/other.bin' })
      .end();
    expect(timeline.verdict).toMatchObject({ outcome: 'failed', failure: { step: 'asked', cause: 'http.404' } });
  });

  it('forgives a connection that broke when the update got through after all', () => {
    const replay = new Replay().lines(START).server(GET, HALF, { ...END, outcome: 'aborted', sentBytes: 500 });
    replay.server(
      { ...GET, id: 'r2', range: 'bytes=500-', status: 206 },
      { ...END, id: 'r2', startBytes: 500, sentBytes: 500 },
    );
    const timeline = replay.lines(VERIFY, SUCCESS, ...BOOT_NEW, CONFIRM).end();
    expect(timeline.verdict).toEqual({ outcome: 'confirmed' });
    expect(timeline.failures.map((failure) => failure.cause)).toEqual(['download.aborted']);
  });

  it('sees the bootloader go back to the old slot', () => {
    const timeline = delivered()
      .lines('ets Jun  8 2016 00:22:57', 'I (100) boot: Loaded app from partition at offset 0x20000')
      .end();
    expect(timeline.verdict).toMatchObject({ outcome: 'rolledBack', failure: { cause: 'rolledBack' } });
  });

  it('gives a crash as the cause of a rollback', () => {
    const timeline = delivered()
      .lines(
        "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.",
        'Rebooting...',
        'ets Jun  8 2016 00:22:57',
        'I (100) boot: Loaded app from partition at offset 0x20000',
      )
      .end();
    expect(timeline.verdict).toMatchObject({ outcome: 'rolledBack', failure: { cause: 'crashed' } });
  });

  it('does not take another image for the release', () => {
    const timeline = new Replay()
      .lines(START)
      .server(GET, END)
      .lines(VERIFY, SUCCESS, ...BOOT_NEW.map((line) => line.replace('012345678', 'fedcba987')))
      .end();
    expect(timeline.verdict).toMatchObject({ outcome: 'failed', failure: { cause: 'otherImageRuns' } });
  });

  it('goes by the version when the build left the digest of the ELF file out', () => {
    const timeline = delivered({ elfSha256: '00'.repeat(32) }).end();
    expect(timeline.verdict).toMatchObject({ outcome: 'delivered' });
  });

  it('says what was never seen when nothing came', () => {
    expect(new Replay().lines(...BOOT_OLD).end('timeout').verdict).toEqual({ outcome: 'unknown', missing: 'started' });
    expect(new Replay().lines(START).end('timeout').verdict).toEqual({ outcome: 'unknown', missing: 'asked' });
  });

  it('says what was never seen behind the last thing that was, with nobody at the console', () => {
    const fetched = new Replay({ isWithoutConsole: true }).server(GET, HALF, END).end('timeout');
    expect(fetched.verdict).toEqual({ outcome: 'unknown', missing: 'slotSet' });
    expect(new Replay({ isWithoutConsole: true }).end('timeout').verdict).toEqual({
      outcome: 'unknown',
      missing: 'asked',
    });
  });

  it('fails when the new version crashes and nothing brings the old one back', () => {
    const timeline = delivered({ isRollbackEnabled: false })
      .lines("Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.")
      .end();
    expect(timeline.verdict).toMatchObject({ outcome: 'failed', failure: { step: 'confirmed', cause: 'crashed' } });
  });

  it('has how the board was told, and that it could not be told', () => {
    const told = advance(new Replay().timeline, { kind: 'triggered', atMs: 1, text: 'reset' });
    expect(told.steps.map((step) => step.id)).toEqual(['published', 'triggered']);
    const not = advance(new Replay().timeline, { kind: 'notTriggered', atMs: 1, cause: 'trigger.refused', text: '{}' });
    expect(advance(not, { kind: 'ended', atMs: 2, why: 'settled' }).verdict).toMatchObject({
      outcome: 'failed',
      failure: { step: 'triggered', cause: 'trigger.refused' },
    });
  });

  it('is cancelled during the step that went on', () => {
    expect(new Replay().lines(START).server(GET, HALF).end('cancelled').verdict).toEqual({
      outcome: 'cancelled',
      during: 'download',
    });
  });

  it('does not change after the verdict', () => {
    const replay = delivered().lines(CONFIRM);
    const ended = replay.end();
    expect(replay.lines('ets Jun  8 2016 00:22:57').timeline).toBe(ended);
  });

  it('leaves other releases and other requests alone', () => {
    const timeline = new Replay()
      .lines(START)
      .server({ ...GET, releaseId: 'other.bin-2', path: '/other.bin' }).timeline;
    expect(timeline.download).toBeUndefined();
  });
});

describe('a board that counts what it receives', () => {
  const replay = (): Replay => new Replay({ countsItself: true }).lines(...BOOT_OLD, START).server(GET, HALF, END);

  it('is believed before the server, whose bytes may still be on their way', () => {
    const { timeline } = replay().received(200);
    expect(timeline.download?.sentBytes).toBe(200);
    expect(stepOf(timeline, 'download')?.outcome).toBe('running');
  });

  it('has downloaded the image when it goes on to verify it', () => {
    const { timeline } = replay().received(1000).lines(VERIFY);
    expect(stepOf(timeline, 'download')?.outcome).toBe('done');
  });
});
