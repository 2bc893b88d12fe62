import { settled } from './test-line.ts';

/** What nobody catches while something runs, and until the promises and events that are due then have run. */
export async function uncaughtDuring(run: () => unknown): Promise<readonly unknown[]> {
  const before = process.rawListeners('uncaughtException') as ((error: unknown) => void)[];
  const errors: unknown[] = [];
  const hear = (error: unknown): void => {
    errors.push(error);
  };
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', hear);
  try {
    await run();
    await settled();
  } finally {
    process.off('uncaughtException', hear);
    for (const listener of before) process.on('uncaughtException', listener);
  }
  return errors;
}
