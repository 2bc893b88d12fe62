import { isOtaError } from '../base/ota-error.ts';
import type { ChipSession } from '../flash/chip-session.ts';
import type { FlashFile, FlashRequest } from '../flash/flash-plan.ts';
import { rereadSlots, type ChipSlots, type ReadSlotsOptions } from '../flash/slots.ts';
import type { IdfProject } from '../idf/project.ts';
import { readAppDescription } from '../image/app-description.ts';
import { IMAGE_MAGIC } from '../image/image-header.ts';
import { afterAppFlash, type AfterAppFlash, type FlashedApp } from './slot-rows.ts';

/** How the boards of a project are read: where their table is, and what their bootloader does. Without a project as ESP-IDF begins with. */
export function slotReading(
  project: IdfProject | undefined,
): Pick<ReadSlotsOptions, 'tableOffset' | 'rollbackEnabled'> {
  if (project === undefined) return { rollbackEnabled: false };
  const { partitionTableOffset, isRollbackEnabled } = project.ota;
  return { rollbackEnabled: isRollbackEnabled, tableOffset: partitionTableOffset };
}

/** The application of a request. */
export interface AppToFlash extends FlashedApp {
  readonly file: FlashFile;
  /** Otadata is not flashed with it: it may point to another slot. */
  readonly isAlone: boolean;
}

/** Undefined when none is to be flashed. */
export function appToFlash({ files }: FlashRequest): AppToFlash | undefined {
  const file = files.find(({ name, bytes }) => name === 'app' && bytes[0] === IMAGE_MAGIC);
  if (file === undefined) return undefined;
  return {
    file,
    offset: file.offset,
    elfSha256: readAppDescription(file.bytes)?.elfSha256,
    isAlone: !files.some(({ name }) => name === 'otadata'),
  };
}

/** What boots in place of an application that was flashed; undefined when it boots itself, or nobody knows.
 * @param slots as they were read after flashing */
export function asleepAfterFlash(app: AppToFlash | undefined, slots: ChipSlots | undefined): AfterAppFlash | undefined {
  if (app?.isAlone !== true || slots === undefined) return undefined;
  const after = afterAppFlash(slots, app.offset);
  return after?.willBoot === false ? after : undefined;
}

/** The slots after writing to one was broken off, as the chip tells them; undefined when it does not answer any more.
 * @param offset of the slot that was written to */
export async function slotsAfterCancel(
  chip: ChipSession,
  slots: ChipSlots,
  offset: number | undefined,
): Promise<ChipSlots | undefined> {
  try {
    await chip.link.recover();
    return await rereadSlots(chip, slots, offset);
  } catch (error) {
    if (!isOtaError(error)) throw error;
    return undefined;
  }
}
