import { l10n } from 'vscode';
import type { BootReason } from '../../image/boot-choice.ts';
import { subtypeName, typeName } from '../../image/partition-types.ts';
import type { FlashRegion, ImageProblem, OtadataSectorState, RegionProblem } from '../../ota/flash-map.ts';
import type { PartitionChange, PartitionDifference } from '../../ota/partition-differences.ts';
import { bytesText, hexText } from '../../texts/text.ts';
import { slotStateText } from '../../texts/slot-state-text.ts';

export function problemText(problem: RegionProblem): string {
  const texts: Record<RegionProblem, string> = {
    overlaps: l10n.t('begins inside the region before it'),
    beyondFlash: l10n.t('ends behind the flash'),
    imageTooLarge: l10n.t('the image does not fit'),
  };
  return texts[problem];
}

function changeText(change: PartitionChange): string {
  const texts: Record<PartitionChange, string> = {
    renamed: l10n.t('renamed'),
    retyped: l10n.t('another type'),
    moved: l10n.t('moved'),
    resized: l10n.t('resized'),
  };
  return texts[change];
}

export function differenceShort({ kind, changes }: PartitionDifference): string {
  return kind === 'changed' ? changes.map(changeText).join(', ') : l10n.t('not in the project');
}

type Place = NonNullable<PartitionDifference['onBoard']>;

function placeText({ type, subtype, offset, size }: Place): string {
  return `${typeName(type)}, ${subtypeName(type, subtype)}, ${hexText(offset)}, ${bytesText(size)}`;
}

export function differenceText(difference: PartitionDifference): string {
  const { kind, onBoard, inProject } = difference;
  if (kind === 'changed' && onBoard !== undefined && inProject !== undefined) {
    const name = onBoard.label === inProject.label ? onBoard.label : `${onBoard.label} → ${inProject.label}`;
    return l10n.t(
      '{0} ({1}): on the board {2}; in the project {3}',
      name,
      differenceShort(difference),
      placeText(onBoard),
      placeText(inProject),
    );
  }
  if (inProject !== undefined) return l10n.t('{0}: only in the project ({1})', inProject.label, placeText(inProject));
  return onBoard === undefined ? '' : l10n.t('{0}: only on the board ({1})', onBoard.label, placeText(onBoard));
}

export function contentProblem({ content }: FlashRegion): string | undefined {
  if (content?.kind !== 'image' || content.problem === undefined) return undefined;
  const texts: Record<ImageProblem, string> = {
    damaged: l10n.t('the image is damaged'),
    wrongChip: l10n.t('the image is for another chip'),
    wrongRevision: l10n.t('the image is for another revision of the chip'),
  };
  return texts[content.problem];
}

export function sectorText(entry: OtadataSectorState): string {
  switch (entry.status) {
    case 'empty':
      return l10n.t('empty');
    case 'damaged':
      return l10n.t('sequence {0}, but its checksum is wrong', entry.sequence ?? 0);
    case 'entry': {
      const state = entry.state === undefined ? '' : slotStateText(String(entry.state));
      return [l10n.t('sequence {0}', entry.sequence ?? 0), entry.slot, state].filter(Boolean).join(' · ');
    }
  }
}

export function reasonText(reason: BootReason): string {
  const texts: Record<BootReason, string> = {
    noOtadata: l10n.t('The table has no otadata partition, so the factory application boots.'),
    otadataTooSmall: l10n.t('The otadata partition is too small: the bootloader gives up.'),
    defaultFactory: l10n.t('No entry is usable, so the factory application boots.'),
    noFactoryTryingOta0: l10n.t('No entry is usable and there is no factory partition, so the first OTA slot boots.'),
    activeEntry: l10n.t('The entry with the highest sequence that is usable decides.'),
    corruptFallingBackToFactory: l10n.t('No entry has a right checksum, so the factory application boots.'),
    corruptTryingAll: l10n.t('No entry has a right checksum and there is no factory partition: every slot is tried.'),
  };
  return texts[reason];
}
