import { l10n } from 'vscode';
import type { MonitorFacts } from '../sessions/monitor-session.ts';
import { virtualLabel } from '../../texts/board-names.ts';
import type { TreeNode } from './tree-node.ts';

/** The row of a monitor, below its board, or by itself while there is no row for the board. */
export function monitorItem(monitor: MonitorFacts, isAlone = false): TreeNode {
  const { address, state, logPath } = monitor;
  const name = virtualLabel(address) ?? address;
  return {
    id: `monitor/${address}`,
    label: isAlone ? l10n.t('Monitor: {0}', name) : l10n.t('Monitor'),
    description: stateText(monitor),
    ...(logPath === undefined ? {} : { tooltip: logPath }),
    icon: state === 'lost' ? 'loading~spin' : 'terminal',
    contextValue: 'monitor',
    payload: address,
    command: { name: 'openMonitor', title: l10n.t('Show Monitor'), arguments: [{ payload: address }] },
  };
}

function stateText({ state, isPaused, logPath }: MonitorFacts): string {
  switch (state) {
    case 'opening':
    case 'closed':
      return '';
    case 'lost':
      return l10n.t('waiting for the board');
    case 'yielded':
      return l10n.t('port in use');
    case 'open':
      return [isPaused ? l10n.t('paused') : '', logPath === undefined ? l10n.t('open') : l10n.t('logging')]
        .filter(Boolean)
        .join(' · ');
  }
}

/** What the board said on its console of the application it runs. */
export function runningText({ view, state }: MonitorFacts): string {
  const { app, phase, runningLabel } = view;
  if (state === 'lost') return '';
  if (phase === 'panic') return l10n.t('crashed');
  if (phase === 'downloadMode') return l10n.t('in its loader');
  if (app?.version === undefined) return '';
  return runningLabel === undefined
    ? l10n.t('runs {0}', app.version)
    : l10n.t('runs {0} from {1}', app.version, runningLabel);
}
