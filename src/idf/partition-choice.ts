import { chosenOf, type ConfigReader } from './config-reader.ts';

/** Which partition CSV a configuration picks. */
export interface PartitionChoice {
  /** Kconfig symbol of the choice, such as `PARTITION_TABLE_TWO_OTA`; undefined when nothing is configured (then it is the default, SINGLE_APP)
   * or when it is one that is not known here. */
  readonly choice?: string;
  /** A file of ESP-IDF, or one of the project. Undefined when the choice has no file for it: the build stops. */
  readonly file?: string;
  readonly isCustom: boolean;
  readonly hasCoredump: boolean;
  /** CONFIG_PARTITION_TABLE_FILENAME when it still names the file of an earlier choice. */
  readonly staleFileName?: string;
}

/** File of each choice, and the one used when core dumps go to flash (undefined: the choice has none, and its file name becomes empty).
 * @see ESP-IDF v5.5 `components/partition_table/Kconfig.projbuild` */
const FILES: Readonly<Record<string, { readonly plain: string; readonly coredump: string | undefined }>> = {
  PARTITION_TABLE_SINGLE_APP: { plain: 'partitions_singleapp.csv', coredump: 'partitions_singleapp_coredump.csv' },
  PARTITION_TABLE_SINGLE_APP_LARGE: {
    plain: 'partitions_singleapp_large.csv',
    coredump: 'partitions_singleapp_large_coredump.csv',
  },
  PARTITION_TABLE_TWO_OTA: { plain: 'partitions_two_ota.csv', coredump: 'partitions_two_ota_coredump.csv' },
  PARTITION_TABLE_TWO_OTA_LARGE: { plain: 'partitions_two_ota_large.csv', coredump: undefined },
  PARTITION_TABLE_SINGLE_APP_ENCRYPTED_NVS: same('partitions_singleapp_encr_nvs.csv'),
  PARTITION_TABLE_SINGLE_APP_LARGE_ENC_NVS: same('partitions_singleapp_large_encr_nvs.csv'),
  PARTITION_TABLE_TWO_OTA_ENCRYPTED_NVS: same('partitions_two_ota_encr_nvs.csv'),
  PARTITION_TABLE_SINGLE_APP_TEE: same('partitions_singleapp_tee.csv'),
  PARTITION_TABLE_TWO_OTA_TEE: same('partitions_two_ota_tee.csv'),
};

/** The members of the Kconfig choice: exactly one of them is `y`. */
export const PARTITION_TABLE_CHOICES: readonly string[] = [...Object.keys(FILES), 'PARTITION_TABLE_CUSTOM'];

function same(file: string): { plain: string; coredump: string } {
  return { plain: file, coredump: file };
}

/** The file for a configuration. The choice decides and not CONFIG_PARTITION_TABLE_FILENAME, which Kconfig derives from it: after an edit of sdkconfig
 * it is stale until the next configure run. For a choice unknown here that name is all there is. */
export function choosePartitionTable(config: ConfigReader): PartitionChoice {
  const hasCoredump =
    (config.bool('ESP_COREDUMP_ENABLE_TO_FLASH') ?? config.bool('ESP32_COREDUMP_ENABLE_TO_FLASH')) === true;
  const configured = config.string('PARTITION_TABLE_FILENAME');
  const choice = chosenOf(config, PARTITION_TABLE_CHOICES);
  if (choice === undefined && configured !== undefined && configured !== '') {
    return { file: configured, isCustom: !/^partitions_\w+\.csv$/.test(configured), hasCoredump };
  }
  const isCustom = choice === 'PARTITION_TABLE_CUSTOM';
  const files = FILES[choice ?? 'PARTITION_TABLE_SINGLE_APP'];
  const file = isCustom
    ? (config.string('PARTITION_TABLE_CUSTOM_FILENAME') ?? 'partitions.csv')
    : hasCoredump
      ? files?.coredump
      : files?.plain;
  return {
    ...(choice === undefined ? {} : { choice }),
    ...(file === undefined ? {} : { file }),
    isCustom,
    hasCoredump,
    ...(configured !== undefined && configured !== (file ?? '') ? { staleFileName: configured } : {}),
  };
}
