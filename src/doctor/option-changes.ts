import { builtInTable } from '../image/built-in-tables.ts';
import { parsePartitionCsv } from '../image/partition-csv.ts';
import { isIdfAtLeast } from '../idf/idf-version.ts';
import type { IdfProject } from '../idf/project.ts';
import { smallestOtaSlot } from '../idf/partition-source.ts';
import type { OptionValue } from './finding.ts';

type Options = Readonly<Record<string, OptionValue>>;

const MEGABYTE = 0x10_0000;
/** Both built-in tables with two OTA slots end at 4 MB at the latest. */
const OTA_TABLE_BYTES = 4 * MEGABYTE;

/** The smallest flash size that Kconfig offers for so many bytes; undefined beyond 128 MB. */
export function flashSizeFor(bytes: number): number | undefined {
  return [1, 2, 4, 8, 16, 32, 64, 128].map((megabytes) => megabytes * MEGABYTE).find((size) => size >= bytes);
}

/** Sets the flash size, one of those Kconfig offers.
 * @see ESP-IDF v5.5 `components/esptool_py/Kconfig.projbuild` */
export function flashSizeOptions(bytes: number): Options {
  return { [`ESPTOOLPY_FLASHSIZE_${bytes / MEGABYTE}MB`]: true };
}

/** Smallest OTA slot of one of ESP-IDF's own tables, in bytes. */
export function slotBytesOf(file: string): number {
  const { partitions } = parsePartitionCsv(builtInTable(file)?.csv ?? '');
  return smallestOtaSlot(partitions)?.size ?? 0;
}

/** Picks a built-in table with two OTA slots: the one with a factory slot as long as the application fits into its slots, else the one with
 * larger slots (from ESP-IDF 5.4, and not together with core dumps in flash). Raises the flash size to the table's 4 MB where it is smaller. */
export function otaTableOptions({ partitionTable, idfVersion, app, ota }: IdfProject): Options {
  const isLarge =
    (app?.bytes.length ?? 0) > slotBytesOf('partitions_two_ota.csv') &&
    isIdfAtLeast(idfVersion, 5, 4) &&
    !partitionTable.choice.hasCoredump;
  return {
    [isLarge ? 'PARTITION_TABLE_TWO_OTA_LARGE' : 'PARTITION_TABLE_TWO_OTA']: true,
    ...((ota.flashSizeBytes ?? 0) < OTA_TABLE_BYTES ? flashSizeOptions(OTA_TABLE_BYTES) : {}),
  };
}
