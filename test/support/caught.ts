import { isOtaError, type OtaError, type OtaErrorCode } from '../../src/base/ota-error.ts';

/** The coded error a call ends in. Anything else fails the test. */
export async function caught<Code extends OtaErrorCode>(
  work: Promise<unknown> | (() => unknown),
  code: Code,
): Promise<OtaError<Code>> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (isOtaError(error, code)) return error;
    throw error;
  }
  throw new Error(`expected ${code}, but nothing failed`);
}
