/** What a terminal could act on: control characters in their 7-bit and their 8-bit form; tabs and line ends are none of them. */
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;
/** The same, but for colours and weights. */
const CONTROLS_BUT_COLOURS = /(\u001b\[[\d;]{0,32}m)|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** Text without control characters, for a terminal, a log or a list. Names, versions, headers and paths come from boards, clients and projects. */
export function withoutControls(text: string): string {
  return text.replace(CONTROLS, '');
}

/** The same for text with colours of our own in it: those stay, and so does a colour that somebody else has put there. */
export function forTerminal(text: string): string {
  return text.replace(CONTROLS_BUT_COLOURS, '$1');
}

/** Text in which the editor finds no link. Its notifications read `[title](command:…)` in any message, and a click runs the command with what stands
 * behind it. A blank of no width keeps the two brackets apart.
 * @see VS Code `linkedText.ts`, `parseLinkedText`; `notificationsViewer.ts`, `allowCommands` */
export function withoutLinks(text: string): string {
  return text.replace(/\](?=\()/g, ']\u200b');
}

/** What makes a link without any brackets: an address with its scheme, one that begins with `www.`, and an e-mail address. */
const BARE_LINK = /:(?=\/\/)|\bwww(?=\.)|(?=@)/gi;
/** What begins a list, a line below a heading, or a block of code, at the start of a line. */
const LINE_START = /^(?:\s{2,}|\t|(?=[-=])|\d+(?=\.(?:\s|$)))/;

/** Text as it is, within Markdown: nothing in it formats, links, shows a picture or an icon, or begins HTML, a list or a block. A blank of no width
 * stands where something else would be read as a link.
 * @see GitHub Flavored Markdown, "Autolinks (extension)" */
export function asMarkdown(text: string): string {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]()#+!<>|~$&]/g, '\\$&')
    .replace(BARE_LINK, '$&\u200b')
    .replace(LINE_START, (found) => (/^\s/.test(found) ? ' ' : `${found}\\`));
}

/** Text as code within Markdown, which can't be left from within. */
export function asMarkdownCode(text: string): string {
  const plain = text.replace(/[\r\n]+/g, ' ');
  const longest = [...plain.matchAll(/`+/g)].reduce((most, [run]) => Math.max(most, run.length), 0);
  const fence = '`'.repeat(longest + 1);
  return plain === '' ? '' : `${fence} ${plain} ${fence}`;
}
