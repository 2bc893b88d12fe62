import * as l10n from '@vscode/l10n';
import type { Command } from './command.ts';
import { COMMON_EXIT_CODES, EXIT, exitCodeText, type ExitCode } from './exit-codes.ts';
import { GLOBAL_OPTIONS } from './global-options.ts';
import type { Option, Options } from './option.ts';
import type { Style } from './style.ts';
import { padded, widthOf, wrapped } from './text-width.ts';

export const PROGRAM = 'esp32-ota';

/** How a help is laid out. */
export interface HelpLayout {
  /** Of the terminal, in characters. */
  readonly columns: number;
  readonly style: Style;
}

/** Help texts are hard to read when lines are longer. */
const MOST_COLUMNS = 100;
/** Names that are longer have their description on the next line. */
const MOST_NAME_COLUMNS = 30;

interface Row {
  readonly name: string;
  readonly text: string;
}

/** What `esp32-ota --help` prints. */
export function generalHelp(commands: readonly Command[], layout: HelpLayout): string {
  const { style } = layout;
  return joined([
    paragraph(l10n.t('Over-the-air updates of ESP-IDF projects: check, serve, rehearse, flash.'), layout),
    section(l10n.t('Usage'), [`  ${style.bold(PROGRAM)} ${l10n.t('<command> [options] [project]')}`], layout),
    section(
      l10n.t('Commands'),
      rows(
        commands.map((one) => ({ name: one.name, text: one.summary() })),
        layout,
      ),
      layout,
    ),
    section(l10n.t('Options of every command'), rows(optionRows(GLOBAL_OPTIONS), layout), layout),
    section(l10n.t('Exit codes'), rows(Object.values(EXIT).map(exitCodeRow), layout), layout),
    section(
      l10n.t('Examples'),
      exampleLines(
        [
          {
            line: 'check',
            describe: () => l10n.t('what stands in the way of an update of the project in this folder'),
          },
          {
            line: 'rehearse',
            describe: () => l10n.t('a whole update of it on a virtual board, with no hardware'),
          },
          { line: 'serve --help', describe: () => l10n.t('everything about one command') },
        ],
        layout,
      ),
      layout,
    ),
  ]);
}

/** What `esp32-ota <command> --help` prints. */
export function commandHelp(command: Command, layout: HelpLayout): string {
  const operands = command.operands.map((one) => one.usage).join(' ');
  const usages = [operands, ...(command.otherUsages ?? [])].map((one) =>
    `  ${PROGRAM} ${command.name} ${l10n.t('[options]')} ${one}`.trimEnd(),
  );
  const codes = new Map<ExitCode, string>(COMMON_EXIT_CODES.map((code) => [code, exitCodeText(code)]));
  for (const { code, describe } of command.exitCodes) codes.set(code, describe());
  return joined([
    paragraph(`${style(layout, `${PROGRAM} ${command.name}`)} – ${command.summary()}`, layout),
    ...(command.describe === undefined
      ? []
      : command
          .describe()
          .split('\n')
          .map((one) => paragraph(one, layout))),
    section(l10n.t('Usage'), usages, layout),
    section(
      l10n.t('Arguments'),
      rows(
        command.operands.map((one) => ({ name: one.usage.replace(/[[\]<>]/g, ''), text: one.describe() })),
        layout,
      ),
      layout,
    ),
    section(l10n.t('Options'), rows(optionRows(command.options), layout), layout),
    section(l10n.t('Options of every command'), rows(optionRows(GLOBAL_OPTIONS), layout), layout),
    section(
      l10n.t('Exit codes'),
      rows(
        [...codes].sort(([one], [other]) => one - other).map(([code, text]) => ({ name: String(code), text })),
        layout,
      ),
      layout,
    ),
    section(l10n.t('Examples'), exampleLines(command.examples, layout), layout),
  ]);
}

function style({ style: { bold } }: HelpLayout, text: string): string {
  return bold(text);
}

function joined(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function widthFor({ columns }: HelpLayout): number {
  return Math.min(Math.max(columns, 40), MOST_COLUMNS);
}

function paragraph(text: string, layout: HelpLayout): string {
  return wrapped(text, widthFor(layout)).join('\n');
}

function section(title: string, lines: readonly string[], { style: { bold } }: HelpLayout): string {
  return lines.length === 0 ? '' : [bold(title), ...lines].join('\n');
}

function exitCodeRow(code: ExitCode): Row {
  return { name: String(code), text: exitCodeText(code) };
}

function optionRows(options: Options): readonly Row[] {
  return Object.entries(options).map(([name, option]) => ({
    name: optionName(name, option),
    text: optionText(option),
  }));
}

/** `-h, --help` or `    --port N` */
function optionName(name: string, { short, kind, placeholder = 'TEXT' }: Option<unknown>): string {
  const long = kind === 'flag' ? `--${name}` : `--${name} ${placeholder}`;
  return short === undefined ? `    ${long}` : `-${short}, ${long}`;
}

function optionText(option: Option<unknown>): string {
  const more = [
    ...(option.kind === 'list' ? [l10n.t('may be given several times')] : []),
    ...(option.otherwise === undefined ? [] : [l10n.t('default: {0}', option.otherwise)]),
  ];
  return more.length === 0 ? option.describe() : l10n.t('{0} ({1})', option.describe(), more.join('; '));
}

function rows(all: readonly Row[], layout: HelpLayout): readonly string[] {
  const nameColumns = Math.max(0, ...all.map(({ name }) => widthOf(name)).filter((one) => one <= MOST_NAME_COLUMNS));
  const indent = ' '.repeat(nameColumns + 4);
  return all.flatMap(({ name, text }) => {
    const lines = wrapped(text, widthFor(layout) - indent.length);
    if (widthOf(name) > nameColumns) return [`  ${name}`, ...lines.map((line) => indent + line)];
    return lines.map((line, index) => (index === 0 ? `  ${padded(name, nameColumns)}  ${line}` : indent + line));
  });
}

function exampleLines(examples: Command['examples'], layout: HelpLayout): readonly string[] {
  return examples.flatMap(({ line, describe }) => [
    `  ${PROGRAM} ${line}`,
    ...wrapped(describe(), widthFor(layout) - 6).map((one) => `      ${layout.style.dim(one)}`),
  ]);
}
