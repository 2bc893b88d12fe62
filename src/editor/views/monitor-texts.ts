import { l10n } from 'vscode';
import type { MonitorFacts } from '../sessions/monitor-session.ts';

/** What goes on with a monitor, as part of a description. */
export function monitorText({ state, isPaused, logPath }: MonitorFacts): string {
  switch (state) {
    case 'opening':
    case 'closed':
      return '';
    case 'lost':
      return l10n.t('monitor: waiting for the board');
    case 'yielded':
      return l10n.t('monitor: port in use');
    case 'open':
      if (isPaused) return l10n.t('monitor paused');
      return logPath === undefined ? l10n.t('monitor') : l10n.t('monitor, logging');
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
