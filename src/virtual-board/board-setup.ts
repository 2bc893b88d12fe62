import './errors.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { OtaError } from '../base/ota-error.ts';
import { findChip } from './chip-profile.ts';
import { parseIdfVersion, type IdfVersion } from './idf-version.ts';
import type { ChipFacts } from './image-in-flash.ts';
import type { SigningScheme } from './image-signature.ts';
import type { BoardKnobs } from './knobs.ts';

/** Bytes and where they go in flash. */
export interface FlashPart {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The options the flashed bootloader was built with. */
export interface BootloaderOptions {
  /** `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE`, default false. */
  readonly hasRollback: boolean;
  /** `CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK`, default false; implies rollback. */
  readonly hasAntiRollback: boolean;
  /** `CONFIG_BOOTLOADER_OTA_DATA_ERASE`: a factory reset also erases otadata. Default true. */
  readonly factoryResetErasesOtadata: boolean;
}

/** The configuration that the running application was built with: what the image itself does not tell. */
export interface AppOptions {
  /** Which of ESP-IDF's OTA examples it behaves as; default `simple`. */
  readonly client: 'simple' | 'advanced' | 'native';
  /** The URL in the project's configuration, or `FROM_STDIN`: the app then reads one line from its console. Default `FROM_STDIN`. */
  readonly firmwareUrl: string;
  /** `once`: one try per power-on, reset or trigger by a user, none after the reboot into the new firmware. `always`: on every boot, as the real
   * examples do (simple_ota_example then updates for ever). `never`: only when triggered. Default `once`. */
  readonly updateOnBoot: 'once' | 'always' | 'never';
  /** `CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE` of the app, default false. */
  readonly hasRollback: boolean;
  /** `CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK` of the app, default false. */
  readonly hasAntiRollback: boolean;
  /** Whether it marks itself valid on the first boot. Default: true for advanced and native, false for simple, as in the real examples. */
  readonly confirmsAfterUpdate: boolean | undefined;
  /** `CONFIG_ESP_HTTPS_OTA_ALLOW_HTTP`, default false. */
  readonly allowsHttp: boolean;
  /** `CONFIG_EXAMPLE_SKIP_COMMON_NAME_CHECK`, default false. */
  readonly skipsCommonNameCheck: boolean;
  /** `CONFIG_EXAMPLE_SKIP_VERSION_CHECK`, default false. */
  readonly skipsVersionCheck: boolean;
  /** `CONFIG_EXAMPLE_USE_CERT_BUNDLE`: trust is looked up in the bundle in the image instead of its PEM blocks. Default false. */
  readonly usesCertBundle: boolean;
  /** `CONFIG_EXAMPLE_OTA_RECV_TIMEOUT`, default 5000. */
  readonly receiveTimeoutMs: number;
  /** `CONFIG_EXAMPLE_ENABLE_PARTIAL_HTTP_DOWNLOAD` with `CONFIG_EXAMPLE_HTTP_REQUEST_SIZE`; only the advanced example has it. */
  readonly partialDownload: { readonly requestSizeBytes: number } | undefined;
  /** `CONFIG_EXAMPLE_ENABLE_OTA_RESUMPTION` with `CONFIG_EXAMPLE_OTA_BUF_SIZE` (default 1024); only the advanced example has it. */
  readonly resumption: { readonly bufferBytes?: number } | undefined;
  /** `CONFIG_MBEDTLS_SSL_IN_CONTENT_LEN`, default 16384: larger TLS records are refused with -0x7200. */
  readonly tlsInContentLenBytes: number;
  /** `CONFIG_MBEDTLS_SSL_PROTO_TLS1_3`: off (TLS 1.2 only, the default of ESP-IDF), on beside 1.2, or the only one. */
  readonly tls13: 'off' | 'on' | 'only';
  /** `CONFIG_MBEDTLS_HAVE_TIME_DATE`, default false: validity dates are not looked at. */
  readonly checksDates: boolean;
  /** `CONFIG_ESP_HTTP_CLIENT_ENABLE_BASIC_AUTH`, default false. */
  readonly hasBasicAuth: boolean;
  /** `CONFIG_SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT`: updates have to be signed. Default undefined: no signature is asked for. */
  readonly signing: SigningScheme | undefined;
  /** `CONFIG_ESP_HTTPS_OTA_VERIFY_SPI_MODE`, default true; has an effect from 6.1 on. */
  readonly verifiesSpiMode: boolean;
}

/** Simulated durations in milliseconds, all 0 by default. */
export interface BoardDelays {
  /** From reset to the first line of the application. */
  readonly bootMs: number;
  /** From the application's start to its address. */
  readonly wifiMs: number;
  /** The `vTaskDelay` before the restart into the new firmware. */
  readonly restartMs: number;
  /** The five seconds of diagnostics of native_ota_example. */
  readonly diagnosticsMs: number;
  /** Pause of a board that cannot boot, before it tries again. Default 1000. */
  readonly bootLoopMs: number;
}

export interface BoardSetup {
  /** ESP-IDF target name, such as `esp32s3`. */
  readonly chip: string;
  /** major * 100 + minor; default: that of boards one can buy. */
  readonly chipRevision?: number;
  /** major * 100 + minor, default 3 (v0.3). */
  readonly efuseBlockRevision?: number;
  /** Real size of the flash chip, default 4 MB. */
  readonly flashSizeBytes?: number;
  readonly parts: readonly FlashPart[];
  /** `CONFIG_PARTITION_TABLE_OFFSET`, default 0x8000. */
  readonly partitionTableOffset?: number;
  /** The ESP-IDF release to behave like; default: the one in the running image's description, or 5.5.0. */
  readonly idfVersion?: string;
  /** IPv4 address that the console announces, default 127.0.0.1. */
  readonly address?: string;
  /** Default 24:0a:c4:00:00:01. */
  readonly macAddress?: string;
  /** Names that the board's network resolves by itself (mDNS): host name → address. */
  readonly hosts?: Readonly<Record<string, string>>;
  /** Anti-rollback version in the (emulated) eFuse, default 0. */
  readonly secureVersion?: number;
  readonly bootloader?: Partial<BootloaderOptions>;
  readonly app?: Partial<AppOptions>;
  readonly knobs?: BoardKnobs;
  readonly delays?: Partial<BoardDelays>;
  readonly clock?: Clock;
}

const APP_DEFAULTS: AppOptions = {
  client: 'simple',
  firmwareUrl: 'FROM_STDIN',
  updateOnBoot: 'once',
  hasRollback: false,
  hasAntiRollback: false,
  confirmsAfterUpdate: undefined,
  allowsHttp: false,
  skipsCommonNameCheck: false,
  skipsVersionCheck: false,
  usesCertBundle: false,
  receiveTimeoutMs: 5000,
  partialDownload: undefined,
  resumption: undefined,
  tlsInContentLenBytes: 16384,
  tls13: 'off',
  checksDates: false,
  hasBasicAuth: false,
  signing: undefined,
  verifiesSpiMode: true,
};

/** A setup with every default filled in. */
export interface FullSetup {
  readonly chip: ChipFacts;
  readonly flashSizeBytes: number;
  readonly partitionTableOffset: number;
  readonly idfVersion: IdfVersion | undefined;
  readonly address: string;
  readonly macAddress: string;
  readonly hosts: Readonly<Record<string, string>>;
  readonly bootloader: BootloaderOptions;
  readonly app: AppOptions;
  readonly delays: BoardDelays;
  readonly clock: Clock;
}

function given<T extends object>(options: T | undefined): Partial<T> {
  if (options === undefined) return {};
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

export function withAppDefaults(options: Partial<AppOptions> | undefined, base: AppOptions = APP_DEFAULTS): AppOptions {
  return { ...base, ...given(options) };
}

/** @throws {OtaError} `board.badSetup` for an unknown chip, an impossible flash size or an ESP-IDF version that is none. */
export function completeSetup(setup: BoardSetup): FullSetup {
  const profile = findChip(setup.chip);
  if (profile === undefined) throw new OtaError('board.badSetup', { field: 'chip', reason: 'unknownChip' });
  const flashSizeBytes = setup.flashSizeBytes ?? 0x400000;
  if (!Number.isSafeInteger(flashSizeBytes) || flashSizeBytes < 0x10000 || flashSizeBytes > 0x8000000) {
    throw new OtaError('board.badSetup', { field: 'flashSizeBytes', reason: 'outOfRange' });
  }
  const idfVersion = setup.idfVersion === undefined ? undefined : parseIdfVersion(setup.idfVersion);
  if (setup.idfVersion !== undefined && idfVersion === undefined) {
    throw new OtaError('board.badSetup', { field: 'idfVersion', reason: 'notAVersion' });
  }
  return {
    chip: {
      profile,
      revision: setup.chipRevision ?? profile.usualRevision,
      efuseBlockRevision: setup.efuseBlockRevision ?? 3,
    },
    flashSizeBytes,
    partitionTableOffset: setup.partitionTableOffset ?? 0x8000,
    idfVersion,
    address: setup.address ?? '127.0.0.1',
    macAddress: setup.macAddress ?? '24:0a:c4:00:00:01',
    hosts: setup.hosts ?? {},
    bootloader: {
      hasRollback: false,
      hasAntiRollback: false,
      factoryResetErasesOtadata: true,
      ...given(setup.bootloader),
    },
    app: withAppDefaults(setup.app),
    delays: { bootMs: 0, wifiMs: 0, restartMs: 0, diagnosticsMs: 0, bootLoopMs: 1000, ...given(setup.delays) },
    clock: setup.clock ?? systemClock,
  };
}
