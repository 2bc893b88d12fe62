import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConsoleFollower } from '../../../src/monitor/console-follower.ts';
import { MOST_CRASH_LINES } from '../../../src/monitor/crash-report.ts';
import type { StageEvent } from '../../../src/monitor/stages.ts';
import { STAGE_LINES } from './stage-lines.ts';

const TABLE = `
I (40) boot: ## Label            Usage          Type ST Offset   Length
I (41) boot:  0 nvs              WiFi data        01 02 00009000 00006000
I (42) boot:  1 otadata          OTA data         01 00 0000f000 00002000
I (43) boot:  2 phy_init         RF data          01 01 00011000 00001000
I (44) boot:  3 ota_0            OTA app          00 10 00020000 001a9000
I (45) boot:  4 ota_1            OTA app          00 11 001d0000 001a9000
I (46) boot: End of partition table`;

const boot = (offset: string, version = '1.0.0'): string => `ets Jul 29 2019 12:21:46

rst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)
entry 0x40080640
I (30) boot: ESP-IDF v5.5.1 2nd stage bootloader
I (31) boot: chip revision: v3.0
I (32) boot.esp32: SPI Flash Size : 4MB${TABLE}
I (50) esp_image: segment 0: paddr=00020020 vaddr=3f400020 size=09a48h ( 39496) map
I (60) boot: Loaded app from partition at offset 0x${offset}
I (61) boot: Disabling RNG early entropy source...
I (70) app_init: Project name:     simple_ota
I (71) app_init: App version:      ${version}
I (72) app_init: ELF file SHA256:  c402c9dfd...
I (80) main_task: Calling app_main()
I (81) simple_ota_example: OTA example app_main start`;

const update = (label: string, offset: string): string => `I (900) example_common: - IPv4 address: 10.0.0.7,
I (901) simple_ota_example: Starting OTA example task
I (990) esp_https_ota: Starting OTA...
I (991) esp_https_ota: Writing to <${label}> partition at offset 0x${offset}
I (4000) esp_image: segment 0: paddr=001d0020 vaddr=3f400020 size=09a48h ( 39496) map
I (4100) simple_ota_example: OTA Succeed, Rebooting...`;

function feed(follower: ConsoleFollower, text: string): StageEvent[] {
  return text.split('\n').flatMap((line) => [...follower.line(line)]);
}

const stages = (events: readonly StageEvent[]): string[] => events.map((event) => event.stage);

describe('following a boot', () => {
  it('collects table, slot, application and reset', () => {
    const follower = new ConsoleFollower();
    const events = feed(follower, boot('20000'));
    expect(follower.view).toMatchObject({
      phase: 'app',
      reset: { code: 'c', name: 'SW_CPU_RESET' },
      bootloaderIdfVersion: 'v5.5.1',
      flashSize: '4MB',
      chipRevision: '3.0',
      runningOffset: 0x20000,
      runningLabel: 'ota_0',
      app: { project: 'simple_ota', version: '1.0.0', elfSha256: 'c402c9dfd' },
    });
    expect(
      follower.view.partitions?.map(({ label, type, subtype, offset, size }) => [label, type, subtype, offset, size]),
    ).toEqual([
      ['nvs', 1, 2, 0x9000, 0x6000],
      ['otadata', 1, 0, 0xf000, 0x2000],
      ['phy_init', 1, 1, 0x11000, 0x1000],
      ['ota_0', 0, 0x10, 0x20000, 0x1a9000],
      ['ota_1', 0, 0x11, 0x1d0000, 0x1a9000],
    ]);
    expect(events.find((event) => event.stage === 'loadedApp')?.values).toEqual({ offset: '20000', label: 'ota_0' });
    expect(stages(events)).not.toContain('rolledBack');
  });

  it('takes no half of a table', () => {
    const follower = new ConsoleFollower();
    feed(follower, TABLE.split('\n').slice(3).join('\n'));
    expect(follower.view.partitions).toBeUndefined();
  });

  it('forgets the application at the next reset, and keeps the table', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    feed(follower, 'ESP-ROM:esp32s3-20210327');
    expect(follower.view.phase).toBe('rom');
    expect(follower.view).not.toHaveProperty('app');
    expect(follower.view).not.toHaveProperty('runningOffset');
    expect(follower.view.partitions?.length).toBe(5);
  });

  it('knows the ROM in download mode', () => {
    const follower = new ConsoleFollower();
    feed(
      follower,
      'rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))\nwaiting for download',
    );
    expect(follower.view.phase).toBe('downloadMode');
  });

  it('takes the running slot from native_ota_example when it came late', () => {
    const follower = new ConsoleFollower();
    feed(follower, 'I (1) native_ota_example: Running partition type 0 subtype 17 (offset 0x001d0000)');
    expect(follower.view.runningOffset).toBe(0x1d0000);
  });
});

