import { OtaError } from '../base/ota-error.ts';
import type { ChipSlot, ChipSlots, SlotProblem } from '../flash/slots.ts';
import type { AppDescription } from '../image/app-description.ts';
import type { BootReason } from '../image/boot-choice.ts';
import type { OtaState } from '../image/otadata.ts';
import { otaIndex, otaSlots } from '../image/partition-table.ts';

/** One slot beside what the project's build is: plain values. */
export interface SlotRow {
  readonly label: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly version?: string;
  readonly projectName?: string;
  /** `Jan  8 2026 15:36:45`; absent in a reproducible build. */
  readonly builtAt?: string;
  readonly idfVersion?: string;
  readonly imageBytes?: number;
  readonly state?: OtaState | number;
  readonly isNext: boolean;
  readonly problem?: SlotProblem;
  /** Whether it is the local build, by the SHA-256 of its ELF. Absent when either does not say. */
  readonly matchesBuild?: boolean;
}

/** Whether two descriptions are of one build: by the digest of the ELF, whatever their versions say. Undefined when either has none. */
export function matchesBuild(
  found: AppDescription | undefined,
  build: AppDescription | undefined,
): boolean | undefined {
  const digests = [found, build].map((one) => one?.elfSha256 ?? '');
  if (digests.some((digest) => /^0*$/.test(digest))) return undefined;
  return digests[0] === digests[1];
}

/** Every slot of a board beside the local build. */
export function slotRows({ slots }: ChipSlots, build: AppDescription | undefined): readonly SlotRow[] {
  return slots.map(({ partition, description, imageBytes, state, isNext, problem }) => {
    const isBuild = matchesBuild(description, build);
    const builtAt = [description?.date, description?.time].filter(Boolean).join(' ');
    return {
      label: partition.label,
      offset: partition.offset,
      sizeBytes: partition.size,
      ...(description === undefined
        ? {}
        : {
            version: description.version,
            projectName: description.projectName,
            idfVersion: description.idfVersion,
          }),
      ...(builtAt === '' ? {} : { builtAt }),
      ...(imageBytes === undefined ? {} : { imageBytes }),
      ...(state === undefined ? {} : { state }),
      isNext,
      ...(problem === undefined ? {} : { problem }),
      ...(isBuild === undefined ? {} : { matchesBuild: isBuild }),
    };
  });
}

/** What the board boots after an application was flashed by cable, and why. */
export interface AfterAppFlash {
  readonly willBoot: boolean;
  readonly flashed: ChipSlot;
  /** Absent when nothing boots. */
  readonly next?: ChipSlot;
  readonly reason: BootReason;
}

/** Whether what was flashed at `offset` boots: an application that is flashed alone stays asleep while otadata points to another slot.
 * Undefined when no slot begins there. */
export function afterAppFlash(slots: ChipSlots, offset: number): AfterAppFlash | undefined {
  const flashed = slots.slots.find(({ partition }) => partition.offset === offset);
  if (flashed === undefined) return undefined;
  const next = slots.slots.find(({ isNext }) => isNext);
  return { willBoot: flashed.isNext, flashed, ...(next === undefined ? {} : { next }), reason: slots.boot.reason };
}

/** The slot that an update over the air would write: the OTA slot after the one that boots.
 * @throws {OtaError} `slots.noSpare`
 * @see ESP-IDF v5.5 `esp_ota_ops.c` (`esp_ota_get_next_update_partition`) */
export function spareSlot({ slots, partitions }: ChipSlots): ChipSlot {
  const rows = otaSlots(partitions);
  const next = slots.find(({ isNext }) => isNext);
  const current = next === undefined ? -1 : rows.findIndex(({ offset }) => offset === next.partition.offset);
  const order = rows.map((_, step) => rows[(current + 1 + step) % rows.length]);
  const spare = order.find(
    (row) => row !== undefined && (otaIndex(row) ?? rows.length) < rows.length && row.offset !== next?.partition.offset,
  );
  const slot = slots.find(({ partition }) => partition.offset === spare?.offset);
  if (slot === undefined) throw new OtaError('slots.noSpare', { slotCount: rows.length });
  return slot;
}

/** An application that was flashed by cable. */
export interface FlashedApp {
  /** From the start of flash, in bytes. */
  readonly offset: number;
  /** Of its description, where it has one. */
  readonly elfSha256: string | undefined;
}

/** The slot it was flashed into; undefined once something else lies there, or when nothing was flashed. */
export function slotOfFlashed({ slots }: ChipSlots, flashed: FlashedApp | undefined): ChipSlot | undefined {
  return slots.find(
    ({ partition, description, problem }) =>
      partition.offset === flashed?.offset && problem !== 'empty' && description?.elfSha256 === flashed.elfSha256,
  );
}

/** The slot that holds the local build; of several the one that boots next, then the last of the table.
 * @throws {OtaError} `slots.notOnBoard` */
export function slotOfBuild({ slots }: ChipSlots, build: AppDescription): ChipSlot {
  const found = slots.filter(
    ({ description, problem }) => problem === undefined && matchesBuild(description, build) === true,
  );
  const slot = found.find(({ isNext }) => isNext) ?? found.at(-1);
  if (slot === undefined) throw new OtaError('slots.notOnBoard', { version: build.version });
  return slot;
}
