import { describe, expect, it } from 'vitest';
import { fixesFor, isCause } from '../../../src/doctor/causes.ts';
import { diagnose, type Sign } from '../../../src/doctor/diagnosis.ts';
import { lineSign, printedLine } from '../../../src/doctor/signs.ts';
import { mainCauses } from '../../../src/doctor/main-cause.ts';
import { parseIdfVersion } from '../../../src/idf/idf-version.ts';
import { STAGE_RULES } from '../../../src/monitor/stages.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';
import { STAGE_LINES } from '../monitor/stage-lines.ts';

const V55 = parseIdfVersion('5.5.5');
const client = { address: '192.168.61.20', port: 50123 };

function sign(line: string): Sign {
  const found = lineSign(line);
  if (found === undefined) throw new Error(`nothing in: ${line}`);
  return found;
}

function causesOf(lines: readonly string[], transfers: readonly TransferEvent[] = []): string[] {
  return diagnose({ failures: lines.map(sign), transfers, idfVersion: V55 }).map(({ cause }) => cause);
}

/** Texts that a console shows, the cause, and the first fix (none where only the user can do something). */
const ROWS: readonly (readonly [line: string, cause: string, fix?: string])[] = [
  [
    "E (1) esp-tls: couldn't get hostname for :desk.local: getaddrinfo() returns 202, addrinfo=0x0",
    'nameNotResolved',
    'selectAddress',
  ],
  ['E (1) esp-tls: [sock=54] connect() error: Connection reset by peer', 'serverUnreachable', 'startServer'],
  ['E (1) esp-tls: [sock=54] delayed connect error: Connection refused', 'serverUnreachable', 'startServer'],
  ['E (1) esp-tls: [sock=54] select() timeout', 'serverUnreachable', 'startServer'],
  ['E (1) esp-tls: Failed to open new connection in specified timeout', 'handshakeTooSlow', 'setTimeout'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700', 'certificateNotTrusted', 'installCertificate'],
  ['I (1) esp-tls-mbedtls: Failed to verify peer certificate!', 'certificateNotTrusted', 'installCertificate'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7A00', 'certificateUsage', 'renewCertificate'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7a00', 'certificateUsage', 'renewCertificate'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7780', 'noSharedTls', 'allowTls12'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7200', 'notTls', 'checkSetup'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7280', 'connectionLost', 'showServerLog'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x0050', 'connectionLost', 'showServerLog'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x004C', 'connectionLost', 'showServerLog'],
  ...['7F00', '008D', '3F80', '2880', '4D80'].map(
    (code) =>
      [
        `E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x${code}`,
        'deviceMemory',
        'useDynamicBuffers',
      ] as const,
  ),
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x6E80', 'noSharedTls', 'allowTls12'],
  ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x6E00', 'noSharedTls', 'allowTls12'],
  ...['2180', '262E', '1080'].map(
    (code) =>
      [
        `E (1) esp-tls-mbedtls: mbedtls_x509_crt_parse of CA cert returned -0x${code}`,
        'embeddedCertificateUnusable',
        'installCertificate',
      ] as const,
  ),
  [
    'E (1) esp-x509-crt-bundle: No matching trusted root certificate found',
    'certificateNotTrusted',
    'installCertificate',
  ],
  ['E (1) esp-x509-crt-bundle: Failed to verify certificate', 'certificateNotTrusted', 'installCertificate'],
  [
    'E (1) esp-x509-crt-bundle: Certificate matched but signature verification failed',
    'certificateNotTrusted',
    'installCertificate',
  ],
  [
    'E (1) esp_https_ota: No option for server verification is enabled in esp_http_client config.',
    'noServerVerification',
    'installCertificate',
  ],
  [
    'E (1) esp-tls-mbedtls: No server verification option set in esp_tls_cfg_t structure. Check esp_tls API reference',
    'noServerVerification',
    'installCertificate',
  ],
  ['E (1) HTTP_CLIENT: Connection failed, sock < 0', 'earlier', 'showServerLog'],
  ['E (1) esp_https_ota: Failed to open HTTP connection: ESP_ERR_HTTP_CONNECT', 'earlier', 'showServerLog'],
  ['E (1) esp_https_ota: Failed to establish HTTP connection', 'earlier', 'showServerLog'],
  ['E (1) transport_base: Failed to open a new connection', 'earlier', 'showServerLog'],
  ['E (1) TRANSPORT_BASE: Failed to open a new connection', 'earlier', 'showServerLog'],
  ['E (1) esp_https_ota: File not found(404)', 'httpStatus', 'checkSetup'],
  ['E (1) esp_https_ota: Client error (418)', 'httpStatus', 'checkSetup'],
  ['E (1) esp_https_ota: Server error (500)', 'httpStatus', 'checkSetup'],
  ['E (1) HTTP_CLIENT: This authentication method is not supported: Basic', 'authentication', 'enableAuthentication'],
  [
    'E (1) HTTP_CLIENT: This request requires authentication, but does not provide header information for that',
    'authentication',
    'enableAuthentication',
  ],
  ['E (1) esp_https_ota: Reached max_authorization_retries (401)', 'authentication', 'enableAuthentication'],
  ['E (1) esp_https_ota: Authorization Failed', 'authentication', 'enableAuthentication'],
  ['E (1) HTTP_CLIENT: HTTPS origin can only redirect to https:// targets (got /x.bin)', 'redirect', 'showServerLog'],
  ['E (1) esp_https_ota: URL redirection Failed', 'redirect', 'showServerLog'],
  ['W (1) HTTP_CLIENT: Connection timed out before data was ready!', 'serverSlow', 'setTimeout'],
  ['E (1) esp_https_ota: Complete headers were not received', 'imageTooShort', 'build'],
  ['E (1) advanced_https_ota_example: esp_https_ota_get_img_desc failed', 'notAnAppImage', 'build'],
  ['E (1) advanced_https_ota_example: esp_https_ota_read_img_desc failed', 'notAnAppImage', 'build'],
  ['E (1) esp_https_ota: Incorrect app descriptor magic', 'notAnAppImage', 'build'],
  ['E (1) esp_ota_ops: OTA image has invalid magic byte (expected 0xE9, saw 0x3c)', 'notAnAppImage', 'build'],
  ['E (1) boot_comm: mismatch chip ID, expected 0, found 5', 'wrongChip', 'checkSetup'],
  ['E (1) esp_https_ota: Mismatch chip id, expected 0, found 5', 'wrongChip', 'checkSetup'],
  ['E (1) boot_comm: chip revision check failed. Required >= v3.0, found v1.0.', 'chipRevision', 'checkSetup'],
  ['E (1) boot_comm: Image requires chip rev >= v3.0, but chip is v1.0', 'chipRevision', 'checkSetup'],
  ["E (1) boot_comm: can't run on lower chip revision, expected 3, found 1", 'chipRevision', 'checkSetup'],
  ['E (1) boot_comm: Image requires efuse blk rev >= v1.2, but chip is v1.0', 'chipRevision', 'checkSetup'],
  ['E (1) esp_ota_ops: SPI flash mode mismatch: running app has mode 0, new app has mode 2', 'spiMode', 'checkSetup'],
  [
    'W (1) simple: Current running version is the same as a new. We will not continue the update.',
    'sameVersion',
    'bumpVersion',
  ],
  ['W (1) native_ota_example: New version is the same as invalid version.', 'versionRolledBackBefore', 'bumpVersion'],
  [
    'W (1) native_ota_example: Previously, there was an attempt to launch the firmware with 1.1.0 version, but it failed.',
    'versionRolledBackBefore',
    'bumpVersion',
  ],
  ['W (1) advanced: New firmware security version is less than eFuse programmed, 0 < 1', 'secureVersion', 'checkSetup'],
  [
    'E (1) esp_ota_ops: This a new partition can not be booted due to a secure version is lower than stored in efuse.',
    'secureVersion',
    'checkSetup',
  ],
  [
    'E (1) esp_ota_ops: Running app has not confirmed state (ESP_OTA_IMG_PENDING_VERIFY)',
    'appNotConfirmed',
    'checkSetup',
  ],
  ['E (1) esp_https_ota: esp_ota_begin failed (ESP_ERR_OTA_ROLLBACK_INVALID_STATE)', 'appNotConfirmed', 'checkSetup'],
  ['E (1) esp_ota_ops: not found otadata', 'noOtaPartitions', 'setUp'],
  ['E (1) esp_https_ota: Passive OTA partition not found', 'noOtaPartitions', 'setUp'],
  [
    'E (1) esp_https_ota: Given staging partition or another suitable Passive OTA partition could not be found',
    'noOtaPartitions',
    'setUp',
  ],
  ['E (1) esp_https_ota: Error: esp_ota_write failed! err=0x104', 'imageTooLarge', 'checkSetup'],
  ['E (1) esp_https_ota: esp_ota_begin failed (ESP_ERR_INVALID_SIZE)', 'imageTooLarge', 'checkSetup'],
  ['E (1) esp_https_ota: Error: esp_ota_write failed! err=0x6002', 'flashFailure'],
  ['E (1) esp_https_ota: Error: esp_ota_write failed! err=0x6001', 'flashFailure'],
  ['E (1) esp_https_ota: Error: esp_ota_write failed! err=0x10d', 'partitionReadOnly', 'checkSetup'],
  ['E (1) esp_image: Checksum failed. Calculated 0xda read 0xdb', 'imageCorrupt', 'build'],
  ['E (1) esp_image: Image hash failed - image is corrupt', 'imageCorrupt', 'build'],
  ['E (1) esp_image: invalid segment length 0xffffffff', 'imageCorrupt', 'build'],
  ['E (1) esp_image: image at 0x1d0000 has invalid magic byte (nothing flashed here?)', 'imageCorrupt', 'build'],
  ["E (1) esp_image: Image length 1900000 doesn't fit in partition length 1740800", 'imageTooLarge', 'checkSetup'],
  ["E (1) esp_image: Segment 0 load address 0x3f400020, doesn't match data 0x00020028", 'imageCorrupt', 'build'],
  ['E (1) advanced_https_ota_example: Image validation failed, image is corrupted', 'imageCorrupt', 'build'],
  ['E (1) esp_ota_ops: New image failed verification', 'imageCorrupt', 'build'],
  ['E (1) esp_image: Secure boot signature verification failed', 'signature', 'checkSetup'],
  ['I (1) esp_image: image valid, signature bad', 'signature', 'checkSetup'],
  ['E (1) esp_image: image corrupted on flash', 'imageCorrupt', 'build'],
  ['E (1) native_ota_example: received package is not fit len', 'imageTooShort', 'build'],
  ['E (1) advanced_https_ota_example: Complete data was not received.', 'connectionLost', 'showServerLog'],
  ['E (1) esp_https_ota: Connection closed before complete data was received!', 'connectionLost', 'showServerLog'],
  ['E (1) native_ota_example: Error in receiving complete file', 'connectionLost', 'showServerLog'],
  ['E (1) native_ota_example: Connection closed, errno = 104', 'connectionLost', 'showServerLog'],
  ['E (1) esp_https_ota: data read -1, errno 104', 'connectionLost', 'showServerLog'],
  ['E (1) native_ota_example: Error: SSL data read error', 'connectionLost', 'showServerLog'],
  ['E (1) simple_ota_example: Firmware upgrade failed', 'earlier', 'showServerLog'],
  ['E (1) advanced_https_ota_example: ESP_HTTPS_OTA upgrade failed 0x1503', 'earlier', 'showServerLog'],
  ['E (1) advanced_https_ota_example: ESP HTTPS OTA Begin failed', 'earlier', 'showServerLog'],
  ['E (1) native_ota_example: Exiting task due to fatal error...', 'earlier', 'showServerLog'],
  [
    'E (1) simple_ota_example: Configuration mismatch: wrong firmware upgrade image url',
    'urlFromStdin',
    'urlFromConsole',
  ],
  [
    'E (1) flash_parts: partition 3 invalid - offset 0x210000 size 0x100000 exceeds flash chip size 0x200000',
    'flashSize',
    'checkSetup',
  ],
  ['E (1) flash_parts: Incorrect MD5 checksum', 'partitionTable', 'flashFully'],
  ['E (1) flash_parts: partition table has no terminating entry, not valid', 'partitionTable', 'flashFully'],
  ['E (1) boot: Failed to verify partition table', 'partitionTable', 'flashFully'],
  ['E (1) boot: load partition table error!', 'partitionTable', 'flashFully'],
  ['E (1) boot: OTA app partition slot 1 is not bootable', 'nothingBootable', 'flashFully'],
  ['E (1) boot: Factory app partition is not bootable', 'nothingBootable', 'flashFully'],
  ['E (1) boot: No bootable app partitions in the partition table', 'nothingBootable', 'flashFully'],
  ['E (1) boot: ota data partition invalid, falling back to factory', 'otadata', 'flashFully'],
  ['E (1) boot: ota_info partition size 4096 is too small (minimum 8192 bytes)', 'otadata', 'flashFully'],
  [
    'E (1) spi_flash: Detected size(2048k) smaller than the size in the binary image header(4096k). Probe failed.',
    'flashSize',
    'checkSetup',
  ],
  ['invalid header: 0xffffffff', 'noBootloader', 'flashFully'],
  ['flash read err, 1000', 'flashFailure'],
  ['flash read err, 0', 'flashFailure'],
  ['I (1) example_connect: WiFi Connect failed 7 times, stop reconnect.', 'wifi', 'checkSetup'],
];

describe('one line', () => {
  it.each(ROWS.map(([line, cause, fix]) => ({ line, cause, fix })))('$line', ({ line, cause, fix }) => {
    const [found, ...more] = diagnose({ failures: [sign(line)], idfVersion: V55 });
    expect([found?.cause, found?.fixes[0]?.id, more.length]).toEqual([cause, fix, 0]);
    expect(found?.evidence[0]?.text).toBe(line);
  });

  it('of any row of the tables that says that something failed has a cause that is known', () => {
    const failing = new Set(STAGE_RULES.filter(({ stage }) => stage === 'failed').map(({ id }) => id));
    const lines = STAGE_LINES.filter(([id]) => failing.has(id));
    expect(lines.length).toBeGreaterThan(80);
    for (const [id, prefix, message] of lines) {
      const [level, tag] = prefix.split(' ');
      const found = lineSign(prefix === '' ? message : `${level ?? ''} (1) ${tag ?? ''}: ${message}`);
      expect(isCause(found?.cause ?? ''), id).toBe(true);
    }
  });

  it.each(['', '12:34:56.789 ', '[2026-11-22 12:34:56] ', '2026-11-22T12:34:56.789Z '])(
    'of a log has its sign behind the time that a monitor put in front: %j',
    (time) => {
      expect(lineSign(printedLine(`${time}E (1) esp_https_ota: File not found(404)`))?.cause).toBe('httpStatus');
    },
  );

  it('that says nothing failed is no sign', () => {
    expect(lineSign('I (1) esp_https_ota: Starting OTA...')).toBeUndefined();
    expect(lineSign('')).toBeUndefined();
  });
});

describe('fixes by version', () => {
  const options = (cause: string, version: string): string[] =>
    fixesFor(cause, parseIdfVersion(version)).flatMap((fix) =>
      fix.kind === 'setOptions' ? Object.keys(fix.options) : [],
    );

  it.each([
    ['4.4.8', 'OTA_ALLOW_HTTP'],
    ['5.1.6', 'ESP_HTTPS_OTA_ALLOW_HTTP'],
    ['6.0.2', 'ESP_HTTPS_OTA_ALLOW_HTTP'],
  ])('ESP-IDF %s allows HTTP with %s', (version, symbol) => {
    expect(options('noServerVerification', version)).toEqual([symbol]);
  });

  it('name Digest authentication where it is off by default', () => {
    expect(options('authentication', '4.4.8')).toEqual(['ESP_HTTP_CLIENT_ENABLE_BASIC_AUTH']);
    expect(options('http.401', '5.5.5')).toContain('ESP_HTTP_CLIENT_ENABLE_DIGEST_AUTH');
  });

  it('name the SPI mode check where there is one', () => {
    expect(options('spiMode', '6.1.0')).toEqual(['ESP_HTTPS_OTA_VERIFY_SPI_MODE']);
    expect(options('spiMode', '5.5.5')).toEqual([]);
  });
});

describe('console and server', () => {
  const tls = (
    cause:
      | 'unknownAuthority'
      | 'certificateRefused'
      | 'closed'
      | 'plainHttpOnTls'
      | 'timeout'
      | 'noSharedVersion'
      | 'tlsOnPlainHttp'
      | 'other',
  ): TransferEvent => ({
    kind: 'tlsFailed',
    atMs: 1,
    client,
    cause,
    detail: `alert of ${cause}`,
  });
  const ended = (outcome: 'aborted' | 'complete'): TransferEvent => ({
    kind: 'ended',
    atMs: 2,
    id: '1',
    client,
    outcome,
    sentBytes: 1000,
    totalBytes: 9000,
    status: 200,
    durationMs: 5,
  });
  const asked = (status: number): TransferEvent => ({
    kind: 'requested',
    atMs: 1,
    id: '1',
    client,
    method: 'GET',
    path: '/x.bin',
    status,
  });
  const REFUSED = [
    'E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700',
    'I (1) esp-tls-mbedtls: Failed to verify peer certificate!',
    'E (1) esp-tls: Failed to open new connection',
    'E (1) transport_base: Failed to open a new connection',
    'E (1) HTTP_CLIENT: Connection failed, sock < 0',
    'E (1) esp_https_ota: Failed to open HTTP connection: ESP_ERR_HTTP_CONNECT',
    'E (1) simple_ota_example: Firmware upgrade failed',
  ];

  it('see one cause: an authority that the client does not know', () => {
    const [found, ...more] = diagnose({
      failures: REFUSED.map(sign),
      transfers: [tls('unknownAuthority')],
      idfVersion: V55,
    });
    expect(more).toEqual([]);
    expect(found?.cause).toBe('tls.unknownAuthority');
    expect(found?.evidence.map(({ source }) => source)).toEqual([...REFUSED.map(() => 'console'), 'server']);
    expect(found?.fixes[0]).toMatchObject({ command: 'installCertificate', needs: ['rebuild', 'fullFlash'] });
  });

  it('see one cause whichever comes first', () => {
    const causes = ['certificateNotTrusted', 'earlier', 'tls.unknownAuthority'];
    for (const order of [causes, [...causes].reverse()]) expect(mainCauses(order)).toEqual(['tls.unknownAuthority']);
  });

  it.each([
    ['a name that is not in the certificate', REFUSED, [tls('certificateRefused')], 'tls.certificateRefused'],
    [
      'a certificate that is not for servers',
      ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7A00'],
      [tls('certificateRefused')],
      'certificateUsage',
    ],
    [
      'TLS on a plain port',
      ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7200'],
      [tls('tlsOnPlainHttp')],
      'tls.tlsOnPlainHttp',
    ],
    [
      'plain HTTP on the TLS port',
      ['E (1) esp_https_ota: Client error (400)'],
      [tls('plainHttpOnTls')],
      'tls.plainHttpOnTls',
    ],
    [
      'no version in common',
      ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7780'],
      [tls('noSharedVersion')],
      'tls.noSharedVersion',
    ],
    [
      'a slow handshake',
      ['E (1) esp-tls: Failed to open new connection in specified timeout'],
      [tls('timeout')],
      'handshakeTooSlow',
    ],
    ['no memory', ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x7F00'], [tls('closed')], 'deviceMemory'],
    [
      'a path that is not there',
      ['E (1) esp_https_ota: File not found(404)', 'E (1) simple_ota_example: Firmware upgrade failed'],
      [asked(404)],
      'http.404',
    ],
    ['a login', ['E (1) esp_https_ota: Authorization Failed'], [asked(401)], 'http.401'],
    [
      'another chip, after which the board hangs up',
      ['E (1) esp_https_ota: Mismatch chip id, expected 0, found 5'],
      [asked(200), ended('aborted')],
      'wrongChip',
    ],
    [
      'a lost link',
      ['E (1) esp_https_ota: Connection closed before complete data was received!'],
      [asked(200), ended('aborted')],
      'connectionLost',
    ],
    [
      'a lost link that the board takes for a damaged image',
      ['E (1) esp_image: Checksum failed. Calculated 0xda read 0xdb'],
      [ended('aborted')],
      'download.aborted',
    ],
    [
      'a damaged image that came whole',
      ['E (1) esp_image: Checksum failed. Calculated 0xda read 0xdb'],
      [ended('complete')],
      'imageCorrupt',
    ],
    [
      'a client that is not let in',
      ['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x0050'],
      [{ kind: 'refused', atMs: 1, client, reason: 'publicAddress' }],
      'client.publicAddress',
    ],
  ] as [string, string[], TransferEvent[], string][])('agree on %s', (_, lines, transfers, cause) => {
    expect(causesOf(lines, transfers)).toEqual([cause]);
  });

  it('are two causes where one does not account for the other', () => {
    expect(causesOf(['E (1) esp-tls-mbedtls: mbedtls_ssl_handshake returned -0x2700'], [asked(404)])).toEqual([
      'certificateNotTrusted',
      'http.404',
    ]);
  });

  it('say nothing where nothing failed', () => {
    expect(diagnose({ failures: [], transfers: [asked(200), ended('complete')] })).toEqual([]);
  });
});

describe('what happens after an update', () => {
  it('is one cause: a crash that makes the bootloader go back', () => {
    expect(causesOf(["Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled."])).toEqual([
      'crashed',
    ]);
    expect(mainCauses(['crashed', 'rolledBack'])).toEqual(['crashed']);
    expect(mainCauses(['rolledBack', 'diagnosticsFailed'])).toEqual(['diagnosticsFailed']);
    expect(mainCauses(['power', 'crashed', 'rolledBack'])).toEqual(['power']);
  });

  it('never loses every cause', () => {
    const all = [
      'certificateNotTrusted',
      'tls.unknownAuthority',
      'tls.closed',
      'earlier',
      'download.aborted',
      'connectionLost',
      'imageCorrupt',
      'tls.other',
    ];
    for (const one of all) {
      for (const other of all) expect(mainCauses([one, other]).length, `${one} ${other}`).toBeGreaterThan(0);
    }
  });
});
