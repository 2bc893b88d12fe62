import type { NorFlash } from './nor-flash.ts';
import { descriptionInFlash, readHeader, type Description } from './image-in-flash.ts';
import { activeEntry, isBlank, readEntries, slotOf, stateWord } from './otadata-entries.ts';
import {
  APP_OTA_0,
  countOtaRows,
  DATA_OTA,
  findRow,
  readRowsQuietly,
  TYPE_APP,
  TYPE_DATA,
  type Row,
} from './partition-rows.ts';

/** `booting`: ROM and bootloader. `bootFailed`: nothing bootable, it tries again for ever. `connecting`: the application starts and waits for
 * its network. `idle`: it runs. `waitingForUrl`: it wants a line on its console. `crashed`: a panic, it restarts by itself. */
export type BoardPhase =
  'off' | 'booting' | 'bootFailed' | 'connecting' | 'idle' | 'waitingForUrl' | 'updating' | 'rebooting' | 'crashed';

export interface SlotView {
  readonly label: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** 0 factory, 16… ota_0…, 32 test */
  readonly subtype: number;
  readonly isRunning: boolean;
  /** Whether otadata points at it. Of the slots without otadata: false. */
  readonly isActive: boolean;
  /** Whether something that begins like an image lies in it. */
  readonly hasImage: boolean;
  readonly version: string | undefined;
  readonly projectName: string | undefined;
  /** Hex, from the description. */
  readonly elfSha256: string | undefined;
}

export interface OtadataView {
  readonly isBlank: boolean;
  readonly sequence: number;
  /** `new`, `pendingVerify`, `valid`, `invalid`, `aborted`, `undefined`, or the number in hex. */
  readonly state: string;
  readonly isCrcRight: boolean;
}

export interface RunningView {
  readonly label: string;
  readonly offsetBytes: number;
  readonly version: string;
  readonly projectName: string;
  readonly secureVersion: number;
  readonly idfVersion: string;
  /** Hex. */
  readonly elfSha256: string;
  /** Digest over the image, hex: the one appended to the .bin. */
  readonly sha256: string;
}

export interface UpdateView {
  readonly slotLabel: string;
  readonly writtenBytes: number;
  readonly totalBytes: number | undefined;
}

/** What a virtual board shows of itself. A snapshot. */
export interface BoardState {
  readonly phase: BoardPhase;
  /** Resets since the board was made, the first power-on included. */
  readonly bootCount: number;
  readonly address: string;
  readonly chip: string;
  /** Undefined until a bootloader has loaded an application, and while off. */
  readonly running: RunningView | undefined;
  /** The update that runs, or the last one. */
  readonly update: UpdateView | undefined;
  readonly slots: readonly SlotView[];
  /** Undefined when the partition table has no otadata. */
  readonly otadata: readonly [OtadataView, OtadataView] | undefined;
}

/** Slots and otadata as they lie in flash.
 * @see ESP-IDF v5.5 components/bootloader_support/src/bootloader_common.c */
export function viewFlash(
  flash: NorFlash,
  tableOffset: number,
  runningOffset: number | undefined,
): Pick<BoardState, 'slots' | 'otadata'> {
  const rows = readRowsQuietly(flash, tableOffset);
  const otadataRow = findRow(rows, TYPE_DATA, DATA_OTA);
  const entries = otadataRow === undefined ? undefined : readEntries(flash, otadataRow.offset);
  const count = countOtaRows(rows);
  const active = entries === undefined || count === 0 ? undefined : activeEntry(entries);
  const activeSubtype =
    entries === undefined || active === undefined ? undefined : APP_OTA_0 + slotOf(entries[active].sequence, count);
  const slots = rows
    .filter((row) => row.type === TYPE_APP)
    .map((row): SlotView => {
      const description = descriptionInFlash(flash, row.offset);
      return {
        label: row.label,
        offsetBytes: row.offset,
        sizeBytes: row.size,
        subtype: row.subtype,
        isRunning: row.offset === runningOffset,
        isActive: row.subtype === activeSubtype,
        hasImage: readHeader(flash.view(row.offset, 24)) !== undefined,
        version: description?.version,
        projectName: description?.projectName,
        elfSha256: description?.elfSha256,
      };
    });
  if (entries === undefined) return { slots, otadata: undefined };
  const view = (index: 0 | 1): OtadataView => ({
    isBlank: isBlank(entries[index]),
    sequence: entries[index].sequence,
    state: stateWord(entries[index].state),
    isCrcRight: entries[index].isCrcRight,
  });
  return { slots, otadata: [view(0), view(1)] };
}

/** @param sha256 digest over the image, hex */
export function runningView(row: Row, description: Description | undefined, sha256: string): RunningView {
  return {
    label: row.label,
    offsetBytes: row.offset,
    version: description?.version ?? '',
    projectName: description?.projectName ?? '',
    secureVersion: description?.secureVersion ?? 0,
    idfVersion: description?.idfVersion ?? '',
    elfSha256: description?.elfSha256 ?? '',
    sha256,
  };
}
