import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDeviceText } from '../../../src/monitor/device-text.ts';

const ESC = '\u001b';
const BEL = '\u0007';
const ST = `${ESC}\\`;

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function through(...chunks: Uint8Array[]): string {
  const text = createDeviceText();
  return chunks.map((chunk) => text.push(chunk)).join('');
}

/** The text, given whole and cut at every byte, which must make no difference. */
function cleaned(input: string): string {
  const all = bytes(input);
  const whole = through(all);
  for (let at = 0; at <= all.length; at++) expect(through(all.subarray(0, at), all.subarray(at))).toBe(whole);
  expect(through(...[...all].map((byte) => Uint8Array.of(byte)))).toBe(whole);
  return whole;
}

describe('what a device may print', () => {
  for (const kept of [
    'plain text, 温度 21 °C, 🚀\r\n',
    'progress 10%\rprogress 20%\r\n',
    `${ESC}[0;32mI (1) tag: green${ESC}[0m\r\n`,
    `${ESC}[38;5;196mindexed ${ESC}[38:2::255:0:0mtrue colour ${ESC}[m`,
    `${ESC}[2K${ESC}[1A${ESC}[10;20H${ESC}[3C${ESC}[K`,
    `${ESC}[2J${ESC}[H`,
    `${ESC}7saved${ESC}8`,
    `${ESC}[?25lhidden cursor${ESC}[?25h`,
    `${ESC}[5n${ESC}[6n`, // how linenoise asks whether a terminal is there
    `bell${BEL} tab\tback\b`,
  ]) {
    it(`comes through: ${JSON.stringify(kept)}`, () => {
      expect(cleaned(kept)).toBe(kept);
    });
  }
});

describe('what could act on the editor', () => {
  const removed: readonly (readonly [what: string, sequence: string])[] = [
    ['the window title', `${ESC}]0;owned${BEL}`],
    ['the window title, ended by ST', `${ESC}]2;owned${ST}`],
    ['the clipboard', `${ESC}]52;c;ZWNobyBoaQ==${BEL}`],
    ['a hyperlink', `${ESC}]8;;command:workbench.action.quit${ST}`],
    ['a notification', `${ESC}]9;hello${BEL}`],
    ['shell integration of the editor', `${ESC}]633;E;rm -rf ~${BEL}`],
    ['a picture', `${ESC}]1337;File=inline=1:AAAA${BEL}`],
    ['DCS', `${ESC}P$q"p${ST}`],
    ['DCS sixel', `${ESC}Pq#0;2;0;0;0#0~~@@${ST}`],
    ['APC', `${ESC}_Gf=24;AAAA${ST}`],
    ['PM', `${ESC}^secret${ST}`],
    ['SOS', `${ESC}Xsecret${ST}`],
    ['8-bit OSC', '\u009d0;owned\u009c'],
    ['8-bit DCS', '\u0090$q"p\u009c'],
    ['8-bit APC', '\u009fG\u009c'],
    ['8-bit PM', '\u009esecret\u009c'],
    ['8-bit SOS', '\u0098secret\u009c'],
    ['a reset of the terminal', `${ESC}c`],
    ['another character set', `${ESC}(0`],
    ['shift out and in', '\u000e\u000f'],
    ['mouse tracking', `${ESC}[?1000h${ESC}[?1006h`],
    ['bracketed paste', `${ESC}[?2004h`],
    ['the other screen', `${ESC}[?1049h`],
    ['window operations', `${ESC}[8;10;10t${ESC}[21t`],
    ['clearing of the scroll-back', `${ESC}[3J`],
    ['device attributes', `${ESC}[c${ESC}[>c${ESC}[0c`],
    ['repetition', `x${ESC}[999999999b`.slice(1)],
    ['private questions', `${ESC}[?6n${ESC}[?1$p`],
    ['keyboard protocols', `${ESC}[>1u${ESC}[=1;1u`],
    ['an enquiry', '\u0005'],
    ['null and delete', '\u0000\u007f'],
    ['a sequence within a sequence', `${ESC}[1${ESC}]0;owned${BEL}`],
    ['a sequence that was called off', `${ESC}[12\u0018`],
  ];
  for (const [what, sequence] of removed) {
    it(`is taken out: ${what}`, () => {
      expect(cleaned(`before${sequence}after`)).toBe('beforeafter');
    });
  }

  it('turns the 8-bit form of a colour into the 7-bit one', () => {
    expect(cleaned('\u009b31mred\u009b0m')).toBe(`${ESC}[31mred${ESC}[0m`);
  });

  it('limits counts that a terminal would loop over', () => {
    expect(cleaned(`${ESC}[2147483647L${ESC}[99999999;5H`)).toBe(`${ESC}[999L${ESC}[999;5H`);
  });

  it('carries out control characters within a sequence, but not a line end', () => {
    expect(cleaned(`${ESC}[3\b1mred`)).toBe(`\b${ESC}[31mred`);
    expect(cleaned(`${ESC}[31\r\nnext line`)).toBe('\r\nnext line');
  });

  it('ends a string that nobody ends with its line', () => {
    expect(cleaned(`boot ${ESC}]0;noise of a reset\r\nI (1) boot: ESP-IDF`)).toBe('boot \r\nI (1) boot: ESP-IDF');
  });

  it('shows malformed UTF-8 as U+FFFD', () => {
    expect(through(Uint8Array.of(0x41, 0xff, 0x9d, 0x30, 0x42))).toBe('A\ufffd\ufffd0B');
  });

  it('gives nothing but harmless text for any input', () => {
    const alphabet = fc.constantFrom(
      ESC,
      '[',
      ']',
      'P',
      '\\',
      '?',
      ';',
      '1',
      'm',
      'J',
      'h',
      '\u009b',
      '\u009d',
      '\u009c',
      BEL,
      '\n',
      'a',
      ' ',
      '(',
    );
    const harmless =
      /^(?:[\u0007-\u000a\u000d\u0020-\u007e\u00a0-\uffff]|\u001b\[[\d;:]{0,64}[A-HfdXP@LMSTKJmsun]|\u001b\[\?25[hl]|\u001b[78DEM])*$/;
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 40 }), fc.nat(), (characters, at) => {
        const all = bytes(characters.join(''));
        const whole = through(all);
        expect(whole).toMatch(harmless);
        const cut = at % (all.length + 1);
        expect(through(all.subarray(0, cut), all.subarray(cut))).toBe(whole);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (all) => {
        expect(through(all)).toMatch(harmless);
      }),
      { numRuns: Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000) },
    );
  });
});
