import { isOtaError } from '../base/ota-error.ts';

/** What is read, or `otherwise` where a file or folder can't be read. */
export async function unlessUnreadable<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (isOtaError(error, 'file.unreadable')) return otherwise;
    throw error;
  }
}
