import type { BoardConsole } from './board-console.ts';
import type { BootloaderOptions } from './board-setup.ts';
import { formatIdfVersion, isAtLeast, type IdfVersion } from './idf-version.ts';
import { descriptionInFlash, verifyInFlash, type ChipFacts, type ImageInFlash, type Log } from './image-in-flash.ts';
import type { BoardKnobs } from './knobs.ts';
import { SECTOR_BYTES, type NorFlash } from './nor-flash.ts';
import {
  activeEntry,
  isBlank,
  isInvalid,
  isValid,
  OTA_ABORTED,
  OTA_NEW,
  OTA_PENDING_VERIFY,
  OTA_VALID,
  readEntries,
  rewriteState,
  selectEntry,
  slotOf,
  writeEntry,
  type EntryPair,
} from './otadata-entries.ts';
import {
  APP_FACTORY,
  APP_TEST,
  DATA_NVS,
  DATA_OTA,
  findRow,
  isOtaRow,
  readRows,
  TYPE_APP,
  TYPE_DATA,
  usageWords,
  type Row,
} from './partition-rows.ts';
import { modeWord, type FlashedBootloader } from './rom.ts';

/** The fuses that count up: survives everything but a new board. */
export interface SecureVersionFuse {
  value: number;
}

export interface BootContext {
  readonly flash: NorFlash;
  readonly chip: ChipFacts;
  readonly tableOffset: number;
  readonly options: BootloaderOptions;
  readonly knobs: BoardKnobs;
  readonly found: FlashedBootloader;
  /** Behaviour and wording. */
  readonly idf: IdfVersion;
  readonly out: BoardConsole;
  readonly fuse: SecureVersionFuse;
}

export interface Booted {
  readonly row: Row;
  readonly rows: readonly Row[];
  readonly image: ImageInFlash;
}

/** Index of a start candidate: −1 is factory, 0… the OTA rows in table order. */
const FACTORY = -1;

interface Table {
  readonly rows: readonly Row[];
  readonly factory: Row | undefined;
  readonly test: Row | undefined;
  readonly ota: readonly Row[];
  readonly otadata: Row | undefined;
}

interface Choice {
  readonly index: number;
  /** Both entries are blank or damaged and there is no factory: the sequence of what loads is written down. */
  readonly writesSequence: boolean;
}

const SPEEDS: Record<string, Record<number, number>> = {
  esp32c2: { 0: 30, 1: 20, 2: 15, 15: 60 },
  esp32h2: { 0: 24, 1: 16, 2: 12, 15: 48 },
  esp32h21: { 0: 24, 1: 16, 2: 12, 15: 48 },
  esp32h4: { 0: 24, 1: 16, 2: 12, 15: 48 },
  esp32c6: { 0: 80, 2: 20, 15: 80 },
};
const USUAL_SPEEDS: Record<number, number> = { 0: 40, 1: 26, 2: 20, 15: 80 };

/** The second-stage bootloader: which application it loads, what it writes into otadata on the way, and its console. Undefined when nothing is
 * bootable (the chip then resets).
 * @see ESP-IDF v5.5 components/bootloader_support/src/bootloader_utility.c */
export function runBootloader(context: BootContext): Booted | undefined {
  const { out } = context;
  printBanner(context);
  const log: Log = (level, tag, message) => {
    out.log(level, tag, message);
  };
  const rows = readRows(context.flash, context.tableOffset, context.found.header.flashSizeBytes, log);
  if (rows === undefined) {
    log('E', 'boot', 'Failed to verify partition table');
    log('E', 'boot', 'load partition table error!');
    return undefined;
  }
  printTable(rows, out);
  const ota = rows.filter(isOtaRow).sort((left, right) => left.subtype - right.subtype);
  const table: Table = {
    rows,
    ota,
    factory: findRow(rows, TYPE_APP, APP_FACTORY),
    test: findRow(rows, TYPE_APP, APP_TEST),
    otadata: findRow(rows, TYPE_DATA, DATA_OTA),
  };
  const choice = chooseStart(context, table);
  if (choice === 'none') return undefined;
  const booted = choice === 'test' ? loadTest(context, table) : loadFrom(context, table, choice);
  if (booted === undefined) return undefined;
  log('I', 'boot', 'Disabling RNG early entropy source...');
  return { ...booted, rows };
}

