/** How much a finding stands in the way: an `error` makes the next update fail, a `warning` may or will hurt later, `information` is worth knowing. */
export type Severity = 'error' | 'warning' | 'information';

/** What a finding is about, in the order in which groups are shown. */
export const FINDING_GROUPS = [
  'project',
  'layout',
  'url',
  'http',
  'certificate',
  'version',
  'image',
  'behaviour',
  'host',
] as const;

export type FindingGroup = (typeof FINDING_GROUPS)[number];

export type DetailValue = string | number | boolean;
type NoDetails = Readonly<Record<string, never>>;

/** Details of something that has a code of its own, with what that code has. */
export type Coded = Readonly<Record<string, DetailValue>> & { readonly code: string };

interface FindingKind<Details> {
  readonly group: FindingGroup;
  /** The usual one; a check may say another where the case is milder or worse. */
  readonly severity: Severity;
  /** Never set: carries the type of the details. */
  readonly details?: Details;
}

function kind<Details extends Readonly<Record<keyof Details, DetailValue>> = NoDetails>(
  group: FindingGroup,
  severity: Severity,
): FindingKind<Details> {
  return { group, severity };
}

/** Every finding there is, with its group, its usual severity and its details. `docs/findings.md` has a heading for each, whose anchor is the id. Sizes and
 * offsets are in bytes, dates in milliseconds since 1970. */
