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

/** Text as it is, within Markdown: nothing in it formats, links, shows a picture or an icon, or begins HTML. */
export function asMarkdown(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_{}[\]()#+!<>|~$&]/g, '\\$&');
}

/** Text as code within Markdown, which can't be left from within. */
export function asMarkdownCode(text: string): string {
  const plain = text.replace(/[\r\n]+/g, ' ');
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return plain === '' ? '' : `${fence} ${plain} ${fence}`;
}
