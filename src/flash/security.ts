import { twice } from './twice.ts';

/** What the chip's eFuses say of who may write its flash. */
export interface SecurityFacts {
  readonly isSecureBoot: boolean;
  readonly isSecureDownload: boolean;
  /** An odd number of its bits is set when flash encryption is on. */
  readonly flashCryptCount: number;
}

/** Whether the chip encrypts its flash: it does while an odd number of bits of its counter is set. */
export function isEncrypted(security: SecurityFacts | undefined): boolean {
  let bits = 0;
  for (let rest = security?.flashCryptCount ?? 0; rest > 0; rest >>>= 1) bits += rest & 1;
  return bits % 2 === 1;
}

const BLOCK0_WORD0 = 0x3ff5a000;
const BLOCK0_WORD6 = 0x3ff5a018;

/** Of the ESP32, which has no GET_SECURITY_INFO: FLASH_CRYPT_CNT is in bits 20 to 26 of the one word, ABS_DONE_0 (secure boot v1) and ABS_DONE_1 (v2)
 * are bits 4 and 5 of the other.
 * @see ESP-IDF v5.5 components/soc/esp32/register/soc/efuse_reg.h, `EFUSE_RD_FLASH_CRYPT_CNT`, `EFUSE_RD_ABS_DONE_0` */
export async function esp32Security(read: (address: number) => Promise<number>): Promise<SecurityFacts> {
  const word0 = await twice(() => read(BLOCK0_WORD0));
  const word6 = await twice(() => read(BLOCK0_WORD6));
  return {
    isSecureBoot: ((word6 >>> 4) & 0b11) !== 0,
    isSecureDownload: false,
    flashCryptCount: (word0 >>> 20) & 0x7f,
  };
}
