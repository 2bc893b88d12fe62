import * as l10n from '@vscode/l10n';
import { asMarkdown, asMarkdownCode } from '../base/plain-text.ts';
import {
  isBaselineGood,
  type FaultNotice,
  type FaultReason,
  type FaultReport,
  type FaultRow,
  type FaultVerdict,
  type FaultWords,
} from '../ota/fault-report.ts';
import { faultText } from './fault-texts.ts';
import { languageTag } from './language.ts';
import { durationText } from './text.ts';

const VERDICTS: Readonly<Record<FaultVerdict, () => string>> = {
  passed: () => l10n.t('passed'),
  failed: () => l10n.t('failed'),
  unknown: () => l10n.t('unknown'),
};

const REASONS: Readonly<Record<FaultReason, (row: FaultRow) => string>> = {
  asExpected: () => l10n.t('The firmware did what healthy firmware does.'),
  tookFaulty: (row) =>
    row.reaction === 'fellBack'
      ? l10n.t('The firmware took what it should have refused; only its bootloader went back to the old version.')
      : l10n.t('The firmware took what it should have refused.'),
  refusedGood: () => l10n.t('The firmware did not take an update that nothing is wrong with.'),
  crashed: () => l10n.t('The firmware crashed.'),
  hung: () => l10n.t('The firmware gave no sign for too long and had to be reset.'),
  oldIsGone: () => l10n.t('The version that ran before does not start any more.'),
  didNotComeBack: () => l10n.t('The firmware did not take the good image afterwards.'),
  notMet: () => l10n.t('The firmware never met the fault, so nothing can be said.'),
  notAvailable: () =>
    l10n.t('The server can’t do this fault: it needs HTTPS, and a certificate by an authority whose key is here.'),
  boardLost: () => l10n.t('Not tried: the board did not come back before.'),
  unclear: () => l10n.t('The console does not tell what the firmware did.'),
};

const NOTICES: Readonly<Record<FaultNotice, () => string>> = {
  takesOtherApps: () =>
    l10n.t(
      'It installs images of other projects. Compare the project name of esp_https_ota_get_img_desc with its own.',
    ),
  takesOlderVersions: () =>
    l10n.t(
      'It installs older versions. Compare the version of esp_https_ota_get_img_desc, or use anti-rollback, where that matters.',
    ),
  takesSameVersion: () =>
    l10n.t(
      'It installs the version that it runs already: one that looks for updates at every start would never rest. Compare the versions first.',
    ),
  ignoresDates: () =>
    l10n.t(
      'It does not look at the dates of certificates, as all firmware without CONFIG_MBEDTLS_HAVE_TIME_DATE and a clock.',
    ),
  followsNoRedirects: () => l10n.t('It follows no redirections: give it the image’s own URL.'),
  followsToHttp: () =>
    l10n.t(
      'It follows redirections out of TLS, where anybody in the network can change the image. ESP-IDF does so before 5.5.5: use a later one.',
    ),
  followsRelative: () => l10n.t('It follows relative redirections, which later ESP-IDF versions refuse.'),
  refusesRelative: () => l10n.t('It follows no relative redirections: a server has to send absolute HTTPS URLs.'),
  noTls13: () => l10n.t('It does not speak TLS 1.3: a server has to keep TLS 1.2 on.'),
  needsLength: () => l10n.t('It downloads in parts, for which a server has to tell the size.'),
  needsRanges: () => l10n.t('It downloads in parts or resumes, for which a server has to answer ranges.'),
  gaveUpWaiting: () => l10n.t('It gives up when nothing comes for longer than its timeout.'),
};

/** The words of a fault report in the editor's language. */
export const faultReportWords: FaultWords = {
  title: (report) => l10n.t('Firmware against faults: {0} {1}', report.project, report.version),
  summary: (report, counts) => [
    [
      new Date(report.startedMs).toLocaleString(languageTag()),
      report.board === 'virtual' ? l10n.t('virtual board') : asMarkdown(report.board),
      durationText(report.endedMs - report.startedMs),
    ].join(' · '),
    ...(report.isCancelled ? [l10n.t('Cancelled: the list is not complete.')] : []),
    isBaselineGood(report) || (report.isCancelled && report.rows.length === 0)
      ? l10n.t('{0} passed, {1} failed, {2} unknown.', counts.passed, counts.failed, counts.unknown)
      : baselineText(report),
    ...(counts.failed === 0 ? [] : [`**${l10n.t('Failed')}**: ${namesOf(report, 'failed')}`]),
    ...(counts.unknown === 0 ? [] : [`**${l10n.t('Unknown')}**: ${namesOf(report, 'unknown')}`]),
  ],
  legend: () =>
    l10n.t(
      '“Healthy”: healthy firmware keeps the version it runs, installs the update, or does either. “Kept old”: it went on with the version it ran. “Old boots”: that version starts after a reset. “Came back”: it took the good image afterwards.',
    ),
  columns: {
    fault: l10n.t('Fault'),
    healthy: l10n.t('Healthy'),
    kept: l10n.t('Kept old'),
    boots: l10n.t('Old boots'),
    cameBack: l10n.t('Came back'),
    verdict: l10n.t('Verdict'),
  },
  details: l10n.t('Details'),
  fault: (id) => faultText(id).name,
  healthy: (reaction) => {
    switch (reaction) {
      case 'keeps':
        return l10n.t('keeps');
      case 'installs':
        return l10n.t('installs');
      case 'either':
        return l10n.t('either');
    }
  },
  answer: (value) => (value === undefined ? '–' : value ? l10n.t('yes') : l10n.t('no')),
  verdict: (verdict) => VERDICTS[verdict](),
  reason: (row) => REASONS[row.reason](row),
  notice: (notice) => NOTICES[notice](),
};

function namesOf({ rows }: FaultReport, verdict: FaultVerdict): string {
  return rows
    .filter((row) => row.verdict === verdict)
    .map((row) => faultText(row.profile.id).name)
    .join(', ');
}

/** Without an update that works, the rest means nothing. */
function baselineText({ baseline }: FaultReport): string {
  const evidence = baseline !== undefined && 'failure' in baseline ? baseline.failure.evidence.text : '';
  const text = l10n.t('The update does not work without any fault either, so no fault was tried.');
  return evidence === '' ? text : `${text} ${asMarkdownCode(evidence)}`;
}
