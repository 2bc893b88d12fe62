/** The two numbers of a revision, where esptool-js has both. */
export interface RevisionReader<Loader = never> {
  getMajorChipVersion?(loader: Loader): Promise<number>;
  getMinorChipVersion?(loader: Loader): Promise<number>;
}

type Read = (address: number) => Promise<number>;

const bits = (value: number, from: number, count: number): number => (value >>> from) & ((1 << count) - 1);

/** A bit a step, of which the third lies in a register of its own.
 * @see ESP-IDF v5.5 components/soc/esp32/register/soc/efuse_reg.h, components/hal/esp32/efuse_hal.c */
async function esp32Revision(read: Read): Promise<number> {
  const [word3, word5, date] = [await read(0x3ff5a00c), await read(0x3ff5a014), await read(0x3ff6607c)];
  const steps = bits(word3, 15, 1) | (bits(word5, 20, 1) << 1) | (bits(date, 31, 1) << 2);
  const major = { 0: 0, 1: 1, 3: 2, 7: 3 }[steps] ?? 0;
  return major * 100 + bits(word5, 24, 2);
}

/** @see ESP-IDF v5.5 components/efuse/esp32c2/esp_efuse_table.csv, `WAFER_VERSION_MAJOR`, `WAFER_VERSION_MINOR` */
async function esp32c2Revision(read: Read): Promise<number> {
  const word = await read(0x60008844);
  return bits(word, 20, 2) * 100 + bits(word, 16, 4);
}

/** @see ESP-IDF v5.5 components/efuse/esp32c6/esp_efuse_table.csv, `WAFER_VERSION_MAJOR`, `WAFER_VERSION_MINOR` */
async function esp32c6Revision(read: Read): Promise<number> {
  const word = await read(0x600b0850);
  return bits(word, 22, 2) * 100 + bits(word, 18, 4);
}

const OWN: Readonly<Record<string, (read: Read) => Promise<number>>> = {
  esp32: esp32Revision,
  esp32c2: esp32c2Revision,
  esp32c6: esp32c6Revision,
};

/** major * 100 + minor, as image headers have it (esptool-js 0.7 defect: `getChipRevision` is the major number on some chips, the minor one or
 * both on others, and three chips have no other way). */
export async function readRevision<Loader>(
  target: string,
  rom: RevisionReader<Loader>,
  loader: Loader,
  read: Read,
): Promise<number> {
  const own = OWN[target];
  if (own !== undefined) return own(read);
  const major = (await rom.getMajorChipVersion?.(loader)) ?? 0;
  const minor = (await rom.getMinorChipVersion?.(loader)) ?? 0;
  return major * 100 + minor;
}
