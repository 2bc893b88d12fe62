/** What the ROM says in the second byte of a failed status.
 * @see esptool documentation, "Serial Protocol", ROM Loader Errors */
export const ROM_ERROR = {
  badMessage: 0x05,
  failed: 0x06,
  checksum: 0x07,
  flashWrite: 0x08,
  flashRead: 0x09,
  flashReadLength: 0x0a,
  deflate: 0x0b,
  deflateParameter: 0x0d,
  ramSize: 0x0e,
} as const;

export interface RomReply {
  readonly error?: number;
  readonly value?: number;
  readonly data?: Uint8Array;
  /** How often the answer is sent. Default 1. */
  readonly times?: number;
  /** Done once the answer is out. */
  readonly after?: () => void;
}
