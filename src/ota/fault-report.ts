import { asMarkdown } from '../base/plain-text.ts';
import type { FaultId, FaultProfile, HealthyReaction } from '../server/faults/profiles.ts';
import type { Verdict } from './update-state.ts';

export type FaultVerdict = 'passed' | 'failed' | 'unknown';

/** What the board did while the fault was on.
 * - `kept`: it goes on running what it ran.
 * - `installed`: it runs what it was sent.
 * - `fellBack`: it took what it was sent, and its bootloader or the new application itself went back to the old one.
 * - `crashed`: its application panicked.
 * - `hung`: it gave no sign for too long and was reset.
 * - `unclear`: its console does not tell. */
export type FaultReaction = 'kept' | 'installed' | 'fellBack' | 'crashed' | 'hung' | 'unclear';

/** Why a row has its verdict.
 * - `asExpected`: the board did what a healthy firmware does.
 * - `tookFaulty`: it took what it should have refused.
 * - `refusedGood`: it did not take what nothing was wrong with.
 * - `crashed`, `hung`: as the reaction.
 * - `oldIsGone`: the application that ran before does not start any more.
 * - `didNotComeBack`: the good image afterwards was not installed.
 * - `notMet`: the board was never served the fault, so nothing is known.
 * - `notAvailable`: the server can't do this fault (no HTTPS, or no authority of its own).
 * - `boardLost`: the board did not come back after earlier faults, so this one was not tried.
 * - `unclear`: as the reaction. */
export type FaultReason =
  | 'asExpected'
  | 'tookFaulty'
  | 'refusedGood'
  | 'crashed'
  | 'hung'
  | 'oldIsGone'
  | 'didNotComeBack'
  | 'notMet'
  | 'notAvailable'
  | 'boardLost'
  | 'unclear';

/** Something worth knowing of a firmware that behaves, by the fault that showed it. */
export type FaultNotice =
  | 'takesOtherApps'
  | 'takesOlderVersions'
  | 'takesSameVersion'
  | 'ignoresDates'
  | 'followsNoRedirects'
  | 'followsToHttp'
  | 'followsRelative'
  | 'refusesRelative'
  | 'noTls13'
  | 'needsLength'
  | 'needsRanges'
  | 'gaveUpWaiting';

export interface FaultRow {
  readonly profile: FaultProfile;
  /** What a healthy firmware does. */
  readonly healthy: HealthyReaction;
  readonly reaction: FaultReaction | undefined;
  /** It ran on with what it had. Undefined where it might install something and did, and where it was not seen. */
  readonly keptOldVersion: boolean | undefined;
  /** After a reset the application that ran before starts. Undefined where another one was installed, and where it was not seen. */
  readonly oldStillBoots: boolean | undefined;
  /** The good image afterwards was installed and runs. */
  readonly cameBack: boolean | undefined;
  readonly verdict: FaultVerdict;
  readonly reason: FaultReason;
  readonly notice: FaultNotice | undefined;
  /** The console line, or the server's words, that the verdict rests on; empty where there was none. */
  readonly evidence: string;
  readonly versionBefore: string | undefined;
  /** Of the good image that was offered at last, without the fault. */
  readonly versionOffered: string;
  readonly durationMs: number;
}

/** How a firmware takes what can go wrong. Plain JSON. */
export interface FaultReport {
  readonly board: string;
  readonly project: string;
  readonly version: string;
  readonly startedMs: number;
  readonly endedMs: number;
  readonly isCancelled: boolean;
  /** The update before any fault: without one that works, nothing that follows would mean anything. */
  readonly baseline: Verdict | undefined;
  /** Whether the board runs again at last what it was to run; absent where that was not tried. */
  readonly isRestored?: boolean;
  readonly rows: readonly FaultRow[];
}

export type FaultCounts = Readonly<Record<FaultVerdict, number>>;

export function countVerdicts({ rows }: FaultReport): FaultCounts {
  const of = (verdict: FaultVerdict): number => rows.filter((row) => row.verdict === verdict).length;
  return { passed: of('passed'), failed: of('failed'), unknown: of('unknown') };
}

/** Whether the update before any fault worked. */
export function isBaselineGood({ baseline }: FaultReport): boolean {
  return baseline?.outcome === 'confirmed' || baseline?.outcome === 'delivered';
}

/** The words of a report, in the reader's language. */
export interface FaultWords {
  readonly title: (report: FaultReport) => string;
  /** Markdown. */
  readonly summary: (report: FaultReport, counts: FaultCounts) => readonly string[];
  readonly columns: {
    readonly fault: string;
    readonly healthy: string;
    readonly kept: string;
    readonly boots: string;
    readonly cameBack: string;
    readonly verdict: string;
  };
  /** What the columns say. */
  readonly legend: () => string;
  readonly details: string;
  readonly fault: (id: FaultId) => string;
  readonly healthy: (reaction: HealthyReaction) => string;
  readonly answer: (value: boolean | undefined) => string;
  readonly verdict: (verdict: FaultVerdict) => string;
  /** One sentence each: what happened, and what it means. */
  readonly reason: (row: FaultRow) => string;
  readonly notice: (notice: FaultNotice) => string;
}

/** The report as Markdown: a summary, a table of all faults, and a paragraph for each that is not simply as it should be, what
 * failed first. */
export function faultReportMarkdown(report: FaultReport, words: FaultWords): string {
  const { columns } = words;
  const head = [columns.verdict, columns.fault, columns.healthy, columns.kept, columns.boots, columns.cameBack];
  const rows = report.rows.map((row) => [
    words.verdict(row.verdict),
    words.fault(row.profile.id),
    words.healthy(row.healthy),
    words.answer(row.keptOldVersion),
    words.answer(row.oldStillBoots),
    words.answer(row.cameBack),
  ]);
  const told = (['failed', 'unknown', 'passed'] as const).flatMap((verdict) =>
    report.rows.filter((row) => row.verdict === verdict && (verdict !== 'passed' || row.notice !== undefined)),
  );
  return [
    `# ${asMarkdown(words.title(report))}`,
    '',
    ...words.summary(report, countVerdicts(report)).flatMap((line) => [line, '']),
    ...(rows.length === 0 ? [] : [...tableLines(head, rows), '', words.legend(), '']),
    ...(told.length === 0 ? [] : [`## ${words.details}`, '', ...told.flatMap((row) => detailLines(row, words))]),
  ].join('\n');
}

function detailLines(row: FaultRow, words: FaultWords): readonly string[] {
  return [
    `### ${words.fault(row.profile.id)}: ${words.verdict(row.verdict)}`,
    '',
    words.reason(row),
    '',
    ...(row.notice === undefined ? [] : [words.notice(row.notice), '']),
    ...(row.evidence === '' ? [] : ['```', row.evidence.replaceAll('```', "'''"), '```', '']),
  ];
}

/** A table that can be read as text too: columns as wide as their widest cell. */
function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [head, ...rows].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...lines.map((cells) => widthOf(cells[column] ?? ''))));
  const line = (cells: readonly string[], fill: string): string =>
    `| ${cells.map((cell, column) => cell + fill.repeat((widths[column] ?? 0) - widthOf(cell))).join(' | ')} |`;
  const [first = [], ...others] = lines;
  return [
    line(first, ' '),
    line(
      head.map(() => ''),
      '-',
    ),
    ...others.map((cells) => line(cells, ' ')),
  ];
}

/** In columns of a fixed-width font, in which Chinese characters take two. */
function widthOf(text: string): number {
  return text.replace(/[\u2e80-\uffff]/g, 'xx').length;
}
