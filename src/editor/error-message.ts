import { isOtaError } from '../base/ota-error.ts';

/** One line for a log, a message or a tooltip. The words are loaded when something goes wrong for the first time. */
export async function errorMessage(error: unknown): Promise<string> {
  if (!isOtaError(error)) return String(error);
  const { errorLine } = await import('../texts/error-texts.ts');
  return errorLine(error);
}
