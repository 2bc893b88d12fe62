import fc from 'fast-check';
import { marked } from 'marked';
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

/** The tags that a reader of Markdown makes of a text. */
function tagsOf(markdown: string): readonly string[] {
  const html = marked.parse(markdown, { async: false, gfm: true });
  return [...html.matchAll(/<([^>]*)>/g)].map(([, tag]) => tag ?? '');
}

describe('text within Markdown', () => {
  const HOSTILE = [
    '![x](https://example.org/x.png) [y](command:z) <img src=x> $(icon) `a` **b** &lt;\n# c',
    'https://example.org/x',
    'see HTTP://example.org, ftp://example.org and www.example.org, WWW.example.org',
    'somebody@example.org mailto:somebody@example.org xmpp:a@b.c',
    '<https://example.org> <a@b.c>',
    '[x]: https://example.org',
    '- a',
    '1. a',
    '1) a',
    '+ a',
    '---',
    '===',
    '    code',
    '\tcode',
    '> a',
    '# a',
    '```\na',
    'a | b\n--- | ---\nc | d',
  ];

  it.each(HOSTILE)('links nothing, shows no picture, and begins no HTML: %j', (text) => {
    expect(tagsOf(asMarkdown(text))).toEqual(['p', '/p']);
    // behind a line of its own, and within one
    expect(tagsOf(`before\n${asMarkdown(text)}`)).toEqual(['p', '/p']);
    expect(tagsOf(`**${asMarkdown(`x${text}x`)}**`)).toEqual(['p', 'strong', '/strong', '/p']);
  });

  it('is read as what it was', () => {
    const text = '  E (1) a_b *c* [d](e) <f> & $(g) ~h~ \\ `i` 100% #j 1.2.3 k-l ';
    const read = marked
      .parse(asMarkdown(text), { async: false })
      .replace(/<\/?p>/g, '')
      .replace(/&(lt|gt|amp);/g, (_, name: string) => ({ lt: '<', gt: '>', amp: '&' })[name] ?? '');
    expect(read.trim()).toBe(text.trim());
  });

  it('is text for any text', () => {
    const part = fc.oneof(fc.constantFrom(...HOSTILE, 'www.', '://', 'http', '@', '\\', ' ', '-', '1.'), fc.string());
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
        expect(tagsOf(`x ${asMarkdown(parts.join(''))}`)).toEqual(['p', '/p']);
      }),
    );
  });

  it('is code, however many marks of code are in it', () => {
    expect(asMarkdownCode('`x'.repeat(200_000))).toMatch(/^`` `x/);
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
