/** The 16-bit status of the stub, sent with its high byte first.
 * @see esp-flasher-stub v1.1 src/commands.h, `enum esp_response_code` */
export const STUB_ERROR = {
  badLength: 0xc000,
  badChecksum: 0xc100,
  invalidCommand: 0xc300,
  spiFailed: 0xc400,
  notInFlashMode: 0xc600,
  inflateFailed: 0xc700,
  notEnoughData: 0xc800,
  tooMuchData: 0xc900,
  notImplemented: 0xff00,
} as const;

export interface StubReply {
  readonly error?: number;
  readonly value?: number;
  readonly data?: Uint8Array;
  /** How often the answer is sent. Default 1. */
  readonly times?: number;
  /** Done once the answer is out; what it gives other than 0 is the answer to the next command. */
  readonly after?: () => number | Promise<number>;
}
