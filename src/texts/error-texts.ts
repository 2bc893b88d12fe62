import type { OtaError, OtaErrorCode, OtaErrorDetails } from '../base/ota-error.ts';
import { commandLineTexts } from './error-texts/command-line.ts';
import { commonTexts } from './error-texts/common.ts';
import { elfTexts } from './error-texts/elf.ts';
import { deliverTexts } from './error-texts/deliver.ts';
import { flashTexts } from './error-texts/flash.ts';
import { imageTexts } from './error-texts/image.ts';
import { monitorTexts } from './error-texts/monitor.ts';
import { projectTexts } from './error-texts/project.ts';
import { serialTexts } from './error-texts/serial.ts';
import { serverTexts } from './error-texts/server.ts';
import { slotTexts } from './error-texts/slots.ts';
import { toolTexts } from './error-texts/tool.ts';
import { versionTexts } from './error-texts/version.ts';
import type { ErrorText, ErrorTexts } from './error-texts/error-text.ts';

/** What went wrong and what to do about it, for every code there is: a missing one does not compile. */
const TEXTS: ErrorTexts<OtaErrorCode> = {
  ...commandLineTexts,
  ...commonTexts,
  ...elfTexts,
  ...deliverTexts,
  ...flashTexts,
  ...imageTexts,
  ...monitorTexts,
  ...projectTexts,
  ...serialTexts,
  ...serverTexts,
  ...slotTexts,
  ...toolTexts,
  ...versionTexts,
};

export function textOf<Code extends OtaErrorCode>(code: Code, details: Readonly<OtaErrorDetails[Code]>): ErrorText {
  return TEXTS[code](details);
}

export function textOfError(error: OtaError): ErrorText {
  return textOf(error.code, error.details);
}

/** As {@link textOf}, for a code and details that were written down: by this version or another. Undefined for what this one does not know. */
export function textOfRecorded(code: string, details: unknown): ErrorText | undefined {
  if (!Object.hasOwn(TEXTS, code)) return undefined;
  const text: unknown = TEXTS[code as OtaErrorCode];
  if (typeof text !== 'function' || typeof details !== 'object' || details === null) return undefined;
  try {
    return (text as (details: object) => ErrorText)(details);
  } catch {
    return undefined; // details of another version
  }
}

/** One line for the log or a tooltip. */
export function errorLine(error: OtaError): string {
  return textOfError(error).message;
}
