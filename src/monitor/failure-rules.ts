import type { CauseId, StageRule } from './stage-rule.ts';

type FailureRow = Omit<StageRule, 'stage' | 'failure' | 'cause'>;

function failure(name: string, cause: CauseId, row: FailureRow): StageRule {
  return { ...row, stage: 'failed', failure: name, cause };
}

const HANDSHAKE = 'mbedtls_ssl_handshake returned -0x';
const OTA_WRITE = 'Error: esp_ota_write failed! err=0x';

/** Lines that say that something failed. The error code of a failed write is printed in hexadecimal, and up to 4.4 in decimal behind the same
 * `0x`.
 * @see ESP-IDF v5.5 `components/esp-tls/`, `esp_http_client/`, `esp_https_ota/`, `app_update/`, `bootloader_support/`
 * @see Mbed TLS 3.6 `include/mbedtls/ssl.h` for the meaning of the negative codes */
export const FAILURE_RULES: readonly StageRule[] = [
  // the way to the server
  failure('nameNotResolved', 'nameNotResolved', {
    id: 'tls.dns',
    starts: "couldn't get hostname for :",
    then: /^(?<host>.*): getaddrinfo\(\) returns (?<code>-?\d+)/,
  }),
  failure('connectError', 'serverUnreachable', {
    id: 'tls.connect',
    tags: ['esp-tls'],
    starts: '[sock=',
    then: /^\d+\] (?:delayed )?connect\(\) error: (?<reason>.*)$/,
  }),
  failure('connectError', 'serverUnreachable', {
    id: 'tls.delayedConnect',
    tags: ['esp-tls'],
    starts: '[sock=',
    then: /^\d+\] delayed connect error: (?<reason>.*)$/,
  }),
  failure('connectTimeout', 'serverUnreachable', {
    id: 'tls.selectTimeout',
    tags: ['esp-tls'],
    starts: '[sock=',
    then: /^\d+\] select\(\) timeout/,
  }),
  failure('handshakeTimeout', 'handshakeTooSlow', {
    id: 'tls.handshakeTimeout',
    tags: ['esp-tls'],
    starts: 'Failed to open new connection in specified timeout',
  }),
  failure('noConnection', 'earlier', {
    id: 'tls.open',
    tags: ['esp-tls'],
    starts: 'Failed to open new connection',
    then: /^$/,
  }),

  // TLS
  failure('tlsCertificate', 'certificateNotTrusted', { id: 'tls.2700', starts: HANDSHAKE, then: /^(?<code>2700)\b/ }),
  failure('tlsCertificate', 'certificateNotTrusted', {
    id: 'tls.verify',
    starts: 'Failed to verify peer certificate!',
  }),
  failure('tlsCertificate', 'certificateNotTrusted', {
    id: 'tls.verifyInfo',
    starts: 'verification info: ',
    then: /^(?<reason>.*)$/,
  }),
  failure('tlsCertificateUsage', 'certificateUsage', { id: 'tls.7A00', starts: HANDSHAKE, then: /^(?<code>7a00)\b/i }),
  failure('tlsAlert', 'noSharedTls', { id: 'tls.7780', starts: HANDSHAKE, then: /^(?<code>7780)\b/ }),
  failure('tlsInvalidRecord', 'notTls', { id: 'tls.7200', starts: HANDSHAKE, then: /^(?<code>7200)\b/ }),
  failure('tlsClosed', 'connectionLost', {
    id: 'tls.closed',
    starts: HANDSHAKE,
    then: /^(?<code>7280|0050|50|004c|4c)\b/i,
  }),
  failure('tlsMemory', 'deviceMemory', {
    id: 'tls.memory',
    starts: HANDSHAKE,
    then: /^(?<code>7f00|008d|8d|3f80|2880|4d80)\b/i,
  }),
  failure('tlsProtocol', 'noSharedTls', { id: 'tls.protocol', starts: HANDSHAKE, then: /^(?<code>6e80|6e00)\b/i }),
  failure('tlsHandshake', 'earlier', { id: 'tls.other', starts: HANDSHAKE, then: /^(?<code>[0-9a-f]+)/i }),
  failure('embeddedCertificate', 'embeddedCertificateUnusable', {
    id: 'tls.parseCertificate',
    starts: 'mbedtls_x509_crt_parse',
    then: /^.* returned -0x(?<code>[0-9a-f]+)/i,
  }),
  failure('bundleHasNoRoot', 'certificateNotTrusted', {
    id: 'bundle.noRoot',
    tags: ['esp-x509-crt-bundle'],
    starts: 'No matching trusted root certificate found',
  }),
  failure('bundleHasNoRoot', 'certificateNotTrusted', {
    id: 'bundle.notVerified',
    tags: ['esp-x509-crt-bundle'],
    starts: 'Failed to verify certificate',
  }),
  failure('bundleHasOtherKey', 'certificateNotTrusted', {
    id: 'bundle.otherKey',
    tags: ['esp-x509-crt-bundle'],
    starts: 'Certificate matched but signature verification failed',
  }),
  failure('noServerVerification', 'noServerVerification', {
    id: 'ota.noVerification',
    starts: 'No option for server verification is enabled',
  }),
  failure('noServerVerification', 'noServerVerification', {
    id: 'ota.noCertificate',
    starts: 'Server certificate not found in esp_http_client config',
    until: '4.2',
  }),
  failure('noServerVerification', 'noServerVerification', {
    id: 'tls.noVerification',
    starts: 'No server verification option set in esp_tls_cfg_t structure',
  }),
  failure('tlsInvalidRecord', 'notTls', {
    id: 'tls.readRecord',
    tags: ['esp-tls-mbedtls'],
    starts: 'read error :-0x',
    then: /^(?<code>7200)\b/,
  }),
  failure('connectionRead', 'connectionLost', {
    id: 'tls.read',
    tags: ['esp-tls-mbedtls'],
    starts: 'read error :-0x',
    then: /^(?<code>[0-9a-f]+)/i,
  }),
  failure('connectionRead', 'connectionLost', {
    id: 'transport.read',
    starts: 'esp_tls_conn_read error, errno=',
    then: /^(?<errno>.*)$/,
  }),

  // HTTP
  failure('noConnection', 'earlier', { id: 'http.sock', tags: ['HTTP_CLIENT'], starts: 'Connection failed, sock < 0' }),
  failure('noConnection', 'earlier', {
    id: 'http.open',
    starts: 'Failed to open HTTP connection: ',
    then: /^(?<error>\w+)/,
  }),
  failure('noConnection', 'earlier', { id: 'http.establish', starts: 'Failed to establish HTTP connection' }),
  failure('noConnection', 'earlier', { id: 'transport.open', starts: 'Failed to open a new connection' }),
  failure('http.notFound', 'httpStatus', {
    id: 'http.notFound',
    starts: 'File not found(',
    then: /^(?<status>\d+)\)/,
    since: '4.3',
  }),
  failure('http.clientError', 'httpStatus', {
    id: 'http.clientError',
    starts: 'Client error (',
    then: /^(?<status>\d+)\)/,
    since: '4.3',
  }),
  failure('http.serverError', 'httpStatus', {
    id: 'http.serverError',
    starts: 'Server error (',
    then: /^(?<status>\d+)\)/,
    since: '4.3',
  }),
  failure('http.notModified', 'httpStatus', { id: 'http.notModified', starts: 'OTA image not modified', since: '5.5' }),
  failure('http.authentication', 'authentication', {
    id: 'http.authMethod',
    starts: 'This authentication method is not supported: ',
    then: /^(?<method>.*)$/,
  }),
  failure('http.authentication', 'authentication', {
    id: 'http.authHeader',
    starts: 'This request requires authentication, but does not provide',
  }),
  failure('http.authentication', 'authentication', {
    id: 'http.authRetries',
    starts: 'Reached max_authorization_retries',
  }),
  failure('http.authentication', 'authentication', { id: 'http.authFailed', starts: 'Authorization Failed' }),
  failure('http.redirect', 'redirect', {
    id: 'http.downgrade',
    starts: 'HTTPS origin can only redirect to https:// targets',
    then: /^(?: \(got (?<location>.*)\))?/,
    since: '5.5.5',
  }),
  failure('http.redirect', 'redirect', { id: 'http.redirect', starts: 'URL redirection Failed' }),
  failure('http.timeout', 'serverSlow', { id: 'http.timeout', starts: 'Connection timed out before data was ready!' }),

  // the image as it comes
  failure('imageHeaderIncomplete', 'imageTooShort', {
    id: 'ota.headerIncomplete',
    starts: 'Complete headers were not received',
  }),
  failure('imageHeaderIncomplete', 'imageTooShort', {
    id: 'ota.notFitLength',
    starts: 'received package is not fit len',
  }),
  failure('noImageDescription', 'notAnAppImage', {
    id: 'ota.getDescription',
    starts: 'esp_https_ota_get_img_desc failed',
    since: '5.3',
  }),
  failure('noImageDescription', 'notAnAppImage', {
    id: 'ota.readDescription',
    starts: 'esp_https_ota_read_img_desc failed',
    until: '5.2',
  }),
  failure('noImageDescription', 'notAnAppImage', {
    id: 'ota.descriptionMagic',
    starts: 'Incorrect app descriptor magic',
  }),
  failure('imageMagic', 'notAnAppImage', {
    id: 'ota.magic',
    starts: 'OTA image has invalid magic byte',
    then: /^(?: \(expected 0x(?<expected>[0-9a-f]+), saw 0x(?<found>[0-9a-f]+)\))?/i,
  }),
  failure('chipMismatch', 'wrongChip', {
    id: 'image.chipId',
    tags: ['boot_comm'],
    starts: 'mismatch chip ID, expected ',
    then: /^(?<expected>\d+), found (?<found>\d+)/,
  }),
  failure('chipMismatch', 'wrongChip', {
    id: 'ota.chipMismatch',
    tags: ['esp_https_ota'],
    starts: 'Mismatch chip id, expected ',
    then: /^(?<expected>\d+), found (?<found>\d+)/,
    since: '4.3',
    until: '6.0',
  }),
  failure('chipRevision', 'chipRevision', {
    id: 'image.revision',
    starts: 'chip revision check failed.',
    then: /^(?: Required (?<bound>[<>]=) v(?<required>\d+\.\d+), found v(?<found>\d+\.\d+))?/,
    since: '5.5',
  }),
  failure('chipRevision', 'chipRevision', {
    id: 'image.revisionOld',
    starts: 'Image requires chip rev ',
    then: /^(?<bound>[<>]=) v(?<required>\d+\.\d+), but chip is v(?<found>\d+\.\d+)/,
    since: '4.3',
    until: '5.4',
  }),
  failure('chipRevision', 'chipRevision', {
    id: 'image.revisionOldest',
    starts: "can't run on lower chip revision",
    until: '4.2',
  }),
  failure('chipRevision', 'chipRevision', {
    id: 'image.efuseRevision',
    starts: 'Image requires efuse blk rev ',
    then: /^(?<bound>[<>]=) v(?<required>\d+\.\d+), but chip is v(?<found>\d+\.\d+)/,
    since: '5.1',
  }),
  failure('spiModeMismatch', 'spiMode', {
    id: 'ota.spiMode',
    tags: ['esp_ota_ops'],
    starts: 'SPI flash mode mismatch: ',
    then: /^running app has mode (?<running>\d+), new app has mode (?<offered>\d+)/,
    since: '6.1',
  }),
  failure('sameVersion', 'sameVersion', {
    id: 'ota.sameVersion',
    starts: 'Current running version is the same as a new',
  }),
  failure('versionWasInvalid', 'versionRolledBackBefore', {
    id: 'ota.invalidVersion',
    starts: 'New version is the same as invalid version',
  }),
  failure('versionWasInvalid', 'versionRolledBackBefore', {
    id: 'ota.previousAttempt',
    starts: 'Previously, there was an attempt',
    then: /^.* with (?<version>\S+) version/,
  }),
  failure('secureVersionTooLow', 'secureVersion', {
    id: 'ota.secureVersion',
    starts: 'New firmware security version is less than eFuse programmed, ',
    then: /^(?<offered>\d+) < (?<required>\d+)/,
  }),
  failure('secureVersionTooLow', 'secureVersion', {
    id: 'ota.secureVersionBoot',
    tags: ['esp_ota_ops'],
    starts: 'This a new partition can not be booted due to a secure version',
  }),

  // writing it
  failure('pendingVerify', 'appNotConfirmed', {
    id: 'ota.pendingVerify',
    tags: ['esp_ota_ops'],
    starts: 'Running app has not confirmed state',
  }),
  failure('pendingVerify', 'appNotConfirmed', {
    id: 'ota.beginState',
    starts: 'esp_ota_begin failed (',
    then: /^(?<error>ESP_ERR_OTA_ROLLBACK_INVALID_STATE)/,
  }),
  failure('imageTooLarge', 'imageTooLarge', {
    id: 'ota.beginSize',
    starts: 'esp_ota_begin failed (',
    then: /^(?<error>ESP_ERR_INVALID_SIZE)/,
  }),
  failure('otaBegin', 'earlier', { id: 'ota.begin', starts: 'esp_ota_begin failed (', then: /^(?<error>\w+)/ }),
  failure('noOtadata', 'noOtaPartitions', { id: 'ota.noOtadata', tags: ['esp_ota_ops'], starts: 'not found otadata' }),
  failure('noSpareSlot', 'noOtaPartitions', { id: 'ota.noPassive', starts: 'Passive OTA partition not found' }),
  failure('noSpareSlot', 'noOtaPartitions', {
    id: 'ota.noStaging',
    starts: 'Given staging partition or another suitable Passive OTA partition could not be found',
  }),
  failure('imageTooLarge', 'imageTooLarge', { id: 'ota.writeSize', starts: OTA_WRITE, then: /^(?<code>104|260)$/ }),
  failure('flashWrite', 'flashFailure', {
    id: 'ota.writeFlash',
    starts: OTA_WRITE,
    then: /^(?<code>600[12]|2457[78])$/,
  }),
  failure('partitionReadOnly', 'partitionReadOnly', {
    id: 'ota.writeReadOnly',
    starts: OTA_WRITE,
    then: /^(?<code>10d|269)$/,
  }),
  failure('imageMagic', 'notAnAppImage', { id: 'ota.writeInvalid', starts: OTA_WRITE, then: /^(?<code>1503|5379)$/ }),
  failure('otaWrite', 'earlier', { id: 'ota.write', starts: OTA_WRITE, then: /^(?<code>[0-9a-f]+)/ }),
  failure('downloadIncomplete', 'connectionLost', { id: 'ota.incomplete', starts: 'Complete data was not received.' }),
  failure('downloadIncomplete', 'connectionLost', {
    id: 'http.incomplete',
    starts: 'Connection closed before complete data was received!',
    since: '5.0',
  }),
  failure('downloadIncomplete', 'connectionLost', {
    id: 'native.incomplete',
    starts: 'Error in receiving complete file',
  }),
  failure('downloadIncomplete', 'connectionLost', {
    id: 'http.closed',
    starts: 'Connection closed, errno = ',
    then: /^(?<errno>\d+)/,
  }),
  failure('downloadIncomplete', 'connectionLost', {
    id: 'http.read',
    starts: 'data read -1, errno ',
    then: /^(?<errno>\d+)/,
  }),
  failure('downloadIncomplete', 'connectionLost', { id: 'native.read', starts: 'Error: SSL data read error' }),

  // verifying it
  failure('imageChecksum', 'imageCorrupt', {
    id: 'image.checksum',
    tags: ['esp_image'],
    starts: 'Checksum failed. Calculated 0x',
    then: /^(?<computed>[0-9a-f]+) read 0x(?<stored>[0-9a-f]+)/,
  }),
  failure('imageDigest', 'imageCorrupt', {
    id: 'image.hash',
    tags: ['esp_image'],
    starts: 'Image hash failed - image is corrupt',
  }),
  failure('imageSegment', 'imageCorrupt', {
    id: 'image.segmentLength',
    tags: ['esp_image'],
    starts: 'invalid segment length 0x',
    then: /^(?<length>[0-9a-f]+)/,
  }),
  failure('imageEmpty', 'imageCorrupt', {
    id: 'image.magic',
    tags: ['esp_image'],
    starts: 'image at 0x',
    then: /^(?<offset>[0-9a-f]+) has invalid magic byte/,
  }),
  failure('imageTooLarge', 'imageTooLarge', {
    id: 'image.length',
    tags: ['esp_image'],
    starts: 'Image length ',
    then: /^(?<length>\d+) doesn't fit in partition length (?<room>\d+)/,
  }),
  failure('imageSegment', 'imageCorrupt', {
    id: 'image.segmentAddress',
    tags: ['esp_image'],
    starts: 'Segment ',
    then: /^(?<index>\d+) load address (?<address>0x[0-9a-f]+).* doesn't match data/,
  }),
  failure('imageInvalid', 'imageCorrupt', {
    id: 'ota.validation',
    starts: 'Image validation failed, image is corrupted',
  }),
  failure('imageInvalid', 'imageCorrupt', {
    id: 'ota.verification',
    starts: 'New image failed verification',
    since: '5.5',
  }),
  failure('signature', 'signature', { id: 'image.signature', starts: 'Secure boot signature verification failed' }),
  failure('signature', 'signature', { id: 'image.signatureBad', starts: 'image valid, signature bad' }),
  failure('imageInvalid', 'imageCorrupt', { id: 'image.corruptOnFlash', starts: 'image corrupted on flash' }),

  // the end of it
  failure('updateFailed', 'earlier', { id: 'simple.failed', starts: 'Firmware upgrade failed' }),
  failure('updateFailed', 'earlier', {
    id: 'advanced.failed',
    starts: 'ESP_HTTPS_OTA upgrade failed ',
    then: /^0x(?<code>[0-9a-f]+)/,
  }),
  failure('updateFailed', 'earlier', { id: 'advanced.begin', starts: 'ESP HTTPS OTA Begin failed' }),
  failure('updateFailed', 'earlier', { id: 'advanced.abort', starts: 'OTA abort', since: '5.0' }),
  failure('updateFailed', 'earlier', { id: 'native.fatal', starts: 'Exiting task due to fatal error...' }),
  failure('urlFromStdin', 'urlFromStdin', {
    id: 'example.stdin',
    starts: 'Configuration mismatch: wrong firmware upgrade image url',
  }),

  // starting up
  failure('partitionBeyondFlash', 'flashSize', {
    id: 'table.beyondFlash',
    tags: ['flash_parts'],
    starts: 'partition ',
    then: /^(?<index>\d+) invalid - offset (?<offset>0x[0-9a-f]+) size (?<size>0x[0-9a-f]+) exceeds flash chip size (?<flash>0x[0-9a-f]+)/,
  }),
  failure('partitionTableInvalid', 'partitionTable', {
    id: 'table.md5',
    tags: ['flash_parts'],
    starts: 'Incorrect MD5 checksum',
  }),
  failure('partitionTableInvalid', 'partitionTable', {
    id: 'table.unterminated',
    tags: ['flash_parts'],
    starts: 'partition table has no terminating entry',
  }),
  failure('partitionTableInvalid', 'partitionTable', {
    id: 'table.verify',
    tags: ['boot'],
    starts: 'Failed to verify partition table',
  }),
  failure('partitionTableInvalid', 'partitionTable', {
    id: 'table.load',
    tags: ['boot'],
    starts: 'load partition table error!',
  }),
  failure('slotNotBootable', 'nothingBootable', {
    id: 'boot.slotNotBootable',
    tags: ['boot'],
    starts: 'OTA app partition slot ',
    then: /^(?<slot>\d+) is not bootable/,
  }),
  failure('slotNotBootable', 'nothingBootable', {
    id: 'boot.factoryNotBootable',
    tags: ['boot'],
    starts: 'Factory app partition is not bootable',
    values: { slot: 'factory' },
  }),
  failure('nothingBootable', 'nothingBootable', {
    id: 'boot.nothing',
    tags: ['boot'],
    starts: 'No bootable app partitions in the partition table',
  }),
  failure('otadataInvalid', 'otadata', { id: 'boot.otadata', tags: ['boot'], starts: 'ota data partition invalid' }),
  failure('otadataInvalid', 'otadata', {
    id: 'boot.otadataSize',
    tags: ['boot'],
    starts: 'ota_info partition size ',
    then: /^(?<size>\d+) is too small/,
  }),
  failure('flashSmaller', 'flashSize', {
    id: 'flash.smaller',
    tags: ['spi_flash'],
    starts: 'Detected size(',
    then: /^(?<flashKb>\d+)k\) smaller than the size in the binary image header\((?<headerKb>\d+)k\)/,
  }),
  failure('noBootloader', 'noBootloader', {
    id: 'rom.invalidHeader',
    form: 'plain',
    starts: 'invalid header: 0x',
    then: /^(?<found>[0-9a-f]+)/,
  }),
  failure('flashUnreadable', 'flashFailure', {
    id: 'rom.flashRead',
    form: 'plain',
    starts: 'flash read err, ',
    then: /^(?<code>\d+)/,
  }),
];
