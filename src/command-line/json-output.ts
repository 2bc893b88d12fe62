import { isOtaError, type OtaError } from '../base/ota-error.ts';
import type { ErrorText } from '../texts/error-texts/error-text.ts';
import { UsageError } from './usage-error.ts';
import { waysOutOf, type Typed, type WayOutInTerminal } from './ways-out.ts';

/** Of every JSON output. Raised when a field changes its meaning or goes away; new fields may come without. */
export const SCHEMA_VERSION = 1;

/** JSON that a terminal shows as it is: what JSON leaves of control characters is escaped too. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(
    /[\x7f-\x9f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** An error as `--json` tells it. */
export interface JsonError {
  readonly code: string;
  /** In the user's language. */
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly waysOut: readonly WayOutInTerminal[];
}

/** What an error says and what can be done about it.
 * @param textOf words of a coded error
 * @param typed what commands that are proposed go by */
export function jsonOfError(error: unknown, textOf: (error: OtaError) => ErrorText, typed?: Typed): JsonError {
  if (isOtaError(error)) {
    const { message, waysOut } = textOf(error);
    return { code: error.code, message, details: { ...error.details }, waysOut: waysOutOf(waysOut, typed) };
  }
  if (error instanceof UsageError)
    return { code: error.code, message: error.message, details: error.details, waysOut: [] };
  return {
    code: 'internal',
    message: error instanceof Error ? error.message : String(error),
    details: {},
    waysOut: [],
  };
}
