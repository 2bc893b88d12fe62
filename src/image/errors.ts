import type { OtaErrorDetails as Base } from '../base/ota-error.ts';

declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** The file ends inside a header, a segment, the checksum or the digest. */
    'image.truncated': { offsetBytes: number; neededBytes: number; availableBytes: number };
    /** The first byte is not 0xE9. */
    'image.badMagic': { offsetBytes: number; found: number; expected: number };
    'image.tooManySegments': { offsetBytes: number; count: number; maximum: number };
    /** A segment length that is not a multiple of 4, or 16 MB and more. */
    'image.badSegment': { offsetBytes: number; index: number; lengthBytes: number };
    /** A version that the description has no room for. */
    'version.tooLong': { version: string; lengthBytes: number; maxBytes: number };
    /** Text that was given as a certificate is not one (PEM, X.509). */
    'image.badCertificate': { offsetBytes: number };

    /** The bytes end before the end marker of the table. */
    'partitionTable.truncated': { offsetBytes: number; availableBytes: number };
    /** Neither a row, nor the MD5 row, nor the end marker. */
    'partitionTable.badMagic': { offsetBytes: number; found: number };
    'partitionTable.md5Mismatch': { offsetBytes: number; stored: string; computed: string };
    'partitionTable.secondMd5': { offsetBytes: number };
    /** The first row is the end marker: a device refuses such a table. */
    'partitionTable.empty': { offsetBytes: number };
    'partitionTable.tooManyRows': { count: number; maximum: number };
    /** A value that does not fit its field (type and subtype one byte, offset and size four). */
    'partitionTable.badValue': { index: number; field: string; value: number };

    /** A partition CSV with errors; the values are those of the first. `problem` is a code of `CsvProblem`. */
    'partitionCsv.invalid': { problem: string; line: number; column: number; count: number };

    'otadata.truncated': { offsetBytes: number; neededBytes: number; availableBytes: number };
    /** The table has no such slot, or the bootloader's count of slots does not reach it. */
    'otadata.noSuchSlot': { slot: string; slotCount: number };
  }
}

/** The codes of this room, as a type. */
export type ImageErrorCode = Extract<
  keyof Base,
  `${'image' | 'partitionTable' | 'partitionCsv' | 'otadata'}.${string}`
>;
