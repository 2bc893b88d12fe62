import './errors.ts';
import { OtaError } from '../base/ota-error.ts';
import { slipEncode } from './slip.ts';

/** @see esptool documentation, "Serial Protocol", Supported Commands */
export const OP = {
  FLASH_BEGIN: 0x02,
  FLASH_DATA: 0x03,
  FLASH_END: 0x04,
  MEM_BEGIN: 0x05,
  MEM_END: 0x06,
  MEM_DATA: 0x07,
  SYNC: 0x08,
  WRITE_REG: 0x09,
  READ_REG: 0x0a,
  SPI_SET_PARAMS: 0x0b,
  SPI_ATTACH: 0x0d,
  CHANGE_BAUDRATE: 0x0f,
  FLASH_DEFL_BEGIN: 0x10,
  FLASH_DEFL_DATA: 0x11,
  FLASH_DEFL_END: 0x12,
  SPI_FLASH_MD5: 0x13,
  GET_SECURITY_INFO: 0x14,
  ERASE_FLASH: 0xd0,
  ERASE_REGION: 0xd1,
  READ_FLASH: 0xd2,
} as const;

const NAMES = new Map<number, string>(Object.entries(OP).map(([name, op]) => [op, name]));

/** As in esptool's documentation, such as `FLASH_BEGIN`. */
export function commandName(op: number): string {
  return NAMES.get(op) ?? `0x${op.toString(16).padStart(2, '0')}`;
}

export type StatusMeaning =
  | 'badLength'
  | 'badChecksum'
  | 'badBlockSize'
  | 'invalidCommand'
  | 'flashFailed'
  | 'flashLocked'
  | 'notWriting'
  | 'badDeflate'
  | 'notEnoughData'
  | 'tooMuchData'
  | 'notImplemented'
  | 'badMessage'
  | 'refused'
  | 'flashWrite'
  | 'flashRead'
  | 'badParameter'
  | 'unknown';

/** @see esp-flasher-stub v1.1 src/commands.h; esptool documentation, "Serial Protocol", ROM Loader Errors */
const MEANINGS: ReadonlyMap<number, StatusMeaning> = new Map<number, StatusMeaning>([
  [0xc000, 'badLength'],
  [0xc100, 'badChecksum'],
  [0xc200, 'badBlockSize'],
  [0xc300, 'invalidCommand'],
  [0xc400, 'flashFailed'],
  [0xc500, 'flashLocked'],
  [0xc600, 'notWriting'],
  [0xc700, 'badDeflate'],
  [0xc800, 'notEnoughData'],
  [0xc900, 'tooMuchData'],
  [0xff00, 'notImplemented'],
  [0x0105, 'badMessage'],
  [0x0106, 'refused'],
  [0x0107, 'badChecksum'],
  [0x0108, 'flashWrite'],
  [0x0109, 'flashRead'],
  [0x010a, 'badLength'],
  [0x010b, 'badDeflate'],
  [0x010c, 'badDeflate'],
  [0x010d, 'badParameter'],
  [0x010e, 'badParameter'],
  [0x010f, 'badParameter'],
]);

export function statusMeaning(code: number): StatusMeaning {
  return MEANINGS.get(code) ?? 'unknown';
}

/** What the flash chip itself refused, in answer to a write or to the command after it. */
export const FLASH_REFUSED: ReadonlySet<StatusMeaning> = new Set(['flashFailed', 'flashLocked', 'flashWrite']);

/** The request came damaged and nothing was done: it may be sent again. */
export const REQUEST_DAMAGED: ReadonlySet<StatusMeaning> = new Set([
  'badLength',
  'badChecksum',
  'invalidCommand',
  'badMessage',
]);

export interface Reply {
  readonly op: number;
  /** Of the register, for READ_REG; unsigned. */
  readonly value: number;
  /** Data and, at its end, the status: two bytes from the stub, four from the ROM. */
  readonly body: Uint8Array;
}

/** Little-endian, 32 bits each. */
export function words(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setUint32(index * 4, value >>> 0, true);
  });
  return bytes;
}

/** All bytes, exclusive-or'ed onto 0xEF: of the payload of a data command, behind its four words. */
export function payloadChecksum(payload: Uint8Array): number {
  let sum = 0xef;
  for (const byte of payload) sum ^= byte;
  return sum;
}

/** A request, framed.
 * @see esptool documentation, "Serial Protocol", Command Packet */
export function requestFrame(op: number, data: Uint8Array, checksum = 0): Uint8Array {
  const packet = new Uint8Array(8 + data.length);
  const view = new DataView(packet.buffer);
  packet[1] = op;
  view.setUint16(2, data.length, true);
  view.setUint32(4, checksum >>> 0, true);
  packet.set(data, 8);
  return slipEncode(packet);
}

/** A data command (MEM_DATA, FLASH_DATA, FLASH_DEFL_DATA), framed. */
export function dataFrame(op: number, sequence: number, payload: Uint8Array): Uint8Array {
  const data = new Uint8Array(16 + payload.length);
  data.set(words(payload.length, sequence, 0, 0));
  data.set(payload, 16);
  return requestFrame(op, data, payloadChecksum(payload));
}

/** Undefined for a frame that is no response, such as boot text.
 * @see esptool documentation, "Serial Protocol", Response Packet */
export function parseReply(frame: Uint8Array): Reply | undefined {
  if (frame.length < 10 || frame[0] !== 1) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint16(2, true) !== frame.length - 8) return undefined;
  return { op: view.getUint8(1), value: view.getUint32(4, true), body: frame.subarray(8) };
}

/** The status at an offset of the body; 0 is success. An answer that failed has no data, so the status is at its start. */
export function statusCode({ body }: Reply, dataBytes: number): number {
  const at = body.length >= dataBytes + 2 ? dataBytes : 0;
  return ((body[at] ?? 0) << 8) | (body[at + 1] ?? 0);
}

/** The data of an answer.
 * @throws {OtaError} `flash.commandFailed` */
export function replyData(op: number, reply: Reply, dataBytes: number): Uint8Array {
  const code = statusCode(reply, dataBytes);
  const isShort = code === 0 && reply.body.length < dataBytes + 2;
  if (code !== 0 || isShort) throw commandFailed(op, isShort ? 0xc800 : code);
  return reply.body.subarray(0, dataBytes);
}

export function commandFailed(op: number, code: number): OtaError<'flash.commandFailed'> {
  return new OtaError('flash.commandFailed', { command: commandName(op), code, meaning: statusMeaning(code) });
}
