import { chosenOf, type ConfigOrigin, type ConfigReader } from './config-reader.ts';
import { isIdfAtLeast, type IdfVersion } from './idf-version.ts';
import { withoutUndefined } from './project-description.ts';

/** A value with the symbol it comes from (without `CONFIG_`) and where it stands. */
export interface ConfiguredText {
  readonly symbol: string;
  readonly value: string;
  readonly origin?: ConfigOrigin;
}

/** What the configuration says that matters to an update over the air. A property is missing when no file says anything about it. */
export interface OtaConfig {
  readonly firmwareUrl?: ConfiguredText;
  /** The URL is asked for on the console (value FROM_STDIN). */
  readonly isUrlFromConsole: boolean;
  /** Plain HTTP is allowed, under whichever name. */
  readonly allowsHttp: boolean;
  /** The option's name for this ESP-IDF, without `CONFIG_`. */
  readonly allowHttpSymbol: 'ESP_HTTPS_OTA_ALLOW_HTTP' | 'OTA_ALLOW_HTTP';
  readonly skipsCommonNameCheck?: boolean;
  readonly skipsVersionCheck?: boolean;
  /** The example's choice between the bundle and the embedded PEM. */
  readonly usesCertificateBundle?: boolean;
  /** Certificates that are added to the bundle; as written, relative to the project. */
  readonly customBundlePath?: ConfiguredText;
  readonly receiveTimeoutMs?: number;
  readonly isRollbackEnabled: boolean;
  readonly isAntiRollbackEnabled: boolean;
  readonly secureVersion?: number;
  /** The example asks for ranges; see also {@link canDownloadPartially}. */
  readonly isPartialDownloadEnabled?: boolean;
  /** esp_https_ota was built with ranged requests: always before ESP-IDF 6.0, an option from there. */
  readonly canDownloadPartially: boolean;
  readonly requestSizeBytes?: number;
  readonly isResumptionEnabled?: boolean;
  /** Largest TLS record the device takes, in bytes (16384 unless configured). */
  readonly tlsReceiveBytes: number;
  readonly checksCertificateTime?: boolean;
  readonly isSignatureRequired: boolean;
  readonly flashSizeBytes?: number;
  readonly partitionTableOffset: number;
  /** `v1` where the table itself is signed (64 KB alignment of applications). */
  readonly secureBoot?: 'v1' | 'v2';
}

const URL_SYMBOLS = ['EXAMPLE_FIRMWARE_UPGRADE_URL', 'EXAMPLE_FIRMWARE_UPG_URL'] as const;
const FLASH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128] as const;

/** The members of the Kconfig choice of the flash size. */
export const FLASH_SIZE_CHOICES: readonly string[] = FLASH_SIZES.map(
  (megabytes) => `ESPTOOLPY_FLASHSIZE_${megabytes}MB`,
);

/** @param symbols names of all symbols that sdkconfig and its defaults set, to find the URL option of a project that is no example
 * @see ESP-IDF v5.5 `components/esp_https_ota/Kconfig`, `examples/system/ota/` (`Kconfig.projbuild`) */
