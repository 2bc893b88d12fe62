import { Emitter } from '../base/emitter.ts';
import type { IdfProject } from '../idf/project.ts';
import type { Finding } from './finding.ts';

/** What a check of a project came to: what it found, or why it found nothing out. */
export type CheckOutcome =
  | { readonly kind: 'checked'; readonly findings: readonly Finding[] }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Checks one after another, and what the last one came to. A check that failed is never one that found nothing, and what was found in one
 * project is never told of another. */
export class LatestCheck {
  readonly #changed = new Emitter<undefined>();
  #folder: string | undefined;
  #outcome: CheckOutcome | undefined;
  #checking: Promise<unknown> = Promise.resolve();

  /** Fires when a check has ended. */
  readonly onChange = this.#changed.event;

  /** What the last check came to; undefined when it was of another folder, or when there was none. */
  of(folder: string | undefined): CheckOutcome | undefined {
    return folder === undefined || folder !== this.#folder ? undefined : this.#outcome;
  }

  /** Checks after a check that is going on.
   * @param current asked when its turn has come; without a project nothing is checked, and nothing is known any more
   * @throws what `check` throws */
  run(
    current: () => IdfProject | undefined,
    check: (project: IdfProject) => Promise<readonly Finding[]>,
  ): Promise<readonly Finding[]> {
    const run = this.#checking.then(() => this.#run(current(), check));
    this.#checking = run.catch(() => undefined);
    return run;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #run(
    project: IdfProject | undefined,
    check: (project: IdfProject) => Promise<readonly Finding[]>,
  ): Promise<readonly Finding[]> {
    if (project === undefined) {
      this.#keep(undefined, undefined);
      return [];
    }
    let findings: readonly Finding[];
    try {
      findings = await check(project);
    } catch (error) {
      this.#keep(project.folder, { kind: 'failed', error });
      throw error;
    }
    this.#keep(project.folder, { kind: 'checked', findings });
    return findings;
  }

  #keep(folder: string | undefined, outcome: CheckOutcome | undefined): void {
    this.#folder = folder;
    this.#outcome = outcome;
    this.#changed.fire(undefined);
  }
}
