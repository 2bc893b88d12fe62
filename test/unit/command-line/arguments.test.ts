import { describe, expect, it } from 'vitest';
import { GLOBAL_OPTIONS } from '../../../src/command-line/global-options.ts';
import { nearest } from '../../../src/command-line/nearest.ts';
import { choice, flag, host, list, number, text } from '../../../src/command-line/option.ts';
import { parseArguments, splitCommand } from '../../../src/command-line/parse-arguments.ts';
import { readSize } from '../../../src/command-line/read-size.ts';
import { readFault } from '../../../src/command-line/serve-fault.ts';
import { UsageError } from '../../../src/command-line/usage-error.ts';

const words = (): string => '';

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const OPTIONS = {
  print: flag(words, { short: 'p' }),
  url: text(words),
  notes: text(words, { otherwise: 'NOTES.md' }),
  port: number(words, { min: 1, max: 65535, otherwise: 8070 }),
  kbps: number(words, { min: 0.1, max: 100, isFraction: true }),
  protocol: choice(words, ['https', 'http'], { otherwise: 'https' }),
  image: list(words),
};

const refused = (...argv: readonly string[]): Pick<UsageError, 'code' | 'message' | 'details'> => {
  const error = thrown(() => parseArguments(argv, OPTIONS));
  if (!(error instanceof UsageError)) throw error;
  const { code, message, details } = error;
  return { code, message, details };
};

describe('arguments', () => {
  it('give every option its value, or what counts when it is left out', () => {
    expect(parseArguments([], OPTIONS)).toEqual({
      operands: [],
      given: new Set(),
      values: {
        print: false,
        url: undefined,
        notes: 'NOTES.md',
        port: 8070,
        kbps: undefined,
        protocol: 'https',
        image: [],
      },
    });
  });

  it('may stand in any order, before and behind the operands', () => {
    const { values, operands, given } = parseArguments(
      ['one', '--port', '0x50', '-p', '--image=a', 'two', '--image', 'b', '--kbps=1.5', '--url=--odd'],
      OPTIONS,
    );
    expect(operands).toEqual(['one', 'two']);
    expect([...given]).toEqual(['port', 'print', 'image', 'kbps', 'url']);
    expect(values).toMatchObject({ port: 80, print: true, image: ['a', 'b'], kbps: 1.5, url: '--odd' });
  });

  it('are operands behind two dashes, whatever they look like', () => {
    expect(parseArguments(['--print', '--', '--port', '-x'], OPTIONS)).toMatchObject({ operands: ['--port', '-x'] });
  });

  it('that are not known lead to the nearest one', () => {
    expect(refused('--prot=http')).toEqual({
      code: 'usage.unknownOption',
      message: 'There is no option --prot. Did you mean --protocol?',
      details: { option: '--prot', nearest: 'protocol' },
    });
    expect(refused('--zzz').message).toBe('There is no option --zzz.');
    expect(refused('-z').message).toBe('There is no option -z.');
  });

  it('without the value they need are refused, also when another option follows', () => {
    expect(refused('--url').code).toBe('usage.valueMissing');
    expect(refused('--url', '--print').message).toBe('--url needs a value: --url TEXT.');
  });

  it('are not empty: a variable is not set', () => {
    for (const argv of [['--url', ''], ['--url='], ['--image', ''], ['--port', '']])
      expect(refused(...argv).code).toBe('usage.valueMissing');
    expect(refused('').code).toBe('usage.emptyOperand');
    expect(refused('--', '').code).toBe('usage.emptyOperand');
    const folder = thrown(() => parseArguments(['--data-dir', ''], GLOBAL_OPTIONS));
    expect(folder).toMatchObject({ code: 'usage.valueMissing', message: '--data-dir needs a value: --data-dir DIR.' });
  });

  it('with a value that is not wanted or not allowed are refused', () => {
    expect(refused('--print=yes').code).toBe('usage.valueNotWanted');
    expect(refused('--port', '0').message).toBe('--port 0: a number from 1 to 65535 is needed.');
    expect(refused('--port', '80.5').code).toBe('usage.badNumber');
    expect(refused('--port', '1e3').code).toBe('usage.badNumber');
    expect(refused('--protocol', 'ftp')).toMatchObject({
      code: 'usage.badChoice',
      message: '--protocol ftp: one of https, http is needed.',
    });
  });

  it('are not mistaken for what every object has', () => {
    expect(refused('--constructor').code).toBe('usage.unknownOption');
    expect(refused('--__proto__=x').code).toBe('usage.unknownOption');
  });
});

describe('the name of the command', () => {
  it('is the first operand; options of every command may stand before it', () => {
    expect(splitCommand(['--json', '--lang', 'en', 'check', 'folder', '--json'], GLOBAL_OPTIONS)).toEqual({
      name: 'check',
      rest: ['--json', '--lang', 'en', 'folder', '--json'],
    });
    expect(splitCommand(['--help'], GLOBAL_OPTIONS).name).toBeUndefined();
    expect(splitCommand(['--', 'check'], GLOBAL_OPTIONS).name).toBeUndefined();
  });

  it('is guessed when a letter is wrong, swapped or missing, or its beginning is there', () => {
    const known = ['check', 'metadata', 'serve', 'rehearse', 'slots', 'flash', 'monitor'];
    expect(['chekc', 'serv', 'reherse', 'meta', 'mon', 'FLASH'].map((word) => nearest(word, known))).toEqual([
      'check',
      'serve',
      'rehearse',
      'metadata',
      'monitor',
      'flash',
    ]);
    expect(nearest('deploy', known)).toBeUndefined();
  });
});

describe('values of their own kind', () => {
  it('sizes are bytes, KB or MB', () => {
    expect(['4MB', '512K', '0x400000', '16 m', '4096'].map((one) => readSize('size', one))).toEqual([
      4_194_304, 524_288, 4_194_304, 16_777_216, 4096,
    ]);
    expect(readSize('size', undefined)).toBeUndefined();
    for (const wrong of ['', '4GB', '-1', '0', '4.5MB']) {
      expect(thrown(() => readSize('size', wrong))).toMatchObject({ code: 'usage.badSize' });
    }
  });

  it('hosts are addresses or names', () => {
    const read = (one: string): unknown => host(words).read([one], 'host');
    for (const one of ['192.168.1.20', '::1', 'pc', 'pc.local', 'my-pc.example.com.', '0.0.0.0', 'a_b'])
      expect(read(one)).toBe(one);
    for (const wrong of [
      'bad host',
      '-pc',
      'a..b',
      '256.1.1.1',
      'pc:8070',
      'https://pc',
      '[::1]',
      'a/b',
      'x'.repeat(64),
    ])
      expect(thrown(() => read(wrong))).toMatchObject({ code: 'usage.badHost', details: { value: wrong } });
    expect(host(words).read([], 'host')).toBeUndefined();
  });

  it('faults have parameters of their own', () => {
    expect(readFault('cutBody')).toEqual({ id: 'cutBody', parameters: { percent: 50 } });
    expect(readFault('cutBody:percent=30')).toEqual({ id: 'cutBody', parameters: { percent: 30 } });
    expect(thrown(() => readFault('cutbody'))).toMatchObject({ details: { nearest: 'cutBody' } });
    expect(thrown(() => readFault('cutBody:percent=300'))).toMatchObject({ code: 'server.faultParameter' });
    expect(thrown(() => readFault('cutBody:what=1'))).toMatchObject({ code: 'server.faultParameter' });
    expect(thrown(() => readFault('cutBody:percent='))).toMatchObject({ code: 'server.faultParameter' });
  });
});
