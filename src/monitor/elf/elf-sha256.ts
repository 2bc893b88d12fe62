import { createHash } from 'node:crypto';

/** The digest that the build puts into the application description and that a panic prints: 64 hexadecimal digits.
 * @see ESP-IDF v5.5 `esp_app_desc_t.app_elf_sha256` */
export function elfSha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether the digits that a board printed are the first ones of a file's digest. A panic prints 9 or 16 of them
 * (`CONFIG_APP_RETRIEVE_LEN_ELF_SHA`); no digits fit every file. */
export function isSameElf(printed: string, sha256: string): boolean {
  return sha256.toLowerCase().startsWith(printed.trim().toLowerCase());
}
