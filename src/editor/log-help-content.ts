import { CodeAction, CodeActionKind, Hover, l10n, MarkdownString, type TextLine } from 'vscode';
import { asMarkdown } from '../base/plain-text.ts';
import { lineSign, printedLine } from '../doctor/signs.ts';
import { fixesFor } from '../doctor/causes.ts';
import type { Fix } from '../doctor/finding.ts';
import type { IdfVersion } from '../idf/idf-version.ts';
import { stageOf, STAGE_RULES } from '../monitor/stages.ts';
import type { CauseChoice } from './cause-fixes.ts';
import { causeText } from '../texts/cause-texts.ts';
import { commandId } from '../texts/contributions.ts';
import { fixTitle, needsText } from '../texts/finding-texts/fixes.ts';

interface Help {
  readonly cause: string;
  readonly fixes: readonly Fix[];
  /** Versions of ESP-IDF that print the line, where not all do. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** What a line of a log means, if it says that something failed. */
function helpOf(text: string, idf: IdfVersion | undefined): Help | undefined {
  const line = printedLine(text);
  const sign = lineSign(line);
  if (sign === undefined) return undefined;
  const rule = STAGE_RULES.find(({ id }) => id === stageOf(line)?.rule);
  return { cause: sign.cause, fixes: fixesFor(sign.cause, idf), since: rule?.since, until: rule?.until };
}

function versionsText({ since, until }: Help): string {
  if (since !== undefined && until !== undefined) return l10n.t('Printed by ESP-IDF {0} to {1}.', since, until);
  if (since !== undefined) return l10n.t('Printed by ESP-IDF {0} and later.', since);
  return until === undefined ? '' : l10n.t('Printed up to ESP-IDF {0}.', until);
}

export function logHover(line: TextLine, idf: IdfVersion | undefined): Hover | undefined {
  const help = helpOf(line.text, idf);
  if (help === undefined) return undefined;
  const content = new MarkdownString('', true);
  content.isTrusted = { enabledCommands: [commandId('applyFix')] };
  content.appendMarkdown(`$(error) ${asMarkdown(sentence(causeText(help.cause)))}`);
  for (const fix of help.fixes) {
    const argument: CauseChoice = { cause: help.cause, fix: fix.id };
    const target = `command:${commandId('applyFix')}?${encodeURIComponent(JSON.stringify([argument]))}`;
    content.appendMarkdown(`\n\n$(lightbulb) [${asMarkdown(fixTitle(fix))}](${target})`);
  }
  const versions = versionsText(help);
  if (versions !== '') content.appendMarkdown(`\n\n${asMarkdown(versions)}`);
  return new Hover(content, line.range);
}

export function logActions(text: string, idf: IdfVersion | undefined): CodeAction[] {
  const help = helpOf(text, idf);
  return (help?.fixes ?? []).map((fix, index) => {
    const action = new CodeAction(fixTitle(fix), CodeActionKind.QuickFix);
    action.command = {
      command: commandId('applyFix'),
      title: action.title,
      tooltip: needsText(fix.needs),
      arguments: [{ cause: help?.cause ?? '', fix: fix.id } satisfies CauseChoice],
    };
    action.isPreferred = index === 0;
    return action;
  });
}

/** A cause is written to go on a sentence. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
