import { describe, expect, it } from 'vitest';
import { STAGE_RULES, stageOf } from '../../../src/monitor/stages.ts';
import { STAGE_LINES } from './stage-lines.ts';

const COLOURS: Readonly<Record<string, string>> = { E: '31', W: '33', I: '32', D: '39', V: '39' };

/** The ways in which firmware prints the same message: time in ticks or of the day, with colours or without. */
function spellings(prefix: string, message: string): string[] {
  if (prefix === '') return [message, `\u001b[0;31m${message}\u001b[0m`];
  const [level = '', tag = ''] = prefix.split(' ');
  return ['(1234)', '(10:20:30.456)']
    .map((time) => `${level} ${time} ${tag}: ${message}`)
    .flatMap((line) => [line, `\u001b[0;${COLOURS[level] ?? '0'}m${line}\u001b[0m`]);
}

describe('every text of the tables', () => {
  for (const [id, prefix, message, values = {}] of STAGE_LINES) {
    it(`${id}: ${message}`, () => {
      const rule = STAGE_RULES.find((one) => one.id === id);
      const wanted = {
        stage: rule?.stage,
        rule: id,
        values: {
          ...values,
          ...(rule?.failure === undefined ? {} : { failure: rule.failure }),
          ...(rule?.cause === undefined ? {} : { cause: rule.cause }),
        },
      };
      const lines = spellings(prefix, message);
      expect(lines.length).toBe(prefix === '' ? 2 : 4);
      for (const line of lines) expect(stageOf(line), line).toEqual({ ...wanted, line });
    });
  }
});

describe('the tables', () => {
  it('have a test for every row, and no test is for a row that is not there', () => {
    const ids = STAGE_RULES.map((rule) => rule.id);
    expect([...new Set(STAGE_LINES.map(([id]) => id))].sort()).toEqual([...ids].sort());
    expect(ids.length).toBeGreaterThan(150);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('begin with four characters, or name a tag', () => {
    for (const rule of STAGE_RULES) {
      expect(rule.starts.length >= 4 || (rule.starts === '' && (rule.tags?.length ?? 0) > 0), rule.id).toBe(true);
    }
  });

  it('name a failure and its cause wherever something failed', () => {
    for (const rule of STAGE_RULES) {
      if (rule.stage !== 'failed') continue;
      expect([rule.id, rule.failure, rule.cause]).not.toContain(undefined);
    }
  });

  it('keep one cause for each failure', () => {
    const causes = new Map<string, string | undefined>();
    for (const { failure, cause } of STAGE_RULES) {
      if (failure === undefined) continue;
      expect(causes.get(failure) ?? cause, failure).toBe(cause);
      causes.set(failure, cause);
    }
  });

  it('tell the verification of a download from the loading of an application', () => {
    const line = 'I (815) esp_image: segment 0: paddr=00010020 vaddr=3f400020 size=09a48h ( 39496) map';
    expect(stageOf(line)?.stage).toBe('segment');
    expect(stageOf(line, { appIsRunning: true })?.stage).toBe('verifying');
  });
});

describe('a line that is not in the tables', () => {
  for (const line of [
    '',
    'I (1) boot: x',
    'hello',
    'I (1) my_app: Loaded app from partition at offset 0x10000',
    'Loaded app from partition at offset 0x10000',
    'I (1) boot: Loaded app from partition at offset zero',
    'I (1) app: ets Jun  8 2016 00:22:57',
    'I (1) boot: 12 monkeys',
  ]) {
    it(`proves nothing: ${JSON.stringify(line)}`, () => {
      expect(stageOf(line)).toBeUndefined();
    });
  }
});
