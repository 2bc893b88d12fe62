import { describe, expect, it } from 'vitest';
import { PLAN_SCHEME, showsPlan } from '../../../src/editor/plan-tabs.ts';

const TITLE = 'Set Up blink for OTA';
const diff = (scheme: string) => ({ original: { scheme: 'file' }, modified: { scheme } });

describe('the tab of a plan', () => {
  it.each([
    ['the diff of the plan', `${TITLE} (3 files)`, { textDiffs: [diff(PLAN_SCHEME), diff(PLAN_SCHEME)] }, true],
    ['one with new files only, which the editor leaves out', TITLE, { textDiffs: [] }, true],
    ['one that an older editor says nothing of', TITLE, undefined, true],
    ['a file that is called alike', `${TITLE}.md`, { uri: { scheme: 'file' } }, false],
    ['a diff of somebody else', TITLE, { textDiffs: [diff('git')] }, false],
    ['the plan of another project', 'Set Up fade for OTA (3 files)', { textDiffs: [diff(PLAN_SCHEME)] }, false],
  ])('is told from others: %s', (_what, label, input, expected) => {
    expect(showsPlan({ label, input }, TITLE)).toBe(expected);
  });
});
