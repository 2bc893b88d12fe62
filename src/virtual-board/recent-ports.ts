/** More connections than one update makes with parts of a few KB are not told apart from other clients for ever. */
const MOST_PORTS = 1024;

/** The TCP ports that a board has, or recently had, on its own side; the oldest are forgotten. */
export class RecentPorts {
  readonly #ports = new Set<number>();

  add(port: number): void {
    this.#ports.delete(port);
    this.#ports.add(port);
    if (this.#ports.size <= MOST_PORTS) return;
    for (const oldest of this.#ports) {
      this.#ports.delete(oldest);
      break;
    }
  }

  has(port: number): boolean {
    return this.#ports.has(port);
  }
}
