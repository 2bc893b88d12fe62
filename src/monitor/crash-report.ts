import type { StageEvent } from './stage-rule.ts';

/** What an application left when it died. Numbers are hexadecimal text without `0x`, as printed. */
export interface CrashReport {
  /** `LoadProhibited`, `abort()`, `assert` … */
  readonly reason: string;
  readonly core?: string;
  /** The lines from the first one of the panic to the reboot, at most {@link MOST_CRASH_LINES}. */
  readonly lines: readonly string[];
  /** Xtensa: return addresses, the innermost call first. */
  readonly backtrace: readonly { readonly pc: string; readonly sp: string }[];
  /** Names as printed: `PC`, `EXCVADDR`, `MEPC`, `RA` … */
  readonly registers: Readonly<Record<string, string>>;
  /** The first digits of the digest of the ELF file that crashed. */
  readonly elfSha256?: string;
  /** The end of the block was seen. */
  readonly isComplete: boolean;
}

/** A panic with its stack memory has some 50 lines; a core dump over the same line has thousands and is of no use here. */
export const MOST_CRASH_LINES = 400;

/** Longest line that is looked at for registers. */
const REGISTER_LINE_LENGTH = 200;
const REGISTER = /([A-Z][A-Z0-9/]*) *: 0x([0-9a-f]{8})/g;

export function startCrash(event: StageEvent): CrashReport {
  const { reason = '', core } = event.values;
  return {
    reason,
    ...(core === undefined ? {} : { core }),
    lines: [event.line],
    backtrace: [],
    registers: {},
    isComplete: false,
  };
}

/** The report with one more line of the block. */
export function withCrashLine(crash: CrashReport, text: string, event: StageEvent | undefined): CrashReport {
  if (crash.lines.length >= MOST_CRASH_LINES) return crash;
  // a watchdog has every core print its own: the one that crashed is the first
  const next = { ...crash, lines: [...crash.lines, text], registers: { ...registersIn(text), ...crash.registers } };
  const { reason, backtrace, elfSha256, core } = event?.values ?? {};
  // what the panic handler adds tells more than how it was entered: a failed check before its abort(), a canary after its exception
  const isDetail = event?.stage === 'crashDetail' && reason !== undefined;
  return {
    ...next,
    ...(isDetail || (crash.reason === '' && reason !== undefined) ? { reason } : {}),
    ...(backtrace === undefined || crash.backtrace.length > 0 ? {} : { backtrace: framesOf(backtrace) }),
    ...(elfSha256 === undefined ? {} : { elfSha256 }),
    ...(crash.core === undefined && core !== undefined ? { core } : {}),
  };
}

function framesOf(backtrace: string): { pc: string; sp: string }[] {
  return [...backtrace.matchAll(/0x([0-9a-f]+):0x([0-9a-f]+)/g)].map(([, pc = '', sp = '']) => ({ pc, sp }));
}

function registersIn(text: string): Record<string, string> {
  if (text.length > REGISTER_LINE_LENGTH || !text.includes(': 0x')) return {};
  return Object.fromEntries([...text.matchAll(REGISTER)].map(([, name = '', value = '']) => [name, value]));
}
