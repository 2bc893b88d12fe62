declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** The board was described in a way no real board could be: `field` says where, `reason` is an id such as `unknownChip`. */
    'board.badSetup': { field: string; reason: string };
    /** An access outside the flash chip. */
    'board.flashOutOfRange': { offsetBytes: number; lengthBytes: number; sizeBytes: number };
    /** An erase that does not begin and end at a 4 KB sector. */
    'board.flashUnaligned': { offsetBytes: number; lengthBytes: number };
    /** The supply failed in the middle of a flash operation (a knob or a test asked for it). Never leaves the board. */
    'board.powerCut': { operation: string; offsetBytes: number };
  }
}

export {};
