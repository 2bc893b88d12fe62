import { chooseBootSlot, type BootChoice } from '../image/boot-choice.ts';
import {
  encodeOtadataEntry,
  OTADATA_ENTRY_BYTES,
  parseOtadataEntry,
  type OtadataEntries,
  type OtadataEntry,
  type OtaState,
} from '../image/otadata.ts';
import type { Partition } from '../image/partition-table.ts';
import type { DeviceLayout, DeviceSlot, OtadataSector, VirtualDevice } from './virtual-device.ts';

/** What a virtual board starts at its next reset, and why. Undefined without a table: it boots nothing then. */
export function bootOfDevice({ layout, state }: Pick<VirtualDevice, 'layout' | 'state'>): BootChoice | undefined {
  if (layout.partitions.length === 0) return undefined;
  const otadata = state.otadata === undefined ? undefined : entriesOf(state.otadata);
  return chooseBootSlot(otadata, partitionsOf(layout), { rollbackEnabled: layout.hasRollback });
}

/** The first slot of those the bootloader tries in which an image lies. */
export function nextOfDevice(device: Pick<VirtualDevice, 'layout' | 'state'>): DeviceSlot | undefined {
  const { layout, state } = device;
  const filled = state.slots.filter(
    ({ version, offsetBytes }) => version !== undefined || layout.images.some((image) => image.offset === offsetBytes),
  );
  return bootOfDevice(device)
    ?.order.map(({ offset }) => filled.find(({ offsetBytes }) => offsetBytes === offset))
    .find((slot) => slot !== undefined);
}

/** Its partition table. */
export function partitionsOf({ partitions }: DeviceLayout): readonly Partition[] {
  return partitions.map((row) => ({ ...row, isEncrypted: false, isReadonly: false }));
}

const STATES: readonly string[] = ['new', 'pendingVerify', 'valid', 'invalid', 'aborted', 'undefined'];

/** The word or number of a state as the rules know it. */
export function stateOf(word: string): OtaState | number {
  return STATES.includes(word) ? (word as OtaState) : Number(word);
}

/** The entries as bytes again, which the rules of the bootloader read. */
export function entriesOf([first, second]: readonly [OtadataSector, OtadataSector]): OtadataEntries {
  const entry = (view: OtadataSector, sector: 0 | 1): OtadataEntry => {
    if (view.isBlank) return parseOtadataEntry(new Uint8Array(OTADATA_ENTRY_BYTES).fill(0xff), sector);
    const bytes = encodeOtadataEntry(view.sequence, stateOf(view.state));
    if (!view.isCrcRight) bytes[28] = (bytes[28] ?? 0) ^ 0xff;
    return parseOtadataEntry(bytes, sector);
  };
  return [entry(first, 0), entry(second, 1)];
}
