import { l10n } from 'vscode';
import { subtypeName, typeName } from '../../image/partition-types.ts';
import type { FlashMap, FlashRegion } from '../../ota/flash-map.ts';
import { bytesText, hexText, percentText } from '../../texts/text.ts';
import { slotStateText } from '../../texts/slot-state-text.ts';
import {
  contentProblem,
  differenceShort,
  differenceText,
  problemText,
  reasonText,
  sectorText,
} from './flash-map-texts.ts';
import type { FlashMapView, RegionView } from '../webview/flash-map/view.ts';

/** Whose flash it is, and what is known beside it. */
export interface FlashMapSubject {
  readonly title: string;
  /** Such as `ESP32-S3`. */
  readonly chip?: string | undefined;
  /** When a board was read that is not looked at all the time. */
  readonly readAt?: string;
  /** Contents are not known: why, and what the button says that gets them. */
  readonly notice?: { readonly text: string; readonly button?: string } | undefined;
  /** The map shows what a flashed build would look like, and no board. */
  readonly isProject: boolean;
}

/** A flash map in the words of the page. */
export function flashMapViewOf(map: FlashMap, subject: FlashMapSubject): FlashMapView {
  const { differences } = map;
  const facts = [
    subject.chip,
    map.flashSizeBytes === undefined
      ? l10n.t('flash size unknown')
      : l10n.t('{0} flash', bytesText(map.flashSizeBytes)),
    l10n.t('partition table at {0}', hexText(map.tableOffset)),
    subject.readAt,
  ];
  return {
    title: subject.title,
    facts: facts.filter((fact) => fact !== undefined).join(' · '),
    summary: summaryText(map, subject),
    ...(subject.notice === undefined ? {} : { notice: subject.notice }),
    endBytes: map.endBytes,
    regions: map.regions.map((region) => regionView(region)),
    columns: [
      l10n.t('Name'),
      l10n.t('Type'),
      l10n.t('Range'),
      l10n.t('Size'),
      l10n.t('Contents'),
      l10n.t('State'),
      l10n.t('Remarks'),
    ],
    legend: [
      ...(map.regions.some(({ isRunning }) => isRunning)
        ? [{ kind: 'running' as const, text: l10n.t('running application') }]
        : []),
      { kind: 'app', text: l10n.t('application slot') },
      { kind: 'data', text: l10n.t('data') },
      { kind: 'system', text: l10n.t('bootloader and partition table') },
      ...(map.regions.some(({ kind }) => kind === 'other')
        ? [{ kind: 'other' as const, text: l10n.t('another type') }]
        : []),
      { kind: 'free', text: l10n.t('no partition') },
    ],
    ...(map.otadata === undefined
      ? {}
      : {
          otadata: {
            title: l10n.t('otadata: which slot boots'),
            entries: map.otadata.map((entry, index) => ({
              name: l10n.t('Sector {0}', index),
              text: sectorText(entry),
              isActive: entry.isActive,
            })),
            explanation: map.boot === undefined ? '' : reasonText(map.boot.reason),
          },
        }),
    ...(differences === undefined
      ? {}
      : {
          differences: {
            title: l10n.t('Compared with the project’s partition table'),
            items: differences.length === 0 ? [l10n.t('The same.')] : differences.map(differenceText),
          },
        }),
    texts: {
      picture: l10n.t('Regions of the flash, from the first address to the last'),
      table: l10n.t('All regions of the flash'),
      details: l10n.t('Selected region'),
      enlarged: l10n.t('Drawn larger than to scale.'),
      scale: l10n.t(
        'The narrow bar is exactly to scale. Beside it, small regions are drawn larger, so that they can be read.',
      ),
    },
  };
}

function summaryText(map: FlashMap, { isProject, notice }: FlashMapSubject): string {
  if (isProject) return l10n.t('What flashing the last build would leave: its image beside the size of each slot.');
  if (notice !== undefined) return '';
  const running = map.regions.find(({ isRunning }) => isRunning);
  const next =
    map.boot?.label === undefined
      ? l10n.t('The next reset finds nothing to boot.')
      : l10n.t('The next reset boots {0}.', map.boot.label);
  if (running === undefined) return next;
  const version = running.content?.kind === 'image' ? running.content.version : undefined;
  return `${l10n.t('{0} runs from {1}.', version ?? l10n.t('An application'), running.label)} ${next}`;
}

