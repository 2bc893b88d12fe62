import type { ChipSlot, ChipSlots } from '../flash/slots.ts';
import { chipById, chipByTarget } from '../image/chips.ts';
import { appPartitions, type Partition } from '../image/partition-table.ts';
import type { IdfProject } from '../idf/project.ts';
import { bootOfDevice, entriesOf, partitionsOf, stateOf } from './device-boot.ts';
import { flashMapOf, type FlashMap, type RegionContent, type SlotContent } from './flash-map.ts';
import { slotState, type DeviceState, type VirtualDevice } from './virtual-device.ts';

type ProjectFacts = Pick<IdfProject, 'partitionTable' | 'app'>;

/** The flash of a virtual board, compared with the project's table where there is a project. */
export function mapOfDevice(
  device: Pick<VirtualDevice, 'layout' | 'state'>,
  project: ProjectFacts | undefined,
): FlashMap {
  const { layout, state } = device;
  const bootloaderOffset = chipByTarget(state.chip)?.bootloaderOffset;
  const built = builtDigest(project);
  const lengthAt = (offset: number): number | undefined =>
    layout.images.find((image) => image.offset === offset)?.lengthBytes;
  return flashMapOf({
    flashSizeBytes: layout.flashSizeBytes,
    bootloader:
      bootloaderOffset === undefined ? undefined : { offset: bootloaderOffset, bytes: lengthAt(bootloaderOffset) },
    tableOffset: layout.tableOffset,
    partitions: partitionsOf(layout),
    slots: state.slots.map((slot) => slotContent(slot, state, lengthAt(slot.offsetBytes), built)),
    otadata: state.otadata === undefined ? undefined : entriesOf(state.otadata),
    boot: bootOfDevice(device),
    projectPartitions: tableOf(project),
  });
}

/** The flash of a board whose slots were read over its serial port. `board` is what its chip said of itself, and its console. */
export function mapOfChip(
  slots: ChipSlots,
  board: {
    readonly flashSizeBytes?: number | undefined;
    readonly chipId?: number | undefined;
    /** The partition that runs now. */
    readonly runningLabel?: string | undefined;
  },
  project: ProjectFacts | undefined,
): FlashMap {
  const chipId = board.chipId ?? slots.slots.find((slot) => slot.chipId !== undefined)?.chipId;
  const bootloaderOffset = chipId === undefined ? undefined : chipById(chipId)?.bootloaderOffset;
  const built = builtDigest(project);
  return flashMapOf({
    flashSizeBytes: board.flashSizeBytes,
    bootloader: bootloaderOffset === undefined ? undefined : { offset: bootloaderOffset },
    tableOffset: slots.tableOffset,
    partitions: slots.partitions,
    slots: slots.slots.map((slot) => ({
      offset: slot.partition.offset,
      content: chipContent(slot, built),
      isRunning: slot.partition.label === board.runningLabel,
      ...(slot.state === undefined ? {} : { state: slot.state }),
    })),
    otadata: slots.otadata?.entries,
    boot: slots.boot,
    projectPartitions: tableOf(project),
  });
}

function chipContent({ problem, description, imageBytes }: ChipSlot, built: string | undefined): RegionContent {
  if (problem === 'empty') return { kind: 'empty' };
  if (problem === 'notAnImage') return { kind: 'unreadable' };
  return {
    kind: 'image',
    from: 'board',
    ...(problem === undefined ? {} : { problem }),
    ...(imageBytes === undefined ? {} : { bytes: imageBytes }),
    ...(description === undefined ? {} : { version: description.version, projectName: description.projectName }),
    ...(built !== undefined && description?.elfSha256 === built ? { isBuild: true } : {}),
  };
}

/** What the project would put on a board: its table, and in every slot for an application the size of the built one. */
export function mapOfProject(project: IdfProject): FlashMap {
  const { ota, target, app, bootloader, partitionTable } = project;
  const bootloaderOffset = target === undefined ? undefined : chipByTarget(target)?.bootloaderOffset;
  const slots = appPartitions(partitionTable.partitions).map(({ offset }): SlotContent => ({
    offset,
    ...(app?.image === undefined
      ? {}
      : {
          content: {
            kind: 'image',
            from: 'build',
            bytes: app.bytes.length,
            isBuild: true,
            ...(app.image.description === undefined
              ? {}
              : { version: app.image.description.version, projectName: app.image.description.projectName }),
          },
        }),
  }));
  return flashMapOf({
    flashSizeBytes: ota.flashSizeBytes,
    bootloader:
      bootloaderOffset === undefined ? undefined : { offset: bootloaderOffset, bytes: bootloader?.bytes.length },
    tableOffset: ota.partitionTableOffset,
    partitions: partitionTable.partitions,
    slots,
  });
}

/** The digest of the ELF that the last build put into its image; an all-zero one is what a build leaves that does not fill it in. */
function builtDigest(project: ProjectFacts | undefined): string | undefined {
  const digest = project?.app?.image?.description?.elfSha256;
  return digest === undefined || /^0*$/.test(digest) ? undefined : digest;
}

/** Undefined where the project has no table that could be read. */
function tableOf(project: ProjectFacts | undefined): readonly Partition[] | undefined {
  const partitions = project?.partitionTable.partitions;
  return partitions === undefined || partitions.length === 0 ? undefined : partitions;
}

function slotContent(
  slot: DeviceState['slots'][number],
  state: DeviceState,
  bytes: number | undefined,
  built: string | undefined,
): SlotContent {
  const known = slotState(state, slot);
  return {
    offset: slot.offsetBytes,
    isRunning: slot.isRunning,
    ...(known === undefined ? {} : { state: stateOf(known) }),
    content:
      bytes === undefined && slot.version === undefined
        ? { kind: 'empty' }
        : {
            kind: 'image',
            from: 'board',
            ...(bytes === undefined ? {} : { bytes }),
            ...(slot.version === undefined ? {} : { version: slot.version }),
            ...(slot.projectName === undefined ? {} : { projectName: slot.projectName }),
            ...(built !== undefined && slot.elfSha256 === built ? { isBuild: true } : {}),
          },
  };
}
