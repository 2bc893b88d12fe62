/** Where a value is kept. */
export interface ValueStore<T> {
  read(): T;
  /** Takes a moment, and may fail. */
  write(value: T): Promise<void>;
}

/** A value that counts from the moment somebody sets it: writing takes a while, and who asks next is there before. One that could not be written
 * counts no more. */
export class WrittenValue<T> {
  readonly #store: ValueStore<T>;
  readonly #changed: () => void;
  #writing: { readonly value: T } | undefined;

  /** @param changed called when another value counts */
  constructor(store: ValueStore<T>, changed: () => void) {
    this.#store = store;
    this.#changed = changed;
  }

  get value(): T {
    return this.#writing === undefined ? this.#store.read() : this.#writing.value;
  }

  /** @throws what `write` throws */
  async set(value: T): Promise<void> {
    const writing = { value };
    this.#writing = writing;
    this.#changed();
    try {
      await this.#store.write(value);
    } finally {
      // another may have been set meanwhile
      if (this.#writing === writing) {
        this.#writing = undefined;
        this.#changed();
      }
    }
  }
}