function printBanner({ out, found, idf, chip }: BootContext): void {
  const say = (message: string): void => {
    out.log('I', 'boot', message);
  };
  say(`ESP-IDF ${found.idfVersionText ?? formatIdfVersion(idf)} 2nd stage bootloader`);
  if (found.compiled !== undefined) say(`compile time ${found.compiled}`);
  if (isAtLeast(idf, 5, 2)) say(chip.profile.cores === 2 ? 'Multicore bootloader' : 'Unicore bootloader');
  say(
    isAtLeast(idf, 4, 4)
      ? `chip revision: v${Math.floor(chip.revision / 100)}.${chip.revision % 100}`
      : `chip revision: ${Math.floor(chip.revision / 100)}`,
  );
  if (isAtLeast(idf, 5, 1) && chip.profile.target !== 'esp32') {
    say(`efuse block revision: v${Math.floor(chip.efuseBlockRevision / 100)}.${chip.efuseBlockRevision % 100}`);
  }
  const tag = `boot.${chip.profile.target}`;
  const speed = (SPEEDS[chip.profile.target] ?? USUAL_SPEEDS)[found.header.spiSpeed] ?? 40;
  out.log('I', tag, `SPI Speed      : ${speed}MHz`);
  out.log('I', tag, `SPI Mode       : ${modeWord(found.header)}`);
  out.log('I', tag, `SPI Flash Size : ${found.header.flashSizeBytes / 0x100000}MB`);
  say('Enabling RNG early entropy source...');
}

function printTable(rows: readonly Row[], out: BoardConsole): void {
  const say = (message: string): void => {
    out.log('I', 'boot', message);
  };
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, '0');
  say('Partition Table:');
  say('## Label            Usage          Type ST Offset   Length');
  rows.forEach((row, index) => {
    say(
      `${index.toString().padStart(2)} ${row.label.padEnd(16)} ${usageWords(row).padEnd(16)} ${hex(row.type, 2)} ${hex(row.subtype, 2)} ${hex(row.offset, 8)} ${hex(row.size, 8)}`,
    );
  });
  say('End of partition table');
}

function chooseStart(context: BootContext, table: Table): Choice | 'test' | 'none' {
  const { out, knobs } = context;
  if (knobs.holdsFactoryReset === true) factoryReset(context, table);
  else if (knobs.holdsTestApp === true) {
    out.log('I', 'boot', 'Detect a boot condition of the test firmware');
    if (table.test !== undefined) return 'test';
    out.log('E', 'boot', 'Test firmware is not found in partition table');
    return 'none';
  }
  if (table.otadata === undefined) return { index: FACTORY, writesSequence: false };
  if (table.otadata.size < 2 * SECTOR_BYTES) {
    out.log(
      'E',
      'boot_comm',
      `ota_info partition size ${table.otadata.size} is too small (minimum ${2 * SECTOR_BYTES} bytes)`,
    );
    return 'none';
  }
  const { offset, size } = table.otadata;
  if (offset + size > context.flash.sizeBytes) {
    out.log('E', 'boot', `bootloader_mmap(0x${offset.toString(16)}, 0x${size.toString(16)}) failed`);
    return 'none';
  }
  return chooseByOtadata(context, table, offset);
}

function factoryReset({ flash, out, options }: BootContext, table: Table): void {
  out.log('I', 'boot', 'Detect a condition of the factory reset');
  out.log('I', 'boot', 'Data partitions to erase: nvs');
  for (const row of table.rows) {
    const isErased =
      row.type === TYPE_DATA &&
      (row.subtype === DATA_NVS || (row.subtype === DATA_OTA && options.factoryResetErasesOtadata));
    if (isErased) flash.erase(row.offset, row.size);
  }
}

function chooseByOtadata(context: BootContext, table: Table, otadataOffset: number): Choice {
  const { flash, out, options } = context;
  const hasRollback = options.hasRollback || options.hasAntiRollback;
  if (hasRollback) {
    readEntries(flash, otadataOffset).forEach((entry, index) => {
      if (entry.state === OTA_PENDING_VERIFY) rewriteState(flash, otadataOffset, index === 0 ? 0 : 1, OTA_ABORTED);
    });
  }
  const entries = readEntries(flash, otadataOffset);
  const areBlank = entries.every((entry) => isBlank(entry) || !entry.isCrcRight);
  if (options.hasAntiRollback) {
    out.log('I', 'boot', 'Enabled a check secure version of app for anti rollback');
    out.log('I', 'boot', `Secure version (from eFuse) = ${context.fuse.value}`);
    if (areBlank) {
      out.log('I', 'boot', 'otadata[0..1] in initial state');
      return { index: FACTORY, writesSequence: true };
    }
  } else if ((isInvalid(entries[0]) && isInvalid(entries[1])) || table.ota.length === 0) {
    if (table.factory !== undefined) {
      out.log('I', 'boot', 'Defaulting to factory image');
      return { index: FACTORY, writesSequence: false };
    }
    out.log('I', 'boot', 'No factory image, trying OTA 0');
    return { index: 0, writesSequence: areBlank };
  }
  const active = options.hasAntiRollback ? activeAmongAllowed(context, table, entries) : activeEntry(entries);
  const entry = active === undefined ? undefined : entries[active];
  if (active === undefined || entry === undefined) {
    out.log(
      'E',
      'boot',
      table.factory === undefined
        ? 'ota data partition invalid and no factory, will try all partitions'
        : 'ota data partition invalid, falling back to factory',
    );
    return { index: FACTORY, writesSequence: false };
  }
  const index = slotOf(entry.sequence, table.ota.length);
  if (hasRollback && entry.state === OTA_NEW) rewriteState(flash, otadataOffset, active, OTA_PENDING_VERIFY);
  if (options.hasAntiRollback && entry.state === OTA_VALID) raiseFuse(context, table.ota[index]);
  return { index, writesSequence: false };
}