describe('following an update', () => {
  it('sees the verification, the success and the new slot', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    expect(stages(feed(follower, update('ota_1', '1d0000')))).toEqual([
      'gotIp',
      'otaStarted',
      'headersReceived',
      'writing',
      'verifying',
      'succeeded',
    ]);
    expect(follower.view.ip).toBe('10.0.0.7');
    expect(stages(feed(follower, boot('1d0000', '1.1.0')))).not.toContain('rolledBack');
    expect(follower.view.app?.version).toBe('1.1.0');
  });

  it('says that the bootloader did not start the new slot', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    feed(follower, update('ota_1', '1d0000'));
    const rolledBack = feed(follower, boot('20000')).find((event) => event.stage === 'rolledBack');
    expect(rolledBack?.values).toEqual({ runs: 'ota_0', rejected: 'ota_1', reason: 'notBooted' });
  });

  it('says that an unconfirmed application was rolled back, once', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    feed(follower, update('ota_1', '1d0000'));
    feed(follower, boot('1d0000', '1.1.0'));
    const events = feed(follower, boot('20000'));
    expect(events.filter((event) => event.stage === 'rolledBack').map((event) => event.values)).toEqual([
      { runs: 'ota_0', rejected: 'ota_1', reason: 'notConfirmed' },
    ]);
    expect(stages(feed(follower, boot('20000')))).not.toContain('rolledBack');
  });

  it('says nothing of the kind after the confirmation', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    feed(follower, update('ota_1', '1d0000'));
    feed(follower, boot('1d0000', '1.1.0'));
    feed(follower, 'I (2000) simple_ota_example: App is valid, rollback cancelled successfully');
    expect(stages(feed(follower, boot('20000')))).not.toContain('rolledBack');
  });

  it('says nothing of the kind after somebody flashed the board', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    feed(follower, update('ota_1', '1d0000'));
    feed(follower, boot('1d0000', '1.1.0'));
    feed(follower, 'rst:0x1 (POWERON_RESET),boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))');
    expect(stages(feed(follower, boot('20000')))).not.toContain('rolledBack');
  });

  it('sees a rollback that the application asks for', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('1d0000', '1.1.0'));
    feed(follower, 'E (9) native_ota_example: Diagnostics failed! Start rollback to the previous version ...');
    const rolledBack = feed(follower, boot('20000')).find((event) => event.stage === 'rolledBack');
    expect(rolledBack?.values).toEqual({ runs: 'ota_0', rejected: 'ota_1', reason: 'notConfirmed' });
  });

  it('sees the old slot again also when the target was never named', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    feed(follower, 'I (1) my_app: OTA Succeed, Rebooting...');
    const rolledBack = feed(follower, boot('20000')).find((event) => event.stage === 'rolledBack');
    expect(rolledBack?.values).toEqual({ runs: 'ota_0', reason: 'notBooted' });
  });
});