function nameOf({ kind, label }: FlashRegion): string {
  if (label !== '') return label;
  switch (kind) {
    case 'bootloader':
      return l10n.t('Bootloader');
    case 'partitionTable':
      return l10n.t('Partition table');
    case 'free':
      return l10n.t('Free');
    case 'reserved':
      return l10n.t('Not for partitions');
    case 'app':
    case 'data':
    case 'other':
      return l10n.t('(without a name)');
  }
}

function typeText({ type, subtype }: FlashRegion): string {
  if (type === undefined || subtype === undefined) return '';
  return `${typeName(type)}, ${subtypeName(type, subtype)}`;
}

function usedText({ content, size }: FlashRegion): string | undefined {
  if (content?.kind !== 'image' || content.bytes === undefined) return undefined;
  return l10n.t('{0} of {1} ({2})', bytesText(content.bytes), bytesText(size), percentText(content.bytes, size));
}

function contentText(region: FlashRegion): string {
  const { content } = region;
  switch (content?.kind) {
    case undefined:
      return '';
    case 'empty':
      return l10n.t('empty');
    case 'unreadable':
      return l10n.t('no image');
    case 'image':
      return [[content.version, content.projectName].filter(Boolean).join(' '), usedText(region)]
        .filter(Boolean)
        .join(' · ');
  }
}

function badgesOf(region: FlashRegion): RegionView['badges'] {
  const { isRunning, isNext, difference } = region;
  const warnings = [...region.problems.map(problemText), contentProblem(region)].filter((one) => one !== undefined);
  return [
    ...(isRunning ? [{ kind: 'running' as const, text: l10n.t('running') }] : []),
    ...(isNext ? [{ kind: 'next' as const, text: l10n.t('boots next') }] : []),
    ...warnings.map((text) => ({ kind: 'warning' as const, text })),
    ...(difference === undefined ? [] : [{ kind: 'difference' as const, text: differenceShort(difference) }]),
  ];
}

function flagsText({ isEncrypted, isReadonly }: FlashRegion): string {
  return [isEncrypted ? l10n.t('encrypted') : '', isReadonly ? l10n.t('read-only') : ''].filter(Boolean).join(', ');
}

function regionView(region: FlashRegion): RegionView {
  const { id, kind, offset, size, content, state, isRunning } = region;
  const name = nameOf(region);
  const type = typeText(region);
  const range = `${hexText(offset)} – ${hexText(Math.max(offset, offset + size - 1))}`;
  const sizes = `${bytesText(size)} (${hexText(size)})`;
  const contents = contentText(region);
  const stateWords = state === undefined ? '' : slotStateText(String(state));
  const badges = badgesOf(region);
  const remarks = badges.map(({ text }) => text).join(', ');
  const build =
    content?.kind === 'image' && content.isBuild === true && content.from === 'board'
      ? l10n.t('what the project’s last build made')
      : '';
  const details = [
    { term: l10n.t('Type'), text: type },
    { term: l10n.t('Range'), text: range },
    { term: l10n.t('Size'), text: sizes },
    { term: l10n.t('Version'), text: content?.kind === 'image' ? (content.version ?? '') : '' },
    { term: l10n.t('Project'), text: content?.kind === 'image' ? (content.projectName ?? '') : '' },
    { term: l10n.t('Image'), text: usedText(region) ?? (content?.kind === 'image' ? '' : contents) },
    { term: l10n.t('Build'), text: build },
    { term: l10n.t('State'), text: stateWords },
    { term: l10n.t('Flags'), text: flagsText(region) },
    { term: l10n.t('Remarks'), text: remarks },
  ];
  return {
    id,
    kind,
    offset,
    size,
    name,
    type,
    start: hexText(offset),
    sizeText: bytesText(size),
    ...(content?.kind === 'image' && content.bytes !== undefined && size > 0 ? { fill: content.bytes / size } : {}),
    content: contents,
    isRunning,
    badges,
    spoken: [name, type, range, bytesText(size), contents, stateWords, remarks].filter(Boolean).join(', ') + '.',
    details: details.filter(({ text }) => text !== ''),
    cells: [
      name,
      type,
      range,
      bytesText(size),
      [contents, build].filter(Boolean).join(' · '),
      stateWords,
      [remarks, flagsText(region)].filter(Boolean).join(', '),
    ],
  };
}
