import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editSdkconfig, parseSdkconfig, symbolName, type SdkconfigValue } from '../../../src/idf/sdkconfig.ts';
import { splitLines } from '../../../src/idf/text-lines.ts';
import { FIXTURES, GENERATIONS } from './project-folder.ts';

const edit = (text: string, changes: Record<string, SdkconfigValue | null>): string =>
  editSdkconfig(text, new Map(Object.entries(changes)));
const valuesOf = (text: string): Map<string, string> =>
  new Map([...parseSdkconfig(text).entries].map(([name, entry]) => [name, entry.value]));

describe('reading sdkconfig', () => {
  it('reads bools, numbers and strings', () => {
    const { entries, problems } = parseSdkconfig(
      'CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=n\nCONFIG_D=-12\nCONFIG_E=0x8000\nCONFIG_F="text"\nCONFIG_G=\nCONFIG_H=""\n',
    );
    expect([...entries.values()].map(({ name, value }) => [name, value])).toEqual([
      ['A', 'y'],
      ['B', 'n'],
      ['C', 'n'],
      ['D', '-12'],
      ['E', '0x8000'],
      ['F', 'text'],
      ['G', ''],
      ['H', ''],
    ]);
    expect(problems).toEqual([]);
  });

  it('undoes escapes and ignores what follows the closing quote', () => {
    const values = valuesOf('CONFIG_A="a \\"b\\" \\\\ c" # more\nCONFIG_B="#no comment"   \n');
    expect(values.get('A')).toBe('a "b" \\ c');
    expect(values.get('B')).toBe('#no comment');
  });

  it('lets the last of several assignments count', () => {
    const { entries } = parseSdkconfig('CONFIG_A=1\n# CONFIG_B is not set\nCONFIG_A=2\nCONFIG_B=y\n');
    expect(entries.get('A')).toMatchObject({ value: '2', line: 3 });
    expect(entries.get('B')?.value).toBe('y');
  });

  it('keeps the deprecated block apart', () => {
    const { entries, deprecated } = parseSdkconfig(
      'CONFIG_NEW=y\n\n# Deprecated options for backward compatibility\nCONFIG_OLD=y\n# End of deprecated options\nCONFIG_LATER=y\n',
    );
    expect([...entries.keys()]).toEqual(['NEW', 'LATER']);
    expect(deprecated.get('OLD')).toMatchObject({ value: 'y', line: 4 });
  });

  it('knows the values ESP-IDF 6 marks as defaults', () => {
    const { entries } = parseSdkconfig('# default:\nCONFIG_A=y\nCONFIG_B=y\n# default:\n# CONFIG_C is not set\n');
    expect([...entries.values()].map(({ isDefault }) => isDefault)).toEqual([true, false, true]);
  });

  it('lists lines that Kconfig ignores, with their line', () => {
    const { problems } = parseSdkconfig('CONFIG_A=y\nCONFIG_B\n  CONFIG_C=y\nCONFIG_D="open\nfoo=bar\n');
    expect(problems.map(({ line }) => line)).toEqual([2, 3, 4, 5]);
  });

  it.each([
    ['# Espressif IoT Development Framework (ESP-IDF) 5.4.4 Project Configuration', '5.4.4'],
    ['# Espressif IoT Development Framework (ESP-IDF) 5.5.0 Project Minimal Configuration', '5.5.0'],
    ['# Espressif IoT Development Framework (ESP-IDF) v6.0-dev-1 Project Configuration', 'v6.0-dev-1'],
    ['# Some other Project Configuration', undefined],
  ])('takes the version from the header %s', (line, version) => {
    expect(parseSdkconfig(`#\n${line}\n#\n`).idfVersion).toBe(version);
  });

  it('reads CRLF, a byte order mark and a missing final line ending alike', () => {
    expect(valuesOf('\uFEFFCONFIG_A="x"\r\nCONFIG_B=1\r\nCONFIG_C=y')).toEqual(
      valuesOf('CONFIG_A="x"\nCONFIG_B=1\nCONFIG_C=y\n'),
    );
  });
});

