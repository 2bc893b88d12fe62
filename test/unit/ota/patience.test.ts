import { describe, expect, it } from 'vitest';
import { PATIENCE, patienceFor } from '../../../src/ota/patience.ts';
import { startTimeline } from '../../../src/ota/timeline.ts';
import type { Failure, Step, StepId, Timeline, UpdateSubject } from '../../../src/ota/update-state.ts';
import { PLAIN_SUBJECT } from '../../support/plain-subject.ts';

const EVIDENCE = { source: 'console', text: '' } as const;

function step(id: StepId, outcome: Step['outcome'] = 'done'): Step {
  return { id, outcome, startedMs: 0, evidence: EVIDENCE };
}

function failed(cause: string, at: StepId = 'download'): Failure {
  return { step: at, cause, evidence: EVIDENCE };
}

function wait(steps: readonly StepId[], more: Partial<Timeline> = {}, subject: Partial<UpdateSubject> = {}) {
  const start = startTimeline({ ...PLAIN_SUBJECT, ...subject }, 0);
  const timeline = { ...start, steps: [...start.steps, ...steps.map((id) => step(id))], ...more };
  const { waitMs, why } = patienceFor(timeline, PATIENCE);
  const name = Object.entries(PATIENCE).find(([, value]) => value === waitMs)?.[0] ?? waitMs;
  return [name, why];
}

const RUNS = ['started', 'asked', 'download', 'slotSet', 'reboot', 'running'] as const;

describe('how long the next sign of a board may take', () => {
  it.each([
    ['nobody has asked yet', wait([]), ['firstSignMs', 'timeout']],
    ['it was told and is silent', wait(['triggered']), ['silenceMs', 'timeout']],
    ['it downloads', wait(['asked', 'download']), ['silenceMs', 'timeout']],
    [
      'it has the image and nobody reads its console',
      wait(['asked', 'download'], {}, { isWithoutConsole: true }),
      ['confirmMs', 'timeout'],
    ],
    ['it said no', wait(['asked'], { failures: [failed('sameVersion')] }), ['retryMs', 'settled']],
    ['its download broke off', wait(['asked'], { failures: [failed('download.aborted')] }), ['silenceMs', 'settled']],
    ['it runs and may confirm', wait(RUNS, { runsRelease: true }), ['confirmMs', 'settled']],
    [
      'it runs and nothing confirms',
      wait(RUNS, { runsRelease: true }, { isRollbackEnabled: false }),
      ['firstStepsMs', 'settled'],
    ],
    [
      'it crashed after the update',
      wait(RUNS, { runsRelease: true, failures: [failed('crashed', 'confirmed')] }),
      ['silenceMs', 'settled'],
    ],
    ['another image runs', wait(RUNS, { runsRelease: false }), ['retryMs', 'settled']],
    ['it rolled back', wait(RUNS, { failures: [failed('rolledBack', 'confirmed')] }), ['echoMs', 'settled']],
    ['it confirmed', wait([...RUNS, 'confirmed'], { runsRelease: true }), [0, 'settled']],
  ])('%s', (_name, found, expected) => {
    expect(found).toEqual(expected);
  });
});