function activeAmongAllowed(context: BootContext, table: Table, entries: EntryPair): 0 | 1 | undefined {
  const isAllowed = (index: 0 | 1): boolean => {
    const entry = entries[index];
    if (!isValid(entry) || table.ota.length === 0) return false;
    const row = table.ota[slotOf(entry.sequence, table.ota.length)];
    return row !== undefined && passesFuse(context, row);
  };
  return selectEntry(entries, [isAllowed(0), isAllowed(1)]);
}

function passesFuse({ flash, options, fuse, out }: BootContext, row: Row): boolean {
  if (!options.hasAntiRollback) return true;
  const description = descriptionInFlash(flash, row.offset);
  if (description === undefined) {
    out.log('E', 'boot', 'Failed to get partition description 261');
    return false;
  }
  return description.secureVersion >= fuse.value;
}

function raiseFuse({ flash, fuse }: BootContext, row: Row | undefined): void {
  const description = row === undefined ? undefined : descriptionInFlash(flash, row.offset);
  if (description !== undefined) fuse.value = Math.max(fuse.value, description.secureVersion);
}

function tryLoad(context: BootContext, row: Row): ImageInFlash | undefined {
  const { flash, chip, idf, out } = context;
  if (row.size === 0 || !passesFuse(context, row)) return undefined;
  const image = verifyInFlash(flash, row, {
    chip,
    idf,
    isLoading: true,
    log: (level, tag, message) => {
      out.log(level, tag, message);
    },
  });
  if (image !== undefined) out.log('I', 'boot', `Loaded app from partition at offset 0x${row.offset.toString(16)}`);
  return image;
}

function loadTest(context: BootContext, table: Table): Omit<Booted, 'rows'> | undefined {
  const image = table.test === undefined ? undefined : tryLoad(context, table.test);
  if (image === undefined || table.test === undefined) {
    context.out.log('E', 'boot', 'No bootable test partition in the partition table');
    return undefined;
  }
  return { row: table.test, image };
}

/** From the chosen index downwards to factory, then upwards, then the test application. */
function loadFrom(context: BootContext, table: Table, choice: Choice): Omit<Booted, 'rows'> | undefined {
  const { flash, out } = context;
  const candidates: number[] = [];
  for (let index = choice.index; index >= FACTORY; index--) candidates.push(index);
  for (let index = choice.index + 1; index < table.ota.length; index++) candidates.push(index);
  for (const index of candidates) {
    const row = index === FACTORY ? table.factory : table.ota[index];
    if (row === undefined) continue;
    const image = tryLoad(context, row);
    if (image !== undefined) {
      if (index > FACTORY && choice.writesSequence && table.otadata !== undefined) {
        writeEntry(flash, table.otadata.offset, 0, index + 1, OTA_VALID);
        out.log('I', 'boot', `Set actual ota_seq=${index + 1} in otadata[0]`);
        if (context.options.hasAntiRollback) raiseFuse(context, row);
      }
      return { row, image };
    }
    out.log(
      'E',
      'boot',
      index === FACTORY ? 'Factory app partition is not bootable' : `OTA app partition slot ${index} is not bootable`,
    );
  }
  const image = table.test === undefined ? undefined : tryLoad(context, table.test);
  if (image !== undefined && table.test !== undefined) {
    out.log('W', 'boot', 'Falling back to test app as only bootable partition');
    return { row: table.test, image };
  }
  out.log('E', 'boot', 'No bootable app partitions in the partition table');
  return undefined;
}
