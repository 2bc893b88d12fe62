declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** The file does not begin as an ELF file does. */
    'elf.notElf': { offset: number };
    /** An ELF file of another kind than the toolchains of Espressif's chips make; `value` is the field found at `offset`. */
    'elf.unsupported': { what: 'class' | 'byteOrder' | 'compression'; value: number; offset: number };
    /** A part of the file ends too early; `offset` counts from the start of the section (of the file where `section` is empty). */
    'elf.truncated': { section: string; offset: number; neededBytes: number };
    /** Contents that no compiler writes; `reason` is an id. */
    'elf.malformed': { section: string; offset: number; reason: string };
    /** Reading was given up: the contents demand far more work than their size explains. */
    'elf.tooComplex': { section: string; offset: number };
  }
}

export {};