export function readOtaConfig(
  config: ConfigReader,
  idfVersion: IdfVersion | undefined,
  symbols: Iterable<string> = [],
): OtaConfig {
  const firmwareUrl = URL_SYMBOLS.map((symbol) => configuredText(config, symbol)).find((text) => text !== undefined);
  const url = firmwareUrl ?? otherUrl(config, symbols);
  return withoutUndefined({
    firmwareUrl: url,
    isUrlFromConsole: url?.value === 'FROM_STDIN',
    allowsHttp: config.bool('ESP_HTTPS_OTA_ALLOW_HTTP') ?? config.bool('OTA_ALLOW_HTTP') ?? false,
    allowHttpSymbol: isIdfAtLeast(idfVersion, 5, 0)
      ? ('ESP_HTTPS_OTA_ALLOW_HTTP' as const)
      : ('OTA_ALLOW_HTTP' as const),
    skipsCommonNameCheck: config.bool('EXAMPLE_SKIP_COMMON_NAME_CHECK'),
    skipsVersionCheck: config.bool('EXAMPLE_SKIP_VERSION_CHECK'),
    usesCertificateBundle: config.bool('EXAMPLE_USE_CERT_BUNDLE'),
    customBundlePath:
      config.bool('MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE') === true
        ? configuredText(config, 'MBEDTLS_CUSTOM_CERTIFICATE_BUNDLE_PATH')
        : undefined,
    receiveTimeoutMs: config.int('EXAMPLE_OTA_RECV_TIMEOUT'),
    isRollbackEnabled: config.bool('BOOTLOADER_APP_ROLLBACK_ENABLE') ?? config.bool('APP_ROLLBACK_ENABLE') ?? false,
    isAntiRollbackEnabled: config.bool('BOOTLOADER_APP_ANTI_ROLLBACK') ?? config.bool('APP_ANTI_ROLLBACK') ?? false,
    secureVersion: config.int('BOOTLOADER_APP_SECURE_VERSION') ?? config.int('APP_SECURE_VERSION'),
    isPartialDownloadEnabled: config.bool('EXAMPLE_ENABLE_PARTIAL_HTTP_DOWNLOAD'),
    canDownloadPartially:
      config.bool('ESP_HTTPS_OTA_ENABLE_PARTIAL_DOWNLOAD') ??
      !(idfVersion !== undefined && isIdfAtLeast(idfVersion, 6, 0)),
    requestSizeBytes: config.int('EXAMPLE_HTTP_REQUEST_SIZE'),
    isResumptionEnabled: config.bool('EXAMPLE_ENABLE_OTA_RESUMPTION'),
    tlsReceiveBytes: config.int('MBEDTLS_SSL_IN_CONTENT_LEN') ?? config.int('MBEDTLS_SSL_MAX_CONTENT_LEN') ?? 16384,
    checksCertificateTime: config.bool('MBEDTLS_HAVE_TIME_DATE'),
    isSignatureRequired:
      config.bool('SECURE_BOOT') === true || config.bool('SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT') === true,
    flashSizeBytes: flashSizeOf(config),
    partitionTableOffset: config.hex('PARTITION_TABLE_OFFSET') ?? 0x8000,
    secureBoot: secureBootOf(config),
  });
}

function configuredText(config: ConfigReader, symbol: string): ConfiguredText | undefined {
  const value = config.string(symbol);
  const origin = config.origin(symbol);
  return value === undefined ? undefined : { symbol, value, ...(origin === undefined ? {} : { origin }) };
}

function otherUrl(config: ConfigReader, symbols: Iterable<string>): ConfiguredText | undefined {
  for (const symbol of symbols) {
    if (!/(?:FIRMWARE|FW|OTA|UPGRADE|UPDATE).*UR[IL]/.test(symbol)) continue;
    const text = configuredText(config, symbol);
    if (text !== undefined && /^https?:\/\//i.test(text.value)) return text;
  }
  return undefined;
}

function secureBootOf(config: ConfigReader): OtaConfig['secureBoot'] {
  if (config.bool('SECURE_BOOT_V2_ENABLED') === true) return 'v2';
  if (config.bool('SECURE_BOOT_V1_ENABLED') === true) return 'v1';
  return undefined;
}

/** The flash size in bytes. The choice decides; the text CONFIG_ESPTOOLPY_FLASHSIZE is derived from it. */
function flashSizeOf(config: ConfigReader): number | undefined {
  const chosen = chosenOf(config, FLASH_SIZE_CHOICES) ?? config.string('ESPTOOLPY_FLASHSIZE');
  const megabytes = /(\d{1,3})MB$/.exec(chosen ?? '')?.[1];
  return megabytes === undefined ? undefined : Number(megabytes) * 0x10_0000;
}
