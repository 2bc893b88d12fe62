import type { CrashReport } from './crash-report.ts';

/** A row of the partition table as the bootloader lists it. */
export interface ConsolePartition {
  readonly label: string;
  /** The bootloader's own word for it, such as `OTA app`. */
  readonly usage: string;
  readonly type: number;
  readonly subtype: number;
  readonly offset: number;
  readonly size: number;
}

/** What the running application said of itself. */
export interface ConsoleApp {
  readonly project?: string;
  readonly version?: string;
  readonly secureVersion?: string;
  readonly compiled?: string;
  /** The first digits, as many as the firmware prints. */
  readonly elfSha256?: string;
  readonly idfVersion?: string;
}

/** What is known of a board from its console alone. Everything here was printed; nothing is assumed. */
export interface BoardView {
  /** What runs now, as far as the last lines tell. */
  readonly phase: 'unknown' | 'rom' | 'downloadMode' | 'bootloader' | 'app' | 'panic';
  /** Of the last reset: the ROM's number (hexadecimal) and name. */
  readonly reset?: { readonly code: string; readonly name: string };
  readonly bootloaderIdfVersion?: string;
  /** As the bootloader read it from the image header, such as `4MB`. */
  readonly flashSize?: string;
  readonly chipRevision?: string;
  /** Of the last listing that was seen from its head to its end. */
  readonly partitions?: readonly ConsolePartition[];
  readonly runningOffset?: number;
  /** Name of the partition at that offset, when the table is known. */
  readonly runningLabel?: string;
  readonly app?: ConsoleApp;
  /** Digest of the running image, the one appended to its file. */
  readonly appSha256?: string;
  readonly ip?: string;
  /** The last crash, also after the board has started again. */
  readonly crash?: CrashReport;
}
