import { WORK_IDS, type DeliveryRecord } from './delivery.ts';
import { STEP_IDS } from './update-state.ts';

// What a line of the history has to look like to be believed. Nothing here makes values: a line is taken as it is or not at all.

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value.length <= 4096;
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value);
const isProcessId: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isSwitch: Check = (value) => typeof value === 'boolean';

function isOneOf(...allowed: readonly string[]): Check {
  return (value) => typeof value === 'string' && allowed.includes(value);
}

function isListOf(check: Check): Check {
  return (value) => Array.isArray(value) && value.length <= 1000 && value.every(check);
}

/** An object with these fields; names that end in `?` may be missing. Others are let through. */
function has(fields: Readonly<Record<string, Check>>): Check {
  const checks = Object.entries(fields).map(([name, check]) => {
    const isOptional = name.endsWith('?');
    return { name: isOptional ? name.slice(0, -1) : name, isOptional, check };
  });
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const found = value as Readonly<Record<string, unknown>>;
    return checks.every(({ name, isOptional, check }) =>
      Object.hasOwn(found, name) ? check(found[name]) : isOptional,
    );
  };
}

/** An object whose kind, in the field named, decides what else it has. */
function byKind(field: string, kinds: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null) return false;
    const kind: unknown = (value as Readonly<Record<string, unknown>>)[field];
    return typeof kind === 'string' && Object.hasOwn(kinds, kind) && kinds[kind]?.(value) === true;
  };
}

const isFlat: Check = (value) =>
  has({})(value) && Object.values(value as object).every((one) => isText(one) || isNumber(one) || isSwitch(one));

const isStepId = isOneOf(...STEP_IDS);
const isOwnWords = byKind('id', {
  reset: has({}),
  typed: has({ url: isText }),
  noAnswer: has({ request: isText }),
  sent: has({ sentBytes: isNumber, totalBytes: isNumber }),
  published: has({ release: isText, bytes: isNumber, sha256: isText }),
});
const isEvidence = has({ source: isText, text: isText, 'says?': isOwnWords });
const isStep = has({
  id: isStepId,
  outcome: isOneOf('running', 'done', 'failed'),
  startedMs: isNumber,
  'endedMs?': isNumber,
  evidence: isEvidence,
});
const isFailure = has({ step: isStepId, cause: isText, evidence: isEvidence, 'times?': isNumber, 'stranger?': isText });
const hasFailure = has({ failure: isFailure });
const isVerdict = byKind('outcome', {
  confirmed: has({}),
  delivered: has({ isRollbackEnabled: isSwitch }),
  refused: hasFailure,
  failed: hasFailure,
  rolledBack: hasFailure,
  unknown: has({ missing: isStepId }),
  cancelled: has({ during: isStepId }),
});
const isSubject = has({
  board: isText,
  project: isText,
  version: isText,
  sha256: isText,
  elfSha256: isText,
  totalBytes: isNumber,
  releaseId: isText,
  'previousVersion?': isText,
  'countsItself?': isSwitch,
  'isWithoutConsole?': isSwitch,
  isRollbackEnabled: isSwitch,
});
const isTimeline = has({
  subject: isSubject,
  startedMs: isNumber,
  'endedMs?': isNumber,
  steps: isListOf(isStep),
  'download?': has({
    sentBytes: isNumber,
    totalBytes: isNumber,
    bytesPerSecond: isNumber,
    requests: isNumber,
    'samples?': isListOf(has({ atMs: isNumber, bytes: isNumber })),
  }),
  'client?': has({ address: isText, by: isOneOf('connection', 'address', 'mac', 'onlyCandidate') }),
  failures: isListOf(isFailure),
  'faults?': isListOf(isText),
  'runningVersion?': isText,
  'runsRelease?': isSwitch,
  'verdict?': isVerdict,
});
const isName = has({ id: isText, name: isText });
const isHeld = has({
  boards: isListOf(isName),
  because: has({ id: isText, name: isText, outcome: isText, 'cause?': isText }),
});
const isEnd = byKind('kind', {
  finished: has({}),
  stopped: has({ at: isOneOf(...WORK_IDS), code: isText, details: isFlat }),
  cancelled: has({ at: isOneOf(...WORK_IDS, 'update') }),
});

const isRecord = byKind('t', {
  begin: has({
    id: isText,
    atMs: isNumber,
    kind: isOneOf('delivery', 'rehearsal'),
    project: isText,
    'pid?': isProcessId,
  }),
  work: has({
    id: isText,
    work: has({
      id: isOneOf(...WORK_IDS),
      outcome: isOneOf('running', 'done', 'skipped', 'failed', 'cancelled'),
      startedMs: isNumber,
      'endedMs?': isNumber,
      'note?': isText,
    }),
  }),
  version: has({ id: isText, version: isText }),
  board: has({
    id: isText,
    atMs: isNumber,
    board: has({ id: isText, name: isText, trigger: isOneOf('wait', 'reset', 'sendUrl', 'http', 'virtual') }),
    subject: isSubject,
  }),
  step: has({ id: isText, board: isText, step: isStep }),
  update: has({ id: isText, board: isText, timeline: isTimeline }),
  held: has({ id: isText, held: isHeld }),
  end: has({ id: isText, atMs: isNumber, end: isEnd }),
});

/** The record that a line of the history stands for; undefined for anything else. Never throws. */
export function parseRecord(line: string): DeliveryRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isRecord(value) ? (value as DeliveryRecord) : undefined;
}

/** The line for a record, without its end. Text that is longer than a reader would read is cut. */
export function formatRecord(record: DeliveryRecord): string {
  return JSON.stringify(record, (_name, value: unknown) =>
    typeof value === 'string' && value.length > 1000 ? `${value.slice(0, 999)}…` : value,
  );
}
