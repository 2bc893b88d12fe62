import { ByteReader } from '../../base/byte-reader.ts';

export const OP = {
  flashBegin: 0x02,
  flashData: 0x03,
  flashEnd: 0x04,
  memBegin: 0x05,
  memEnd: 0x06,
  memData: 0x07,
  sync: 0x08,
  writeReg: 0x09,
  readReg: 0x0a,
  spiSetParams: 0x0b,
  spiAttach: 0x0d,
  readFlashSlow: 0x0e,
  changeBaud: 0x0f,
  deflBegin: 0x10,
  deflData: 0x11,
  deflEnd: 0x12,
  spiFlashMd5: 0x13,
  getSecurityInfo: 0x14,
  eraseFlash: 0xd0,
  eraseRegion: 0xd1,
  readFlash: 0xd2,
  runUserCode: 0xd3,
} as const;

export const HEADER_BYTES = 8;
/** Length, sequence number and two unused words before the payload of a data command. */
export const DATA_HEADER_BYTES = 16;

/** A command of the host, taken apart.
 * @see esptool documentation, "Serial Protocol", Command Packet */
export interface Request {
  readonly direction: number;
  readonly op: number;
  /** As the header says. */
  readonly lengthBytes: number;
  readonly checksum: number;
  /** All that followed the header, of whatever length. */
  readonly data: Uint8Array;
}

/** Undefined for a frame shorter than its header. */
export function parseRequest(frame: Uint8Array): Request | undefined {
  if (frame.length < HEADER_BYTES) return undefined;
  const reader = new ByteReader(frame);
  return {
    direction: reader.u8(0),
    op: reader.u8(1),
    lengthBytes: reader.u16(2),
    checksum: reader.u32(4),
    data: frame.subarray(HEADER_BYTES),
  };
}

/** The n-th little-endian word of a command; 0 past its end. */
export function word(data: Uint8Array, index: number): number {
  return data.length < (index + 1) * 4 ? 0 : new ByteReader(data).u32(index * 4);
}

/** All bytes of the payload, exclusive-or'ed onto 0xEF. */
export function payloadChecksum(payload: Uint8Array): number {
  let sum = 0xef;
  for (const byte of payload) sum ^= byte;
  return sum;
}

/** @see esptool documentation, "Serial Protocol", Response Packet */
export function response(op: number, value: number, data: Uint8Array, status: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + data.length + status.length);
  const view = new DataView(frame.buffer);
  frame[0] = 1;
  frame[1] = op;
  view.setUint16(2, data.length + status.length, true);
  view.setUint32(4, value, true);
  frame.set(data, HEADER_BYTES);
  frame.set(status, HEADER_BYTES + data.length);
  return frame;
}
