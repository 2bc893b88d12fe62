import type { FileEdit } from '../../idf/file-edit.ts';

/** Files as they are to become, while a plan is made: several parts of it may change the same file. */
export class Draft {
  readonly #read: (path: string) => string | undefined;
  readonly #after = new Map<string, string>();

  /** @param read text of a file as it is; undefined when there is none */
  constructor(read: (path: string) => string | undefined) {
    this.#read = read;
  }

  /** As it is to become so far. */
  text(path: string): string | undefined {
    return this.#after.get(path) ?? this.#read(path);
  }

  /** Gives whether that changes anything. */
  write(path: string, text: string): boolean {
    if (this.text(path) === text) return false;
    this.#after.set(path, text);
    return true;
  }

  /** The changes, in the order in which their files were first changed. */
  edits(): readonly FileEdit[] {
    return [...this.#after].flatMap(([path, after]) => {
      const before = this.#read(path);
      if (before === after) return [];
      return [before === undefined ? { path, after } : { path, before, after }];
    });
  }
}
