import * as l10n from '@vscode/l10n';
import type { SlotChangePlan } from '../flash/change-slots.ts';
import type { ChipSlot, ChipSlots } from '../flash/slots.ts';
import {
  OTADATA_ENTRY_BYTES,
  OTADATA_SECTOR_BYTES,
  parseOtadataEntry,
  type OtadataEntry,
  type OtadataSector,
} from '../image/otadata.ts';
import { slotStateText } from './slot-state-text.ts';
import { slotTitle } from './slot-texts.ts';
import { hexText } from './text.ts';

/** `sequence 2 · valid` */
function entryText(entry: OtadataEntry): string {
  if (entry.isEmpty) return l10n.t('blank');
  const state = typeof entry.state === 'number' ? hexText(entry.state) : slotStateText(entry.state);
  const parts = [l10n.t('sequence {0}', entry.sequence), state, entry.crcIsValid ? '' : l10n.t('wrong CRC')];
  return parts.filter(Boolean).join(' · ');
}

function entryOf(raw: Uint8Array, sector: OtadataSector): OtadataEntry {
  const at = sector * OTADATA_ENTRY_BYTES;
  return parseOtadataEntry(raw.subarray(at, at + OTADATA_ENTRY_BYTES), sector);
}

/** Field by field, a run of 0xFF in short: `02 00 00 00 · ff × 24 · 1a 2b 3c 4d`. */
function shortHex(raw: Uint8Array): string {
  if (raw.every((byte) => byte === 0xff)) return `ff × ${raw.length}`;
  const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return [hex(raw.subarray(0, 4)), 'ff × 20', hex(raw.subarray(24, 28)), hex(raw.subarray(28))].join(' · ');
}

/** What a change writes, for a question: what boots before and after, and the bytes of each sector that is touched. */
export function planText({ otadata }: ChipSlots, plan: SlotChangePlan): string {
  const name = (slot: ChipSlot | undefined): string => (slot === undefined ? l10n.t('nothing') : slotTitle(slot));
  const start = otadata?.partition.offset ?? 0;
  const sectors = plan.operations.flatMap(({ kind, sector }) => {
    const at = hexText(start + sector * OTADATA_SECTOR_BYTES);
    const [before, after] = [entryOf(plan.before, sector), entryOf(plan.after, sector)];
    const title =
      kind === 'erase'
        ? l10n.t('otadata, sector at {0}, is erased:', at)
        : l10n.t('otadata, sector at {0}, is erased and 32 bytes are written:', at);
    const line = (entry: OtadataEntry): string => `${shortHex(entry.raw)}  (${entryText(entry)})`;
    return ['', title, l10n.t('before: {0}', line(before)), l10n.t('after: {0}', line(after))];
  });
  return [
    l10n.t('Boots now: {0}', name(plan.nextBefore)),
    l10n.t('Boots then: {0}', name(plan.nextAfter)),
    ...sectors,
  ].join('\n');
}

/** Both entries as a hex dump, with what the bootloader makes of them. */
export function otadataPage({ otadata }: ChipSlots, raw: Uint8Array, next: ChipSlot | undefined): string {
  const start = otadata?.partition.offset ?? 0;
  const sectors = ([0, 1] as const).flatMap((sector) => {
    const at = start + sector * OTADATA_SECTOR_BYTES;
    const entry = entryOf(raw, sector);
    const row = (from: number): string => {
      const bytes = [...entry.raw.subarray(from, from + 8)].map((byte) => byte.toString(16).padStart(2, '0'));
      return `${hexText(at + from)}  ${bytes.join(' ')}`;
    };
    return [row(0), row(8), row(16), row(24), entryText(entry), ''];
  });
  const boots = next === undefined ? l10n.t('Nothing boots') : l10n.t('Boots {0}', slotTitle(next));
  const fields = [l10n.t('sequence (4 bytes), unused (20),'), l10n.t('state (4), CRC of the sequence (4)')];
  // the question covers the first lines
  return ['otadata', ...fields, '', '', ...sectors, boots, ''].join('\n');
}