describe('following a crash', () => {
  const XTENSA = `Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.

Core  1 register dump:
PC      : 0x400d1234  PS      : 0x00060330  A0      : 0x800d5678  A1      : 0x3ffb1230
EXCVADDR: 0x00000000  LBEG    : 0x4000c2e0  LEND    : 0x4000c2f6  LCOUNT  : 0xffffffff


Backtrace: 0x400d1231:0x3ffb1230 0x400d5675:0x3ffb1250 |<-CORRUPTED




ELF file SHA256: c402c9dfd

Rebooting...`;

  it('collects the block of an Xtensa panic', () => {
    const follower = new ConsoleFollower();
    feed(follower, boot('20000'));
    const events = feed(follower, XTENSA);
    expect(stages(events)).toEqual(['crashed', 'crashDetail', 'crashDetail', 'crashDetail', 'crashEnded', 'rebooting']);
    expect(follower.view.phase).toBe('panic');
    expect(follower.view.crash).toMatchObject({
      reason: 'LoadProhibited',
      core: '1',
      elfSha256: 'c402c9dfd',
      isComplete: true,
      backtrace: [
        { pc: '400d1231', sp: '3ffb1230' },
        { pc: '400d5675', sp: '3ffb1250' },
      ],
      registers: { PC: '400d1234', A1: '3ffb1230', EXCVADDR: '00000000', LCOUNT: 'ffffffff' },
    });
    expect(follower.view.crash?.lines.at(-1)).toBe('Rebooting...');
    feed(follower, boot('20000'));
    expect(follower.view.phase).toBe('app');
    expect(follower.view.crash?.isComplete).toBe(true);
  });

  it('ends the block at a reset, when the end was lost', () => {
    const follower = new ConsoleFollower();
    feed(follower, XTENSA.split('\n').slice(0, 5).join('\n'));
    const events = feed(follower, 'rst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)');
    expect(stages(events)).toEqual(['crashEnded', 'reset']);
    expect(follower.view).toMatchObject({ phase: 'rom', crash: { isComplete: true } });
  });

  it('takes the check that failed for the reason, not the abort() behind it', () => {
    const follower = new ConsoleFollower();
    const events = feed(
      follower,
      `ESP_ERROR_CHECK failed: esp_err_t 0x105 (ESP_ERR_NOT_FOUND) at 0x400d1234
file: "./main/main.c" line 12
abort() was called at PC 0x40081234 on core 0
Rebooting in 10 seconds...`,
    );
    expect(stages(events)).toEqual(['crashed', 'crashEnded', 'rebooting']);
    expect(follower.view.crash).toMatchObject({ reason: 'ESP_ERROR_CHECK', core: '0' });
  });

  it('takes what the debug exception was about for the reason', () => {
    const follower = new ConsoleFollower();
    feed(
      follower,
      "Guru Meditation Error: Core  0 panic'ed (Unhandled debug exception).\nDebug exception reason: Stack canary watchpoint triggered (main)\nCPU halted.",
    );
    expect(follower.view.crash).toMatchObject({ reason: 'Stack canary watchpoint triggered (main)', isComplete: true });
  });

  it('sees the next crash of a board whose reboots are silent', () => {
    const follower = new ConsoleFollower();
    const crashes = feed(follower, `${XTENSA}\n${XTENSA}\n${XTENSA.replace('\nRebooting...', '')}\n${XTENSA}`);
    expect(crashes.filter((event) => event.stage === 'crashed').length).toBe(4);
    expect(crashes.filter((event) => event.stage === 'crashEnded').length).toBe(4);
  });

  it('holds a bounded part of a dump that does not end', () => {
    const follower = new ConsoleFollower();
    feed(follower, `${XTENSA.split('\n')[0] ?? ''}\n${'AAAAAAAA\n'.repeat(5000)}`);
    expect(follower.view.crash?.lines.length).toBe(MOST_CRASH_LINES);
  });
});

describe('any console', () => {
  const known = STAGE_LINES.map(([, prefix, message]) =>
    prefix === '' ? message : `${prefix.replace(' ', ' (1) ')}: ${message}`,
  );

  it('is followed without a throw, with bounded memory', () => {
    const line = fc.oneof(fc.constantFrom(...known), fc.string({ unit: 'binary' }));
    const mutated = fc
      .tuple(line, fc.nat(40), fc.string({ unit: 'binary', maxLength: 3 }))
      .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + 1));
    fc.assert(
      fc.property(fc.array(fc.oneof(line, mutated), { maxLength: 30 }), (lines) => {
        const follower = new ConsoleFollower();
        for (const text of lines) {
          for (const event of follower.line(text)) expect(event.line).toBe(text);
        }
        expect(follower.view.partitions?.length ?? 0).toBeLessThanOrEqual(95);
        expect(follower.view.crash?.lines.length ?? 0).toBeLessThanOrEqual(MOST_CRASH_LINES);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
