import type { IdfVersion } from './partition-types.ts';

/** What can be wrong with a partition CSV. The last group are warnings. */
export type CsvProblemCode =
  | 'byteOrderMark'
  | 'unknownVariable'
  | 'emptyType'
  | 'emptySubtype'
  | 'unknownKeyword'
  | 'badNumber'
  | 'valueTooLarge'
  | 'emptySize'
  | 'unknownFlag'
  | 'bootloaderOffsetUnknown'
  | 'bootloaderAboveTable'
  | 'belowTable'
  | 'overlap'
  | 'negativeSize'
  | 'offsetNotAligned'
  | 'sizeNotAligned'
  | 'duplicateLabel'
  | 'multipleOtadata'
  | 'otadataSize'
  | 'alwaysReadWrite'
  | 'nvsTooSmall'
  | 'exceedsFlash'
  | 'tooManyRows'
  | 'noPartitions'
  | 'labelIsKeyword'
  | 'labelTooLong'
  | 'labelQuoted'
  | 'extraColumns'
  | 'offsetNotSectorAligned';

export interface CsvProblem {
  /** ESP-IDF's own generator refuses the file for an error; a warning it lets pass. */
  readonly severity: 'error' | 'warning';
  readonly code: CsvProblemCode;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
  /** In UTF-16 units, at least 1. */
  readonly length: number;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** A word for a subtype of the project's own (`EXTRA_PARTITION_SUBTYPES`). */
export interface ExtraSubtype {
  readonly type: number;
  readonly name: string;
  readonly subtype: number;
}

export interface CsvOptions {
  /** `CONFIG_PARTITION_TABLE_OFFSET`; default 0x8000. */
  readonly tableOffset?: number;
  /** `CONFIG_ESPTOOLPY_FLASHSIZE` in bytes; left out, the end of flash is not checked. */
  readonly flashSizeBytes?: number;
  /** Rules that changed between versions follow this one; left out, the newest. */
  readonly idfVersion?: IdfVersion;
  /** Secure boot, which wants larger steps for the size of an application. */
  readonly secure?: 'v1' | 'v2';
  /** `CONFIG_PARTITION_TABLE_MD5`; default true. */
  readonly md5?: boolean;
  readonly extraSubtypes?: readonly ExtraSubtype[];
  /** For `$NAME` in the file; default: no variables. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `CONFIG_BOOTLOADER_OFFSET_IN_FLASH`, for rows of type bootloader. */
  readonly primaryBootloaderOffset?: number;
  /** `CONFIG_BOOTLOADER_RECOVERY_OFFSET`. */
  readonly recoveryBootloaderOffset?: number;
}
