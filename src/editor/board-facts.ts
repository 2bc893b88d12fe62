import type { BoardFacts } from '../doctor/facts.ts';
import type { ChipSlots } from '../flash/slots.ts';
import { CHIPS } from '../image/chips.ts';
import type { ChipFacts } from './sessions/port-session.ts';

/** What the checks are told of a board, from what its chip said and what was read of its flash; undefined when neither is known.
 * The secure version is that of the application that runs: it wrote it to the eFuse when it confirmed itself, and one below the eFuse would not
 * boot. Before that confirmation the eFuse may be lower, so nothing is said.
 * @see ESP-IDF v5.5 `components/app_update/esp_ota_ops.c`, `esp_ota_mark_app_valid_cancel_rollback` */
export function boardFactsOf(
  chip: Omit<ChipFacts, 'atMs'> | undefined,
  read: ChipSlots | undefined,
): BoardFacts | undefined {
  if (chip === undefined && read === undefined) return undefined;
  const target = CHIPS.find(({ name }) => name === chip?.chip)?.target;
  const revision = /^v?(\d+)\.(\d+)$/.exec(chip?.revision ?? '');
  const boots = read?.boot.order[0]?.offset;
  const slot = read?.slots.find(({ partition }) => partition.offset === boots);
  const running = slot?.description;
  return {
    ...(target === undefined ? {} : { chip: target }),
    ...(revision === null ? {} : { chipRevision: Number(revision[1]) * 100 + Number(revision[2]) }),
    ...(chip?.flashSizeBytes === undefined ? {} : { flashSizeBytes: chip.flashSizeBytes }),
    ...(read === undefined ? {} : { partitions: read.partitions }),
    ...(running === undefined
      ? {}
      : {
          runningVersion: running.version,
          runningProject: running.projectName,
          ...(slot?.state === 'valid' ? { secureVersion: running.secureVersion } : {}),
          ...(running.spiFlashMode === undefined ? {} : { spiFlashMode: running.spiFlashMode }),
        }),
  };
}
