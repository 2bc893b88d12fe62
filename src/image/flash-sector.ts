/** Smallest unit of flash that is erased, in bytes. */
export const SECTOR_BYTES = 4096;
