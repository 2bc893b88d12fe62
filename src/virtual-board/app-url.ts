import type { AppRun } from './app-run.ts';

/** `OTA_URL_SIZE` of the examples: longer lines are cut by `fgets`. */
const URL_BUFFER_BYTES = 256;

/** The URL to update from: configured, or read from the console where it says `FROM_STDIN`. */
export async function updateUrl(run: AppRun): Promise<string> {
  if (run.options.firmwareUrl !== 'FROM_STDIN') return run.options.firmwareUrl;
  const line = await run.readLine();
  return line.slice(0, URL_BUFFER_BYTES - 2);
}