describe('editing sdkconfig', () => {
  it('writes each kind of value', () => {
    const text = 'CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=1\nCONFIG_D=0x10\nCONFIG_E="e"\nCONFIG_F=2\n';
    expect(edit(text, { A: false, CONFIG_B: true, C: -7, D: 4096, E: 'say "hi" \\', F: { hex: 255 } })).toBe(
      '# CONFIG_A is not set\nCONFIG_B=y\nCONFIG_C=-7\nCONFIG_D=0x1000\nCONFIG_E="say \\"hi\\" \\\\"\nCONFIG_F=0xff\n',
    );
  });

  it('takes away the mark of a default, also where the value stays the same', () => {
    expect(edit('# default:\nCONFIG_A=y\n# default:\nCONFIG_B=y\n', { A: true })).toBe(
      'CONFIG_A=y\n# default:\nCONFIG_B=y\n',
    );
    expect(edit('# default:\r\n# CONFIG_A is not set\r\n', { A: true })).toBe('CONFIG_A=y\r\n');
  });

  it('changes the assignment that counts, the last', () => {
    expect(edit('CONFIG_A=1\nCONFIG_B=y\nCONFIG_A=2\n', { A: 3 })).toBe('CONFIG_A=1\nCONFIG_B=y\nCONFIG_A=3\n');
  });

  it('never touches the block of deprecated names', () => {
    const block = '\n# Deprecated options for backward compatibility\nCONFIG_OLD=y\n# End of deprecated options\n';
    expect(edit(`CONFIG_A=y\n${block}`, { OLD: false })).toBe(`CONFIG_A=y\n# CONFIG_OLD is not set\n${block}`);
    expect(edit(`CONFIG_A=y\n${block}`, { OLD: null })).toBe(`CONFIG_A=y\n${block}`);
  });

  it('adds a symbol below its relatives', () => {
    const text = 'CONFIG_EXAMPLE_WIFI_SSID="a"\nCONFIG_EXAMPLE_WIFI_PASSWORD="b"\n# end of Example\nCONFIG_Z=y\n';
    expect(edit(text, { EXAMPLE_WIFI_CHANNEL: 3 })).toBe(
      'CONFIG_EXAMPLE_WIFI_SSID="a"\nCONFIG_EXAMPLE_WIFI_PASSWORD="b"\nCONFIG_EXAMPLE_WIFI_CHANNEL=3\n# end of Example\nCONFIG_Z=y\n',
    );
  });

  it('adds a symbol without relatives at the end, with the line endings of the file', () => {
    expect(edit('', { A: true })).toBe('CONFIG_A=y\n');
    expect(edit('CONFIG_X=1\r\nCONFIG_Y=2', { A: true })).toBe('CONFIG_X=1\r\nCONFIG_Y=2\r\nCONFIG_A=y');
    expect(edit('\uFEFF# only a comment\n', { A: true })).toBe('\uFEFF# only a comment\nCONFIG_A=y\n');
  });

  it('takes a symbol out with its mark and all its duplicates', () => {
    expect(edit('CONFIG_A=1\nCONFIG_B=y\n# default:\nCONFIG_A=2', { A: null })).toBe('CONFIG_B=y\n');
  });

  it('refuses values that no line can hold', () => {
    expect(() => edit('', { A: 'two\nlines' })).toThrow(/sdkconfig\.badValue/);
    expect(() => edit('', { A: 1.5 })).toThrow(/sdkconfig\.badValue/);
    expect(() => edit('', { 'A B': true })).toThrow(/sdkconfig\.badName/);
  });

  it.each(GENERATIONS)('changes one line of a real file of %s and keeps every other byte', async (generation) => {
    const text = await readFile(join(FIXTURES, generation, 'sdkconfig'), 'utf8');
    const changed = edit(text, { EXAMPLE_WIFI_SSID: 'home "net"' });
    expect(parseSdkconfig(changed).entries.get('EXAMPLE_WIFI_SSID')?.value).toBe('home "net"');
    expect(changed.replace('"home \\"net\\""', '"myssid"')).toBe(text);
  });
});

const NAMES = ['A', 'A_B', 'A_B_C', 'A_B_D', 'ZZ', 'URL'];
const name = fc.constantFrom(...NAMES);
const anyValue = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n\0]/.test(text)),
  fc.nat().map((hex) => ({ hex })),
);
const anyLine = fc.oneof(
  name.map((symbol) => `CONFIG_${symbol}=y`),
  name.map((symbol) => `CONFIG_${symbol}=0x10`),
  name.map((symbol) => `# CONFIG_${symbol} is not set`),
  fc.tuple(name, fc.string()).map(([symbol, text]) => `CONFIG_${symbol}="${text}`),
  fc.constantFrom(
    '',
    '#',
    '# default:',
    '# a comment',
    '# Deprecated options for backward compatibility',
    '# End of deprecated options',
    'odd line',
    '\t',
  ),
  fc.string(),
);
const anyText = fc
  .tuple(
    fc.constantFrom('', '\uFEFF'),
    fc.array(fc.tuple(anyLine, fc.constantFrom('\n', '\r\n', '\n'))),
    fc.constantFrom('', 'CONFIG_A=y', '# last'),
  )
  .map(([mark, lines, last]) => mark + lines.map(([line, ending]) => line + ending).join('') + last);

describe('any edit of any text', () => {
  it('changes the named symbols only, and no other line by a byte', () => {
    fc.assert(
      fc.property(anyText, fc.dictionary(name, fc.option(anyValue)), (text, changes) => {
        const after = edit(text, changes);
        const isNamed = (symbol: string): boolean => Object.hasOwn(changes, symbol);
        const others = (config: string): [string, string][] =>
          [...valuesOf(config)].filter(([symbol]) => !isNamed(symbol));
        expect(others(after)).toEqual(others(text));
        expect(parseSdkconfig(after).deprecated.size).toBe(parseSdkconfig(text).deprecated.size);
        for (const [symbol, value] of Object.entries(changes)) {
          const read = valuesOf(after).get(symbol);
          if (value === null) expect(read).toBeUndefined();
          else if (typeof value === 'boolean') expect(read).toBe(value ? 'y' : 'n');
          else if (typeof value === 'string') expect(read).toBe(value);
          else expect(Number(read)).toBe(typeof value === 'object' ? value.hex : value);
        }
        // every line that is left of the old text stands in the new one, unchanged and in order
        const isTouchable = (line: string): boolean =>
          line.trimEnd() === '# default:' || isNamed(symbolName(/CONFIG_\w+/.exec(line)?.[0] ?? ''));
        const kept = (config: string): string[] =>
          splitLines(config.replace(/^\uFEFF/, ''))
            .map((line) => line.text)
            .filter((line) => !isTouchable(line));
        expect(kept(after)).toEqual(kept(text));
        expect(after.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'));
      }),
      { numRuns: 1000 },
    );
  });

  it('is undone by the edit back', () => {
    fc.assert(
      fc.property(anyText, name, fc.boolean(), (text, symbol, value) => {
        const once = edit(text, { [symbol]: value });
        expect(edit(once, { [symbol]: value })).toBe(once);
        expect(edit(edit(once, { [symbol]: !value }), { [symbol]: value })).toBe(once);
      }),
    );
  });
});
