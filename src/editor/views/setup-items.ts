import { l10n } from 'vscode';
import { basename } from 'node:path';
import { FINDINGS, type Severity } from '../../doctor/finding-ids.ts';
import type { Finding } from '../../doctor/finding.ts';
import { findingKey, type FixChoice } from '../finding-key.ts';
import { findingText, groupName } from '../../texts/finding-texts.ts';
import { fixTitle } from '../../texts/finding-texts/fixes.ts';
import { listText } from '../../texts/text.ts';
import type { TreeNode } from './tree-node.ts';

const ICONS = {
  error: { icon: 'error', color: 'testing.iconFailed' },
  warning: { icon: 'warning', color: 'list.warningForeground' },
  information: { icon: 'info' },
} as const;

/** `2 errors, 1 warning`; notes only where there is nothing worse. */
export function countText(findings: readonly Finding[]): string {
  const count = (severity: Severity): number => findings.filter((one) => one.severity === severity).length;
  const [errors, warnings, notes] = [count('error'), count('warning'), count('information')];
  const parts = [
    errors === 0 ? '' : errors === 1 ? l10n.t('1 error') : l10n.t('{0} errors', errors),
    warnings === 0 ? '' : warnings === 1 ? l10n.t('1 warning') : l10n.t('{0} warnings', warnings),
    errors + warnings > 0 || notes === 0 ? '' : notes === 1 ? l10n.t('1 note') : l10n.t('{0} notes', notes),
  ];
  return listText(parts);
}

/** What stands in the way of the next update, each finding with its fixes below it. */
export function setupItems(findings: readonly Finding[]): readonly TreeNode[] {
  const worst = findings[0]?.severity;
  const isReady = worst === undefined || worst === 'information';
  return [
    {
      // another row once an update would fail, so that it opens by itself
      id: worst === 'error' ? 'setup' : 'setup-ready',
      label: l10n.t('OTA Setup'),
      description: listText([isReady ? l10n.t('ready') : '', countText(findings)]),
      ...(isReady ? { icon: 'pass', color: 'charts.green' } : ICONS[worst]),
      contextValue: 'setup',
      children: findings.map(findingItem),
      isExpanded: worst === 'error',
    },
  ];
}

/** Nothing is known of what stands in the way.
 * @param why in a line */
export function failedItems(why: string): readonly TreeNode[] {
  return [
    {
      id: 'setup',
      label: l10n.t('OTA Setup'),
      description: l10n.t('could not be checked: {0}', why),
      ...ICONS.error,
      contextValue: 'setup',
      command: { name: 'checkSetup', title: l10n.t('Check OTA Setup') },
    },
  ];
}

function severityWord(severity: Severity): string {
  const words: Record<Severity, string> = {
    error: l10n.t('error'),
    warning: l10n.t('warning'),
    information: l10n.t('note'),
  };
  return words[severity];
}

function findingItem(finding: Finding): TreeNode {
  const { path, range, fixes, severity } = finding;
  const key = findingKey(finding);
  const text = findingText(finding);
  const place = path === undefined ? '' : `${basename(path)}${range === undefined ? '' : `:${range.line}`}`;
  const group = groupName(FINDINGS[finding.id].group);
  return {
    id: `setup/${key}`,
    label: text,
    description: place,
    tooltip: `${group} · ${finding.id}`,
    ...ICONS[severity],
    contextValue: fixes.length > 0 ? 'finding-fixable' : 'finding',
    payload: key,
    command: {
      name: 'showFinding',
      title: l10n.t('Show Finding'),
      arguments: [{ finding: key } satisfies FixChoice],
    },
    spoken: [severityWord(severity), group, text, place].filter((part) => part !== '').join(', '),
    children: fixes.map((fix) => ({
      id: `setup/${key}/${fix.id}`,
      label: fixTitle(fix),
      iconText: l10n.t('fix'),
      icon: 'lightbulb',
      color: 'editorLightBulb.foreground',
      contextValue: 'fix',
      command: {
        name: 'applyFix',
        title: fixTitle(fix),
        arguments: [{ finding: key, fix: fix.id } satisfies FixChoice],
      },
    })),
  };
}
