import { OtaError } from '../../base/ota-error.ts';
import type { SectionCursor } from './section-cursor.ts';

/** What reading may cost at most. Debug information refers to itself by offsets, so that few bytes can demand much work: tables that every
 * entry reads again, forms that take no bytes. What real files need is far below. */
export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** @throws {OtaError} `elf.tooComplex` */
  spend(steps: number, at: SectionCursor): void {
    this.#left -= steps;
    if (this.#left < 0) throw new OtaError('elf.tooComplex', { section: at.section, offset: at.at });
  }
}
