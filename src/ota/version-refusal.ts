import type { UpdateClientKind } from '../idf/source-search.ts';

/** What is known of the boards that a delivery goes to, and of the firmware that decides there. */
export interface RefusalFacts {
  /** That would be delivered; undefined when nothing says which it is. */
  readonly version: string | undefined;
  readonly client: UpdateClientKind;
  /** `CONFIG_EXAMPLE_SKIP_VERSION_CHECK` */
  readonly skipsVersionCheck: boolean;
  readonly runningVersions: readonly string[];
  /** Versions that a board went back from. */
  readonly rolledBackVersions: readonly string[];
}

/** Whether a board would refuse the version, as far as is known: the one it runs already (all but `esp_https_ota()` in one call look), or the one
 * it went back from, which only native_ota_example remembers.
 * @see ESP-IDF v5.5 `advanced_https_ota_example.c`, `validate_image_header`; `native_ota_example.c`, `ota_example_task` */
export function versionRefusal(facts: RefusalFacts): 'runsAlready' | 'rolledBack' | undefined {
  const { version, client, runningVersions, rolledBackVersions } = facts;
  if (version === undefined || client === 'simple') return undefined;
  if (runningVersions.includes(version) && !facts.skipsVersionCheck) return 'runsAlready';
  return client === 'native' && rolledBackVersions.includes(version) ? 'rolledBack' : undefined;
}
