/** How the serial side of a virtual board misbehaves. All off by default; each works until it is turned off again, unless it says otherwise. */
export interface LoaderKnobs {
  /** Each bit on the line flips with this probability, in both directions; 1e-5 spoils about one 16 KiB block in one. */
  readonly bitErrorRate?: number | undefined;
  /** Each byte on the line is lost with this probability, in both directions. */
  readonly lostByteRate?: number | undefined;
  /** Where the bit errors and lost bytes fall; the same seed damages the same bytes. Default 1. */
  readonly noiseSeed?: number | undefined;
  /** The cable is pulled when so many more bytes have come from the host (counted from when the knob is turned), and with it the supply. Once;
   * `plugIn()` brings the board back. */
  readonly pullCableAfterBytes?: number | undefined;
  /** Every answer of the loader comes this much later, in milliseconds. */
  readonly ackDelayMs?: number | undefined;
  /** The stub is uploaded, the jump to it acknowledged, and then nothing more comes (no `OHAI`, no answers). */
  readonly stubDoesNotStart?: boolean | undefined;
  /** Programming has no effect in the 4 KiB sector with this offset. The ROM notices when it reads back; the stub only when `isReported`. */
  readonly stuckSector?: { readonly offsetBytes: number; readonly isReported?: boolean } | undefined;
  /** SPI_FLASH_MD5 answers with a digest that is not that of the flash. */
  readonly wrongMd5?: boolean | undefined;
  /** The eFuse for secure download mode is burned: no stub, no register, no read-back; flashing is allowed. Takes effect at the next reset. */
  readonly isSecureDownload?: boolean | undefined;
  /** FLASH_CRYPT_CNT (SPI_BOOT_CRYPT_CNT) in the eFuses, which says whether flash encryption is on; 0 to 0x7f on the ESP32, 0 to 7 elsewhere. Default
   * 0. Takes effect at the next reset; the flash itself stays as it is. */
  readonly flashCryptCount?: number | undefined;
  /** Version of secure boot that the eFuses turn on; 1 is of the ESP32 alone. Takes effect at the next reset. */
  readonly secureBoot?: 1 | 2 | undefined;
  /** The board's own transmit line is broken: it hears, and is never heard. */
  readonly isMute?: boolean | undefined;
}

/** How long the chip takes, in milliseconds. All 0 by default, which is what tests want. */
export interface LoaderTimes {
  /** Erasing 4 KiB; 45 is usual. */
  readonly sectorEraseMs?: number;
  /** Erasing 64 KiB; 150 is usual. */
  readonly blockEraseMs?: number;
  /** Programming 256 bytes; 0.6 is usual. */
  readonly pageProgramMs?: number;
  /** Reading and hashing 1 MiB. */
  readonly md5MsPerMib?: number;
  /** From the jump to the stub to its greeting. */
  readonly stubStartMs?: number;
}