export const FINDINGS = {
  /** A problem in one of the project's files, told by its own code and details (`src/idf/errors.ts`). */
  'project-file': kind<Coded>('project', 'warning'),

  /** `reason`: `csvMissing`, `unknownBuiltIn`, or `noFile` for a choice that has no table. */
  'layout-table-missing': kind<{ reason: string; file: string }>('layout', 'error'),
  'layout-no-ota-slots': kind<{ table: string }>('layout', 'error'),
  'layout-no-otadata': kind<{ slots: number }>('layout', 'error'),
  /** One OTA slot, which can not be written while it runs. */
  'layout-one-slot': kind<{ slot: string; hasFactory: boolean }>('layout', 'error'),
  /** `slot` is the smallest of `tooSmall` slots that the application does not fit into, of `slots`. */
  'layout-app-too-large': kind<{ slot: string; slotBytes: number; appBytes: number; tooSmall: number; slots: number }>(
    'layout',
    'error',
  ),
  'layout-app-nearly-full': kind<{ slot: string; slotBytes: number; appBytes: number }>('layout', 'warning'),
  'layout-exceeds-flash': kind<{ label: string; endBytes: number; flashBytes: number }>('layout', 'error'),
  /** These five are what ESP-IDF's generator says of a row; `code` is that of the problem, with its details. */
  'layout-overlap': kind<Coded>('layout', 'error'),
  'layout-alignment': kind<Coded>('layout', 'error'),
  'layout-names': kind<Coded>('layout', 'error'),
  'layout-otadata-size': kind<Coded>('layout', 'error'),
  'layout-row': kind<Coded>('layout', 'error'),
  /** The image was made for another flash size than sdkconfig has now. */
  'layout-flash-size-image': kind<{ imageBytes: number; configuredBytes: number; file: string }>('layout', 'warning'),
  'layout-flash-size-board': kind<{ boardBytes: number; configuredBytes: number }>('layout', 'error'),
  /** The table on the board is another than the project's; its OTA slots. */
  'layout-board-table': kind<{ slots: number; smallestBytes: number }>('layout', 'warning'),

  'url-placeholder': kind<{ url: string }>('url', 'error'),
  'url-invalid': kind<{ url: string }>('url', 'error'),
  'url-too-long': kind<{ length: number; most: number }>('url', 'error'),
  'url-ipv6-brackets': kind<{ url: string; host: string }>('url', 'error'),
  'url-localhost': kind<{ host: string }>('url', 'warning'),
  /** `expected` is the address that firmware should be told; `isPrivate` when the URL's host can only be a computer of a local network. */
  'url-other-host': kind<{ host: string; expected: string; isPrivate: boolean }>('url', 'warning'),
  'url-port': kind<{ port: number; expected: number; isOn: boolean }>('url', 'error'),
  'url-scheme': kind<{ scheme: string; expected: string; isOn: boolean }>('url', 'error'),
  'url-file': kind<{ file: string; expected: string; isOn: boolean }>('url', 'error'),

  'http-not-allowed': kind<{ option: string; hasCertificate: boolean }>('http', 'error'),
  /** An option name of another ESP-IDF, which this one ignores. */
  'http-option-name': kind<{ option: string; expected: string; idf: string }>('http', 'warning'),
  'http-no-verification': kind<{ hasBundle: boolean }>('http', 'error'),

  'certificate-file-missing': kind<{ file: string }>('certificate', 'error'),
  'certificate-file-differs': kind<{ file: string; isImageRight: boolean }>('certificate', 'error'),
  'certificate-not-in-image': kind<{ file: string; image: string }>('certificate', 'error'),
  'certificate-example': kind<{ file: string }>('certificate', 'error'),
  'certificate-bundle': kind<{ option: string }>('certificate', 'error'),
  /** The bundle takes a file that is not there or has another certificate. */
  'certificate-bundle-file': kind<{ file: string; isMissing: boolean }>('certificate', 'error'),
  'certificate-host': kind<{ host: string; names: string }>('certificate', 'error'),
  'certificate-ip-name': kind<{ host: string; idf: string }>('certificate', 'error'),
  /** `what`: the server's certificate, or the one that firmware embeds. */
  'certificate-expired': kind<{ what: 'server' | 'embedded'; atMs: number; isOver: boolean }>('certificate', 'error'),
  'certificate-key-kind': kind<{ what: 'server' | 'embedded'; key: string }>('certificate', 'error'),
  'certificate-signature': kind<{ what: 'server' | 'embedded'; signature: string }>('certificate', 'error'),
  'certificate-private-key': kind<{ file: string; isTracked: boolean }>('certificate', 'warning'),

  'version-same': kind<{ version: string; isRefused: boolean }>('version', 'warning'),
  'version-lower': kind<{ version: string; running: string }>('version', 'warning'),
  'version-not-semantic': kind<{ version: string; file: string }>('version', 'warning'),
  'version-txt-ignored': kind<{ value: string; by: string }>('version', 'warning'),
  'version-source-unused': kind<Coded>('version', 'warning'),
  'version-not-built': kind<{ built: string; effective: string; isGit: boolean }>('version', 'warning'),
  'version-old-image': kind<{ file: string; image: string }>('version', 'warning'),
  'version-too-long': kind<{ version: string; effective: string }>('version', 'warning'),
  'version-git-dirty': kind<{ version: string }>('version', 'information'),
  /** What else is odd about a source of the version: several lines, a computed value, a condition, a field left out. */
  'version-source': kind<Coded>('version', 'information'),

  'image-missing': kind<{ hasBuildFolder: boolean }>('image', 'information'),
  /** What `recogniseFile` takes it for. */
  'image-not-an-app': kind<{ file: string; kind: string }>('image', 'error'),
  /** `check`: `magic`, `segments`, `checksum` or `digest`. */
  'image-damaged': kind<{ file: string; check: string }>('image', 'error'),
  'image-too-short': kind<{ file: string; bytes: number; needed: number }>('image', 'error'),
  'image-wrong-chip': kind<{ file: string; found: string; expected: string }>('image', 'error'),
  /** Revisions are major * 100 + minor; a `maximum` of 0 is none. */
  'image-chip-revision': kind<{ file: string; minimum: number; maximum: number; revision: number }>('image', 'error'),
  'image-spi-mode': kind<{ file: string; found: string; expected: string }>('image', 'error'),
  'image-unsigned': kind<{ file: string }>('image', 'error'),
  'image-signature': kind<{ file: string; scheme: string }>('image', 'error'),
  'image-secure-version': kind<{ file: string; found: number; minimum: number }>('image', 'error'),
  'image-no-update-client': kind<{ file: string }>('image', 'warning'),

  'behaviour-never-confirms': kind<{ call: string }>('behaviour', 'warning'),
  'behaviour-rollback-only-app': kind<{ option: string }>('behaviour', 'warning'),
  'behaviour-rollback-only-bootloader': kind<{ option: string }>('behaviour', 'warning'),
  'behaviour-wifi-placeholder': kind<{ option: string; ssid: string }>('behaviour', 'warning'),
  'behaviour-short-timeout': kind<{ timeoutMs: number; imageBytes: number; least: number }>('behaviour', 'warning'),
  'behaviour-partial-download': kind<{ option: string; idf: string }>('behaviour', 'error'),
  /** `level`: 0 none, 1 error, 2 warn. */
  'behaviour-log-level': kind<{ option: string; level: number; isBootloader: boolean }>('behaviour', 'warning'),

  'host-port-taken': kind<{ port: number }>('host', 'error'),
  'host-loopback': kind<{ bindHost: string }>('host', 'error'),
  'host-several-addresses': kind<{ addresses: string; host: string }>('host', 'information'),
  /** The address that the built image asks, and the one that its configuration has now. */
  'host-address-changed': kind<{ host: string; expected: string }>('host', 'warning'),
  'host-wsl': kind<{ address: string; port: number }>('host', 'warning'),
  'host-container': kind<{ address: string; port: number }>('host', 'warning'),
  'host-remote': kind<{ address: string }>('host', 'information'),
  /** A board began to download so many seconds ago and nothing came. */
  'host-no-request': kind<{ seconds: number; platform: string; port: number }>('host', 'error'),
} as const;

export type FindingId = keyof typeof FINDINGS;
export type FindingDetails<Id extends FindingId> = NonNullable<(typeof FINDINGS)[Id]['details']>;

/** What a fix does, for its title. */
export const FIXES = [
  'build',
  'flashFully',
  'useOtaTable',
  'setFlashSize',
  'setOtadataSize',
  'setUrl',
  'selectAddress',
  'allowHttp',
  'installCertificate',
  'renewCertificate',
  'addToBundle',
  'embedCertificate',
  'ignoreKey',
  'bumpVersion',
  'useVersionTxt',
  'setUp',
  'disableRollback',
  'setTimeout',
  'allowPartialDownload',
  'setLogLevel',
  'changePort',
  'showServerLog',
  'checkSetup',
  'copyUrl',
  'startServer',
  'allowTls12',
  'setTlsBuffer',
  'useDynamicBuffers',
  'enableAuthentication',
  'skipSpiMode',
  'urlFromConsole',
] as const;

export type FixId = (typeof FIXES)[number];
