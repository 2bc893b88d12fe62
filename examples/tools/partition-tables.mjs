// Partition tables as gen_esp32part.py writes them: enough of the CSV grammar for the examples and the tests, not all of its checks.
import { createHash } from 'node:crypto';

const TABLE_BYTES = 0xc00;
const ROW_BYTES = 32;

/**
 * @typedef {object} PartitionRow
 * @property {string} label up to 16 bytes
 * @property {number} type
 * @property {number} subtype
 * @property {number} offset
 * @property {number} size
 * @property {boolean} [isEncrypted]
 * @property {boolean} [isReadonly]
 */

/** @type {Readonly<Record<string, number>>} */
const TYPES = { app: 0, data: 1, bootloader: 2, partition_table: 3 };

/** @type {Readonly<Record<string, number>>} */
const APP_SUBTYPES = {
  factory: 0,
  test: 0x20,
  ...Object.fromEntries(Array.from({ length: 16 }, (_, slot) => [`ota_${slot}`, 0x10 + slot])),
};

/** @type {Readonly<Record<string, number>>} */
const DATA_SUBTYPES = {
  ota: 0,
  phy: 1,
  nvs: 2,
  coredump: 3,
  nvs_keys: 4,
  efuse: 5,
  undefined: 6,
  esphttpd: 0x80,
  fat: 0x81,
  spiffs: 0x82,
  littlefs: 0x83,
};

/**
 * The tables that come with ESP-IDF and that the examples use, by the name in `CONFIG_PARTITION_TABLE_FILENAME`.
 * @see ESP-IDF v5.5 `components/partition_table/`
 * @type {Readonly<Record<string, string>>}
 */
export const BUILT_IN_TABLES = {
  'partitions_singleapp.csv': 'nvs,data,nvs,,0x6000\nphy_init,data,phy,,0x1000\nfactory,app,factory,,1M',
  'partitions_singleapp_large.csv': 'nvs,data,nvs,,0x6000\nphy_init,data,phy,,0x1000\nfactory,app,factory,,1500K',
  'partitions_two_ota.csv':
    'nvs,data,nvs,,0x4000\notadata,data,ota,,0x2000\nphy_init,data,phy,,0x1000\nfactory,app,factory,,1M\nota_0,app,ota_0,,1M\nota_1,app,ota_1,,1M',
  'partitions_two_ota_large.csv':
    'nvs,data,nvs,,0x6000\notadata,data,ota,,0x2000\nphy_init,data,phy,,0x1000\nota_0,app,ota_0,,1700K\nota_1,app,ota_1,,1700K',
};

/**
 * The 3072 bytes of a partition table.
 * @see ESP-IDF v5.5 `components/partition_table/gen_esp32part.py`
 * @param {string | readonly PartitionRow[]} table CSV text, the file name of a built-in table, or rows
 * @param {{ md5?: boolean, tableOffset?: number }} [options] the MD5 row is written unless `md5` is false
 * @returns {Uint8Array}
 */
export function makePartitionTable(table, { md5 = true, tableOffset = 0x8000 } = {}) {
  const rows = typeof table === 'string' ? parseTableCsv(BUILT_IN_TABLES[table] ?? table, tableOffset) : table;
  const bytes = new Uint8Array(TABLE_BYTES).fill(0xff);
  const view = new DataView(bytes.buffer);
  rows.forEach((row, index) => {
    const at = index * ROW_BYTES;
    view.setUint16(at, 0x50aa, true);
    view.setUint8(at + 2, row.type);
    view.setUint8(at + 3, row.subtype);
    view.setUint32(at + 4, row.offset, true);
    view.setUint32(at + 8, row.size, true);
    bytes.fill(0, at + 12, at + 28);
    bytes.set(new TextEncoder().encode(row.label).subarray(0, 16), at + 12);
    view.setUint32(at + 28, (row.isEncrypted === true ? 1 : 0) | (row.isReadonly === true ? 2 : 0), true);
  });
  if (md5) {
    const at = rows.length * ROW_BYTES;
    const digest = createHash('md5').update(bytes.subarray(0, at)).digest();
    bytes.set([0xeb, 0xeb], at);
    bytes.set(digest, at + 16);
  }
  return bytes;
}

/**
 * @param {string} csv
 * @param {number} [tableOffset]
 * @returns {PartitionRow[]}
 */
export function parseTableCsv(csv, tableOffset = 0x8000) {
  let end = tableOffset + 0x1000;
  return csv
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [label = '', typeText = '', subtypeText = '', offsetText = '', sizeText = '', flags = ''] = line
        .split(',')
        .map((field) => field.trim());
      const type = TYPES[typeText.toLowerCase()] ?? number(typeText, line);
      const names = type === 0 ? APP_SUBTYPES : type === 1 ? DATA_SUBTYPES : {};
      const subtype = names[subtypeText.toLowerCase()] ?? (subtypeText === '' ? 6 : number(subtypeText, line));
      const unit = type === 0 ? 0x10000 : 0x1000;
      const offset = offsetText === '' ? Math.ceil(end / unit) * unit : number(offsetText, line);
      const size = number(sizeText, line);
      end = offset + size;
      const names6 = flags.split(':');
      return {
        label,
        type,
        subtype,
        offset,
        size,
        isEncrypted: names6.includes('encrypted'),
        isReadonly: names6.includes('readonly'),
      };
    });
}

/**
 * @param {string} text
 * @param {string} line
 */
function number(text, line) {
  const match = /^(0x[0-9a-f]+|\d+)([km]?)$/i.exec(text);
  if (match === null) throw new RangeError(`Invalid field value ${text} in: ${line}`);
  const unit = { k: 1024, m: 1024 * 1024 }[match[2]?.toLowerCase() ?? ''] ?? 1;
  return Number(match[1]) * unit;
}
