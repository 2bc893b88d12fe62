import * as l10n from '@vscode/l10n';
import type { ImageCheck, ImageCheckId } from '../image/verify-image.ts';
import { bytesText, hexText } from './text.ts';

/** Name of a check, as a user reads it. */
export function checkName(id: ImageCheckId): string {
  const names: Record<ImageCheckId, string> = {
    headers: l10n.t('Long enough for an update'),
    magic: l10n.t('Image header'),
    chip: l10n.t('Chip'),
    revision: l10n.t('Chip revision'),
    spiMode: l10n.t('SPI flash mode'),
    description: l10n.t('App description'),
    version: l10n.t('Version'),
    segments: l10n.t('Segments'),
    checksum: l10n.t('Checksum'),
    size: l10n.t('Fits into every slot'),
    digest: l10n.t('SHA-256'),
    signature: l10n.t('Signature'),
    secureVersion: l10n.t('Secure version'),
  };
  return names[id];
}

function textOf(value: string | number | boolean | undefined): string {
  return value === undefined ? '?' : String(value);
}

function numberOf(value: string | number | boolean | undefined): number {
  return typeof value === 'number' ? value : 0;
}

/** What a check found, in a few words. */
export function checkResult(check: ImageCheck): string {
  const { details, outcome } = check;
  switch (check.id) {
    case 'size': {
      if (outcome === 'skipped') return l10n.t('no slot to compare with');
      const free = numberOf(details['freeBytes']);
      const slot = bytesText(numberOf(details['slotSizeBytes']));
      return free < 0
        ? l10n.t('{0} too large for a slot of {1}', bytesText(-free), slot)
        : l10n.t('{0} free of {1}', bytesText(free), slot);
    }
    case 'checksum':
    case 'digest':
      if (outcome === 'passed') return l10n.t('correct');
      if (details['isAppended'] === false) return l10n.t('none appended');
      return outcome === 'failed' && details['stored'] !== undefined
        ? l10n.t('wrong: the file is damaged')
        : l10n.t('the file ends before it');
    case 'signature':
      if (details['isSigned'] === false)
        return outcome === 'failed' ? l10n.t('missing, and the project requires one') : l10n.t('not signed');
      return outcome === 'passed'
        ? l10n.t('{0}, intact', textOf(details['scheme']))
        : l10n.t('{0}, damaged', textOf(details['scheme']));
    case 'chip':
      return outcome === 'failed'
        ? l10n.t(
            'for {0}, the project is for {1}',
            textOf(details['foundName'] ?? details['found']),
            textOf(details['expectedName'] ?? details['expected']),
          )
        : textOf(details['foundName'] ?? details['found']);
    case 'magic':
      return outcome === 'passed' ? hexText(0xe9) : l10n.t('not an application image');
    case 'description':
      return outcome === 'failed' ? l10n.t('missing') : '';
    default:
      if (outcome === 'failed') return l10n.t('failed');
      return outcome === 'skipped' ? l10n.t('not checked') : '';
  }
}

/** For a screen reader, which does not see the icon. */
export function outcomeWord(outcome: ImageCheck['outcome']): string {
  const words: Record<ImageCheck['outcome'], string> = {
    passed: l10n.t('passed'),
    failed: l10n.t('failed'),
    warned: l10n.t('warning'),
    skipped: l10n.t('not checked'),
  };
  return words[outcome];
}
