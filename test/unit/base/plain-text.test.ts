import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asMarkdown,
  asMarkdownCode,
  forTerminal,
  withoutControls,
  withoutLinks,
} from '../../../src/base/plain-text.ts';

const ESC = '\u001b';
/** As VS Code looks for links in its notifications. @see VS Code 1.139 `linkedText.ts` */
const EDITOR_LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

describe('text without control characters', () => {
  it.each([
    ['a title of the window', `${ESC}]0;owned\u0007v1`, ']0;ownedv1'],
    ['the clipboard', `${ESC}]52;c;ZXZpbA==${ESC}\\v1`, ']52;c;ZXZpbA==\\v1'],
    ['the 8-bit forms', '\u009d52;c;ZXZpbA==\u009cv1', '52;c;ZXZpbA==v1'],
    ['a line drawn over', 'version 1\rversion 2', 'version 1version 2'],
  ])('sets nothing: %s', (_what, text, expected) => {
    expect(withoutControls(text)).toBe(expected);
    expect(forTerminal(text)).toBe(expected);
  });

  it('keeps tabs, line ends and every other language', () => {
    expect(withoutControls('a\tb\nü 版本 🙂')).toBe('a\tb\nü 版本 🙂');
  });

  it('keeps colours for a terminal, and nothing else that begins as they do', () => {
    expect(forTerminal(`${ESC}[1;31mred${ESC}[0m ${ESC}[2J${ESC}[3;1H${ESC}[?1049h`)).toBe(
      `${ESC}[1;31mred${ESC}[0m [2J[3;1H[?1049h`,
    );
  });

  it('has nothing that acts on a terminal for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(withoutControls(text)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
        expect(forTerminal(text).replace(/\u001b\[[\d;]*m/g, '')).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
      }),
    );
  });
});

describe('a message of the editor', () => {
  it('has no link, whatever a board has printed', () => {
    const reason = 'abort() [Go to Source](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22id%22%7D)';
    expect(reason).toMatch(EDITOR_LINK);
    expect(withoutLinks(`The board crashed: ${reason}`)).not.toMatch(EDITOR_LINK);
  });

  it('has none for any text', () => {
    const part = fc.oneof(
      fc.constantFrom('[', ']', '](', '(', ')', 'command:', 'https://', 'x', '"', ' '),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        expect(withoutLinks(parts.join(''))).not.toMatch(EDITOR_LINK);
      }),
    );
  });
});

describe('text within Markdown', () => {
  it('links nothing, shows no picture, and begins no HTML', () => {
    const text = '![x](https://example.org/x.png) [y](command:z) <img src=x> $(icon) `a` **b** &lt;\n# c';
    const escaped = asMarkdown(text);
    // nothing that has a meaning is left without a backslash before it
    expect(escaped.replace(/\\[\\`*_{}[\]()#+!<>|~$&]/g, '')).not.toMatch(/[\\`*_{}[\]()#+!<>|~$&\n]/);
  });

  it.each([
    ['https://10.0.0.2:8070/app.bin', '` https://10.0.0.2:8070/app.bin `'],
    ['a`[x](command:y)`b', '`` a`[x](command:y)`b ``'],
    ['``', '``` `` ```'],
    ['', ''],
  ])('is not left as code: %j', (text, expected) => {
    expect(asMarkdownCode(text)).toBe(expected);
  });
});
