import { isOtaError } from '../../../src/base/ota-error.ts';

/** The code of the error that the work ends in; anything else it throws goes on up. */
export function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isOtaError(error)) return error.code;
    throw error;
  }
}
