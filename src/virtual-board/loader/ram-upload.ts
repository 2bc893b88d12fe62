interface Range {
  readonly from: number;
  readonly below: number;
}

/** What is loaded into RAM with MEM_BEGIN, MEM_DATA and MEM_END. The bytes are not kept: any program that was uploaded stands for the stub. */
export class RamUpload {
  #ranges: Range[] = [];
  #next = 0;
  #leftBytes = 0;
  #isOpen = false;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get leftBytes(): number {
    return this.#leftBytes;
  }

  begin(sizeBytes: number, address: number): void {
    this.#next = address;
    this.#leftBytes = sizeBytes;
    this.#isOpen = true;
  }

  accept(lengthBytes: number): void {
    this.#ranges.push({ from: this.#next, below: this.#next + lengthBytes });
    this.#next += lengthBytes;
    this.#leftBytes -= lengthBytes;
  }

  end(): void {
    this.#isOpen = false;
  }

  /** Whether there is a program to run at this address. */
  holds(address: number): boolean {
    return this.#ranges.some((range) => address >= range.from && address < range.below);
  }

  clear(): void {
    this.#ranges = [];
    this.#isOpen = false;
  }
}
