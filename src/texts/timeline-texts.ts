import * as l10n from '@vscode/l10n';
import type { ClientLink, Evidence, Step, StepId, Timeline } from '../ota/update-state.ts';
import { failureText } from './cause-texts.ts';
import { bytesText, durationText, percentText, rateText } from './text.ts';

export function stepName(id: StepId): string {
  const names: Record<StepId, string> = {
    published: l10n.t('Published'),
    triggered: l10n.t('Board told to update'),
    started: l10n.t('Update started on the board'),
    tls: l10n.t('TLS connection'),
    asked: l10n.t('Firmware requested'),
    download: l10n.t('Download'),
    verify: l10n.t('Image verified by the board'),
    slotSet: l10n.t('New slot selected'),
    reboot: l10n.t('Reboot'),
    running: l10n.t('New version runs'),
    confirmed: l10n.t('Confirmed by the application'),
  };
  return names[id];
}

/** What proves a step: a line of the board or of the protocol as it is, what we say ourselves in the reader's language. */
export function evidenceText({ text, says }: Evidence): string {
  switch (says?.id) {
    case undefined:
      return text;
    case 'reset':
      return l10n.t('reset over the serial port');
    case 'typed':
      return l10n.t('{0} typed into the console', says.url);
    case 'noAnswer':
      return l10n.t('{0}, no answer yet', says.request);
    case 'sent':
      return l10n.t('{0} of {1} sent', bytesText(says.sentBytes), bytesText(says.totalBytes));
    case 'published':
      return l10n.t('{0}, {1} bytes, SHA-256 {2}', says.release, says.bytes, says.sha256);
  }
}

/** The verdict in one sentence; what goes on when there is none yet. */
export function verdictText(timeline: Timeline): string {
  const { verdict, subject } = timeline;
  if (verdict === undefined) {
    const { download } = timeline;
    const isLoading = timeline.steps.at(-1)?.id === 'download' && download !== undefined;
    return isLoading
      ? l10n.t(
          'downloading {0}, {1}',
          percentText(download.sentBytes, download.totalBytes),
          rateText(download.bytesPerSecond),
        )
      : stepName(timeline.steps.at(-1)?.id ?? 'published');
  }
  switch (verdict.outcome) {
    case 'confirmed':
      return l10n.t('Delivered and confirmed: {0} runs', subject.version);
    case 'delivered':
      return verdict.isRollbackEnabled
        ? l10n.t(
            'Delivered, not confirmed: {0} runs, but has not marked itself valid; the next reset rolls it back',
            subject.version,
          )
        : l10n.t('Delivered: {0} runs (rollback is off, so nothing confirms it)', subject.version);
    case 'refused':
      return l10n.t('Refused: {0}', failureText(verdict.failure));
    case 'failed':
      return l10n.t('Failed: {0}', failureText(verdict.failure));
    case 'rolledBack':
      return l10n.t('Rolled back: {0}', failureText(verdict.failure));
    case 'unknown':
      return subject.isWithoutConsole === true
        ? l10n.t('Unknown: “{0}” was never seen, because nobody reads the board’s console', stepName(verdict.missing))
        : l10n.t('Unknown: “{0}” was never seen', stepName(verdict.missing));
    case 'cancelled':
      return l10n.t('Cancelled during “{0}”', stepName(verdict.during));
  }
}

export function stepOutcomeText(outcome: Step['outcome']): string {
  const words = { done: l10n.t('done'), failed: l10n.t('failed'), running: l10n.t('going on') };
  return words[outcome];
}

export function stepResult(step: Step, timeline: Timeline): string {
  const took = step.endedMs === undefined ? '' : durationText(step.endedMs - step.startedMs);
  const since = `+${durationText(step.startedMs - timeline.startedMs)}`;
  switch (step.id) {
    case 'download': {
      const { download } = timeline;
      if (download === undefined) return since;
      const amount =
        step.outcome === 'done'
          ? bytesText(download.totalBytes)
          : `${percentText(download.sentBytes, download.totalBytes)} · ${bytesText(download.sentBytes)}`;
      const requests = download.requests > 1 ? l10n.t('{0} requests', download.requests) : '';
      return [since, amount, rateText(download.bytesPerSecond), took, requests].filter(Boolean).join(' · ');
    }
    case 'published':
      return `${timeline.subject.version} · ${bytesText(timeline.subject.totalBytes)}`;
    case 'running':
      // what ran at that moment: later it may be another one again
      return [since, step.outcome === 'done' ? timeline.subject.version : timeline.runningVersion]
        .filter(Boolean)
        .join(' · ');
    case 'tls':
      return [since, evidenceText(step.evidence)].join(' · ');
    default:
      return step.endedMs !== undefined && step.endedMs - step.startedMs >= 5 ? `${since} · ${took}` : since;
  }
}

/** Which client of the server was taken for the board. */
export function clientText({ address, by }: ClientLink): string {
  switch (by) {
    case 'connection':
      return l10n.t('client {0}, by its own connection', address);
    case 'address':
      return l10n.t('client {0}, by the address in the console', address);
    case 'mac':
      return l10n.t('client {0}, by its MAC address', address);
    case 'onlyCandidate':
      return l10n.t('client {0}, a guess: no other board was waiting', address);
  }
}
