import { l10n } from 'vscode';
import type { ChipSlots } from '../../flash/slots.ts';
import type { AppDescription } from '../../image/app-description.ts';
import { slotRows, type SlotRow } from '../../ota/slot-rows.ts';
import { bootOfDevice, nextOfDevice } from '../../ota/device-boot.ts';
import { slotState, type VirtualDevice } from '../../ota/virtual-device.ts';
import { bootReasonText, bootsText, slotProblemText } from '../../texts/slot-texts.ts';
import { agoText, bytesText, hexText } from '../../texts/text.ts';
import { slotStateText } from '../../texts/slot-state-text.ts';
import type { TreeNode } from './tree-node.ts';

/** What a row of a slot says, wherever it is known from. */
type SlotFacts = Pick<SlotRow, 'label' | 'version' | 'isNext' | 'matchesBuild' | 'problem' | 'state'> &
  Partial<SlotRow> & { readonly isRunning?: boolean };

/** Rows below a port whose slots were read: what boots and why, then each slot. */
export function slotItems(
  slots: ChipSlots,
  build: AppDescription | undefined,
  id: string,
  address: string,
): readonly TreeNode[] {
  const next = slots.slots.find(({ isNext }) => isNext);
  return [
    bootsItem(
      next?.partition.label,
      [bootReasonText(slots.boot, next), l10n.t('read {0}', agoText(slots.readAtMs))].join(' · '),
      id,
    ),
    ...slotRows(slots, build).map((row) => slotItem(row, build, id, address)),
  ];
}

/** The same for a virtual board, which shows its slots as they are; `address` where it is a port. */
export function deviceSlotItems(
  device: Pick<VirtualDevice, 'layout' | 'state'>,
  build: AppDescription | undefined,
  id: string,
  address: string | undefined,
): readonly TreeNode[] {
  const { layout, state } = device;
  const boot = bootOfDevice(device);
  const next = nextOfDevice(device);
  const slots = state.slots.map((slot) => {
    const { label, version, projectName, elfSha256, isRunning } = slot;
    const hasDigests = elfSha256 !== undefined && build !== undefined && !/^0*$/.test(build.elfSha256);
    const otadata = slotState(state, slot);
    const offset = slot.offsetBytes;
    const imageBytes = layout.images.find((image) => image.offset === offset)?.lengthBytes;
    const sizeBytes = layout.partitions.find((row) => row.offset === offset)?.size;
    const facts: SlotFacts = {
      ...{ label, offset, isRunning, isNext: offset === next?.offsetBytes },
      ...(version === undefined ? {} : { version }),
      ...(version === undefined && imageBytes === undefined ? { problem: 'empty' as const } : {}),
      ...(imageBytes === undefined ? {} : { imageBytes }),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
      ...(projectName === undefined ? {} : { projectName }),
      ...(hasDigests ? { matchesBuild: elfSha256 === build.elfSha256 } : {}),
    };
    return slotItem(facts, build, id, address, otadata);
  });
  if (boot === undefined) return slots;
  const reason = bootReasonText(
    boot,
    next === undefined ? undefined : { partition: { label: next.label, offset: next.offsetBytes } },
  );
  return [bootsItem(next?.label, reason, id), ...slots];
}

/** What boots, and why. */
function bootsItem(label: string | undefined, description: string, id: string): TreeNode {
  return {
    id: `${id}/boots`,
    label: bootsText(label),
    description,
    icon: label === undefined ? 'warning' : 'list-tree',
  };
}

function slotItem(
  row: SlotFacts,
  build: AppDescription | undefined,
  id: string,
  address: string | undefined,
  stateWord: string | number | undefined = row.state,
): TreeNode {
  const { label, version, isNext, isRunning = false, matchesBuild, problem } = row;
  const isSameVersion = matchesBuild === false && version !== undefined && version === build?.version;
  const isOther = row.projectName !== undefined && row.projectName !== build?.projectName;
  const parts = [
    isOther ? (row.projectName ?? '') : '',
    version ?? (problem === undefined ? l10n.t('no description') : slotProblemText(problem)),
    version !== undefined && problem !== undefined ? slotProblemText(problem) : '',
    stateWord === undefined ? '' : slotStateText(String(stateWord)),
    matchesBuild === true ? l10n.t('this build') : isSameVersion ? l10n.t('another build') : '',
    isRunning ? l10n.t('running') : '',
    isNext && !isRunning ? l10n.t('boots next') : '',
  ];
  const isBootable = problem === undefined && (version !== undefined || row.imageBytes !== undefined);
  return {
    id: `${id}/slot/${label}`,
    label,
    description: parts.filter((one) => one !== '').join(' · '),
    tooltip: tooltipOf(row, matchesBuild),
    ...(isNext && isRunning ? { iconText: l10n.t('boots next') } : {}),
    icon: isNext ? 'play' : problem === 'empty' ? 'circle-outline' : problem === undefined ? 'symbol-file' : 'warning',
    ...(isNext ? { color: 'charts.green' } : {}),
    // commands need a port to reach the slot by
    ...(address === undefined
      ? {}
      : { contextValue: isNext ? 'slot-next' : isBootable ? 'slot' : 'slot-empty', payload: address }),
  };
}

function tooltipOf(row: SlotFacts, matchesBuild: boolean | undefined): string {
  const { projectName, builtAt, idfVersion, imageBytes, sizeBytes, offset } = row;
  const used =
    sizeBytes === undefined
      ? ''
      : imageBytes === undefined
        ? bytesText(sizeBytes)
        : l10n.t('{0} of {1} used', bytesText(imageBytes), bytesText(sizeBytes));
  return [
    [projectName, builtAt === undefined ? '' : l10n.t('built {0}', builtAt)].filter(Boolean).join(' · '),
    [idfVersion === undefined ? '' : `ESP-IDF ${idfVersion}`, offset === undefined ? '' : hexText(offset), used]
      .filter(Boolean)
      .join(' · '),
    matchesBuild === undefined
      ? ''
      : matchesBuild
        ? l10n.t('The same build as the local one (ELF SHA-256).')
        : l10n.t('Not the local build (ELF SHA-256).'),
  ]
    .filter(Boolean)
    .join('\n');
}
