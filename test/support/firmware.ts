/** Files of a build for tests, made apart from the code under test: nothing here or in `examples/tools` imports `src/`. */
export {
  appendSignature,
  assemble,
  chipFacts,
  CHIPS,
  makeAppImage,
  makeBootloaderImage,
  makeOtadata,
  mergeFlash,
  OTA_STATES,
  pseudoCode,
  resealImage,
} from '../../examples/tools/firmware.mjs';
export { BUILT_IN_TABLES, makePartitionTable, parseTableCsv } from '../../examples/tools/partition-tables.mjs';
export type {
  AppImageOptions,
  BootloaderImageOptions,
  EmbeddedFile,
  HeaderOptions,
  ImageSegment,
} from '../../examples/tools/firmware.mjs';
export type { OtadataSlot } from '../../examples/tools/otadata.mjs';
export type { ChipFacts } from '../../examples/tools/chip-facts.mjs';
export type { PartitionRow } from '../../examples/tools/partition-tables.mjs';
