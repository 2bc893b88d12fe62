import { BOOT_RULES } from './boot-rules.ts';
import { CRASH_RULES } from './crash-rules.ts';
import { FAILURE_RULES } from './failure-rules.ts';
import { parseLogLine, type LogLine } from './log-line.ts';
import type { StageEvent, StageRule } from './stage-rule.ts';
import { UPDATE_RULES } from './update-rules.ts';

export type { CauseId, Stage, StageEvent, StageRule } from './stage-rule.ts';

/** Every text that is known, the more particular before the more general. */
export const STAGE_RULES: readonly StageRule[] = [...BOOT_RULES, ...UPDATE_RULES, ...FAILURE_RULES, ...CRASH_RULES];

const KEY_LENGTH = 4;

/** The first four characters as a number: what most lines are told apart by, at the price of one look-up. */
function keyOf(text: string): number {
  return (text.charCodeAt(0) << 24) ^ (text.charCodeAt(1) << 16) ^ (text.charCodeAt(2) << 8) ^ text.charCodeAt(3);
}

const BY_START = new Map<number, StageRule[]>();
const BY_TAG = new Map<string, StageRule[]>();

function file<Key>(index: Map<Key, StageRule[]>, key: Key, rule: StageRule): void {
  const rules = index.get(key);
  if (rules === undefined) index.set(key, [rule]);
  else rules.push(rule);
}

for (const rule of STAGE_RULES) {
  if (rule.starts.length >= KEY_LENGTH) file(BY_START, keyOf(rule.starts), rule);
  else for (const tag of rule.tags ?? []) file(BY_TAG, tag, rule);
}

/** What a line proves, or undefined.
 * @param context whether an application runs: image segments are listed by the bootloader and by the verification of a download alike */
export function stageOf(line: string | LogLine, context?: { readonly appIsRunning: boolean }): StageEvent | undefined {
  const log = typeof line === 'string' ? parseLogLine(line) : line;
  const { message, tag } = log;
  if (message.length < KEY_LENGTH) return undefined;
  const byStart = BY_START.get(keyOf(message));
  const found = byStart === undefined ? undefined : firstMatch(byStart, log, context);
  if (found !== undefined || tag === undefined) return found;
  const byTag = BY_TAG.get(tag);
  return byTag === undefined ? undefined : firstMatch(byTag, log, context);
}

function firstMatch(
  rules: readonly StageRule[],
  log: LogLine,
  context: { readonly appIsRunning: boolean } | undefined,
): StageEvent | undefined {
  for (const rule of rules) {
    if (!hasForm(rule, log) || !log.message.startsWith(rule.starts)) continue;
    const match = rule.then?.exec(log.message.slice(rule.starts.length));
    if (match === null) continue;
    return {
      stage: (context?.appIsRunning === true ? rule.stageInApp : undefined) ?? rule.stage,
      line: log.raw,
      values: valuesOf(rule, match?.groups),
      rule: rule.id,
    };
  }
  return undefined;
}

function hasForm(rule: StageRule, { tag }: LogLine): boolean {
  if (tag === undefined) return rule.form === 'plain' || rule.form === 'any';
  if (rule.form === 'plain') return false;
  return rule.tags?.some((one) => one === tag || (one.endsWith('*') && tag.startsWith(one.slice(0, -1)))) ?? true;
}

function valuesOf(
  rule: StageRule,
  groups: Readonly<Record<string, string | undefined>> | undefined,
): Record<string, string> {
  const values: Record<string, string> = { ...rule.values };
  for (const [name, value] of Object.entries(groups ?? {})) if (value !== undefined) values[name] = value;
  if (rule.failure !== undefined) values['failure'] = rule.failure;
  if (rule.cause !== undefined) values['cause'] = rule.cause;
  return values;
}
