import '../errors.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { LoaderChip } from './loader-chips.ts';

const ESP32_DATE_REGISTER = 0x3ff6607c;

/** CRC-8 of a MAC address as the factory burns it (polynomial 0x31, reflected).
 * @see ESP-IDF v5.5 components/esp_hw_support/mac_addr.c, `esp_efuse_mac_get_default` */
function macCrc(mac: readonly number[]): number {
  let crc = 0;
  for (const byte of mac) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x8c : crc >>> 1;
  }
  return crc;
}

function parseMac(mac: string): readonly number[] {
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac))
    throw new OtaError('board.badSetup', { field: 'mac', reason: 'notAMac' });
  return mac.split(':').map((part) => parseInt(part, 16));
}

/** The registers that identify one chip: its MAC address (`24:0a:c4:00:00:01`) and revision (major * 100 + minor), by address.
 * @throws {OtaError} `board.badSetup` */
export function efuseRegisters(chip: LoaderChip, mac: string, revision: number): Map<number, number> {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = parseMac(mac);
  const words = new Map<number, number>();
  const setBits = (word: number, bit: number, value: number): void => {
    const address = chip.efuseBlock + 4 * word;
    words.set(address, ((words.get(address) ?? 0) | (value << bit)) >>> 0);
  };
  setBits(0, 0, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0);
  setBits(1, 0, (a << 8) | b);
  const major = Math.floor(revision / 100);
  const fields = [
    [chip.major, major],
    [chip.minor, revision % 100],
  ] as const;
  for (const [parts, number] of fields) {
    let left = number;
    for (const [word, bit, width] of parts) {
      setBits(word, bit, left & ((1 << width) - 1));
      left >>>= width;
    }
  }
  if (chip.target === 'esp32') {
    setBits(1, 16, macCrc([a, b, c, d, e, f]));
    // package 1 is the D0WD; the major revision is a bit a step, the third in a register of its own
    setBits(2, 9, 1);
    setBits(2, 15, major >= 1 ? 1 : 0);
    setBits(4, 20, major >= 2 ? 1 : 0);
    words.set(ESP32_DATE_REGISTER, major >= 3 ? 0x80000000 : 0);
  }
  return words;
}
