import { describe, expect, it } from 'vitest';
import { versionRefusal, type RefusalFacts } from '../../../src/ota/version-refusal.ts';

const FACTS: RefusalFacts = {
  version: '1.0.0',
  client: 'advanced',
  skipsVersionCheck: false,
  runningVersions: ['1.0.0'],
  rolledBackVersions: [],
};

describe('a version that a board would refuse', () => {
  it.each([
    ['the one it runs', {}, 'runsAlready'],
    ['the one that one of several runs', { runningVersions: ['0.9.0', '1.0.0'] }, 'runsAlready'],
    ['another one', { runningVersions: ['0.9.0'] }, undefined],
    ['nobody knows which', { version: undefined }, undefined],
    ['the one it runs, where firmware never looks', { client: 'simple' }, undefined],
    ['the one it runs, where firmware was told not to look', { skipsVersionCheck: true }, undefined],
    [
      'the one it went back from',
      { client: 'native', runningVersions: [], rolledBackVersions: ['1.0.0'] },
      'rolledBack',
    ],
    [
      'the one it went back from, which others forget',
      { runningVersions: [], rolledBackVersions: ['1.0.0'] },
      undefined,
    ],
  ] as const)('%s', (_name, facts, expected) => {
    expect(versionRefusal({ ...FACTS, ...facts })).toBe(expected);
  });
});
