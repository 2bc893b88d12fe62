import type { Disposable } from '../../base/disposable.ts';
import type { Logger } from '../../base/logger.ts';
import { MONITOR_HOLDER } from '../../serial/holders.ts';
import type { PortLease, PortLeases } from '../../serial/port-lease.ts';

/** Who has the port meanwhile, as the monitor says it. */
export const BORROWER = 'ESP-IDF';

export interface LoanSources {
  readonly leases: () => Promise<PortLeases>;
  /** Ports whose monitors are open. */
  readonly monitored: () => readonly string[];
  readonly log: Logger;
}

interface Loan {
  isEnded: boolean;
  readonly leases: PortLease[];
}

/** Ports that our monitors have closed for somebody who takes no lease: a task or a terminal of another extension. What we flash is never
 * interrupted. */
export class PortLoans implements Disposable {
  readonly #sources: LoanSources;
  readonly #loans = new Map<object, Loan>();

  constructor(sources: LoanSources) {
    this.#sources = sources;
  }

  /** Takes the port from its monitor until {@link end}; every monitored port when it is not known which one is meant. Never rejects. */
  async begin(key: object, port: string | undefined): Promise<void> {
    if (this.#loans.has(key)) return;
    const loan: Loan = { isEnded: false, leases: [] };
    this.#loans.set(key, loan);
    const leases = await this.#sources.leases();
    for (const address of port === undefined ? this.#sources.monitored() : [port]) {
      try {
        if ((await leases.holderOf(address)) !== MONITOR_HOLDER) continue;
        // whoever of us wants the port next may try: the system says whether it is still open elsewhere
        const lease = await leases.acquire(address, { holder: BORROWER, onYield: () => Promise.resolve() });
        if (loan.isEnded) await lease.release();
        else loan.leases.push(lease);
        this.#sources.log.info(`${address}: lent to a task or terminal of ESP-IDF`);
      } catch (error) {
        this.#sources.log.warn(`${address}: not lent, ${String(error)}`);
      }
    }
  }

  /** Gives the ports back. Never rejects. */
  async end(key: object): Promise<void> {
    const loan = this.#loans.get(key);
    if (loan === undefined) return;
    this.#loans.delete(key);
    loan.isEnded = true;
    for (const lease of loan.leases) {
      await lease.release();
      this.#sources.log.info(`${lease.address}: back from ESP-IDF`);
    }
  }

  dispose(): void {
    for (const key of [...this.#loans.keys()]) void this.end(key);
  }
}
