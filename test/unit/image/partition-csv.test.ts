import { describe, expect, it } from 'vitest';
import { parsePartitionCsv, readPartitionCsv, type CsvOptions } from '../../../src/image/partition-csv.ts';
import { isOtaError } from '../../../src/base/ota-error.ts';

/** The partitions of a CSV that has no problem at all. */
function clean(text: string, options?: CsvOptions) {
  const { partitions, problems } = parsePartitionCsv(text, options);
  expect(problems).toEqual([]);
  return partitions;
}

/** Problems as `code@line:column`. */
function problems(text: string, options?: CsvOptions): string[] {
  return parsePartitionCsv(text, options).problems.map(({ code, line, column }) => `${code}@${line}:${column}`);
}

const v = (major: number, minor: number): CsvOptions => ({ idfVersion: { major, minor } });

describe('the grammar of the partition CSV', () => {
  it('takes comment lines, blank lines and any blanks around fields', () => {
    const rows = clean('# comment\n\n   # another\n  nvs ,\tdata , nvs,  0x9000 ,0x6000\r\nfactory,app,factory,,1M,\n');
    expect(rows).toEqual([
      { label: 'nvs', type: 1, subtype: 2, offset: 0x9000, size: 0x6000, isEncrypted: false, isReadonly: false },
      { label: 'factory', type: 0, subtype: 0, offset: 0x10000, size: 0x100000, isEncrypted: false, isReadonly: false },
    ]);
  });

  it('knows no comment behind a row', () => {
    expect(problems('a, data, nvs, 0x9000, 0x6000, # x')).toEqual(['unknownFlag@1:31']);
    expect(parsePartitionCsv('a, data, nvs, 0x9000, 0x6000, # x').problems[0]?.details).toEqual({
      flag: '# x',
      isComment: true,
    });
    expect(problems('a, data, nvs, 0x9000, 0x6000 # x')).toEqual(['badNumber@1:23']);
  });

  it('knows no quotes, and warns of a label that has them', () => {
    expect(parsePartitionCsv('"a", data, nvs, , 0x6000').partitions[0]?.label).toBe('"a"');
    expect(problems('"a", data, nvs, , 0x6000')).toEqual(['labelQuoted@1:1']);
  });

  it('leaves columns after the sixth alone, with a warning when something stands there', () => {
    clean('a, data, nvs, , 0x6000, , ,');
    expect(problems('a, data, nvs, , 0x6000, encrypted, more')).toEqual(['extraColumns@1:36']);
  });

  it.each([
    ['0x10000', 0x10000],
    ['65536', 65536],
    ['0x10K', 0x4000],
    ['64k', 0x10000],
    ['1M', 0x100000],
    ['1 m', 0x100000],
    ['0b1_0000_0000_0000', 0x1000],
    ['0o10000', 0x1000],
    ['0X_1000', 0x1000],
    ['+4096', 0x1000],
    ['4_096', 0x1000],
    ['1kk', 0x100000],
    ['00', 0],
  ])('reads %s as Python does', (text, size) => {
    expect(clean(`a, data, fat, 0x9000, ${text}`)[0]?.size).toBe(size);
  });

  it.each(['010', '1.5M', '0x', '1__0', '_1', '1_', 'ten', 'k', '0x1G', '1e3', '--1', '0x 10'])(
    'refuses %s as a number',
    (text) => {
      expect(problems(`a, data, fat, 0x9000, ${text}`)).toEqual(['badNumber@1:23']);
    },
  );

  it('looks words up without regard to case, and not when they end in k or m', () => {
    expect(clean('a, DATA, Phy, , 4K')[0]).toMatchObject({ type: 1, subtype: 1 });
    const extraSubtypes = [
      { type: 1, name: 'settings', subtype: 0x41 },
      { type: 1, name: 'disk', subtype: 0x42 },
    ];
    expect(clean('a, data, settings, , 4K', { extraSubtypes })[0]?.subtype).toBe(0x41);
    expect(problems('a, data, disk, , 4K', { extraSubtypes })).toEqual(['unknownKeyword@1:10']);
  });

  it('takes numbers for type and subtype, up to one byte', () => {
    expect(clean('a, 0x40, 7, , 4K')[0]).toMatchObject({ type: 0x40, subtype: 7 });
    expect(problems('a, 256, 0, , 4K\nb, 1, -1, , 4K')).toEqual(['valueTooLarge@1:4', 'valueTooLarge@2:7']);
  });

  it('fills in the subtype of anything but an application', () => {
    expect(clean('a, data, , , 4K\nb, 0x40, , , 4K').map(({ subtype }) => subtype)).toEqual([6, 6]);
    expect(problems('a, app, , , 1M')).toEqual(['emptySubtype@1:1']);
  });

  it('tells of a problem with the variable’s name, never with what it stands for', () => {
    const environment = { KEY: 'wJalrXUtnFEMI-a-secret', TWO: 'nvs_longer_than_sixteen, "q', FLAGS: 'encrypted:wJalr' };
    const lines = [
      '$KEY, data, nvs, , 4K',
      '$KEY, data, nvs, , 4K',
      'a, $KEY, nvs, , 4K',
      'b, data, x${KEY}y, , 4K',
      'c, data, nvs, $KEY, $KEY',
      'd, data, nvs, , 4K, ${FLAGS}',
      '$TWO, 4K',
    ];
    const { problems: found } = parsePartitionCsv(lines.join('\n'), { environment });
    expect(new Set(found.map(({ code }) => code)).size).toBeGreaterThanOrEqual(5);
    expect(JSON.stringify(found)).not.toMatch(/wJalr|longer_than/);
    expect(found.map(({ details }) => Object.values(details)).flat()).toEqual(
      expect.arrayContaining(['$KEY', 'x${KEY}y', '${FLAGS}']),
    );
  });

  it('expands variables of the environment and shows problems where the variable stands', () => {
    const environment = { SIZE: '0x3000', ROW: 'a, data, nvs', BAD: 'x' };
    expect(clean('$ROW, , ${SIZE}', { environment })[0]).toMatchObject({ label: 'a', size: 0x3000 });
    expect(problems('n, data, nvs, , $BAD', { environment })).toEqual(['badNumber@1:17']);
    expect(problems(' $LONG, 4K', { environment: { LONG: 'a, data, nonsense, ' } })).toEqual(['unknownKeyword@1:2']);
    expect(problems('n, data, nvs, , $NONE', { environment })).toEqual(['badNumber@1:17']);
    expect(problems('$NAME, data, nvs, , 0x3000')).toEqual(['unknownVariable@1:1']);
  });

  it('handles a byte order mark from ESP-IDF 5.4', () => {
    clean('\uFEFFa, data, nvs, , 0x6000', v(5, 4));
    expect(problems('\uFEFFa, data, nvs, , 0x6000', v(5, 3))).toEqual(['byteOrderMark@1:1']);
  });

  it('splits rows where Python does and counts lines where an editor does', () => {
    expect(problems('a, data, nvs, , x\u2028b, data, nvs, , y\rc, data, nvs, , z')).toEqual([
      'badNumber@1:17',
      'badNumber@1:35',
      'badNumber@2:17',
    ]);
  });

  it('keeps UTF-8 labels, and warns of one that the device will see cut', () => {
    expect(clean('phy_инит_, data, phy, , 4K')[0]?.label).toBe('phy_инит_');
    expect(problems('a_name_of_17_char, data, phy, , 4K')).toEqual(['labelTooLong@1:1']);
    clean('a_name_of_16_cha, data, phy, , 4K');
  });

  it('takes both flags, without blanks around the colon', () => {
    expect(clean('a, data, fat, , 4K, encrypted:readonly')[0]).toMatchObject({ isEncrypted: true, isReadonly: true });
    expect(problems('a, data, fat, , 4K, encrypted: readonly')).toEqual(['unknownFlag@1:21']);
    expect(problems('a, data, fat, , 4K, Encrypted')).toEqual(['unknownFlag@1:21']);
  });
});

describe('the places of partitions', () => {
  it('follow each other, applications on 64 KB and everything else on 4 KB', () => {
    const rows = clean('a, data, fat, , 0x3001\nb, data, fat, , 4K\nc, app, factory, , 64K\nd, data, fat, , 4K');
    expect(rows.map(({ offset }) => offset)).toEqual([0x9000, 0xd000, 0x10000, 0x20000]);
  });

  it('begin after the table, wherever it is', () => {
    expect(clean('a, data, fat, , 4K', { tableOffset: 0x10000 })[0]?.offset).toBe(0x11000);
    expect(problems('a, data, fat, 0x10000, 4K', { tableOffset: 0x10000 })).toEqual(['belowTable@1:15']);
  });

  it('were packed by 4 bytes before ESP-IDF 5.0', () => {
    const rows = parsePartitionCsv('a, data, fat, , 0x1002\nb, data, fat, , 4K', v(4, 4));
    expect(rows.partitions[1]?.offset).toBe(0xa004);
    expect(rows.problems.map(({ code, severity }) => [code, severity])).toEqual([
      ['offsetNotSectorAligned', 'warning'],
    ]);
    expect(problems('a, data, fat, 0x9002, 4K', v(4, 4))).toContain('offsetNotAligned@1:15');
  });

  it('may end at an absolute address', () => {
    expect(clean('a, app, factory, 0x10000, -2M\nb, data, fat, , 4K')).toMatchObject([
      { size: 0x1f0000 },
      { offset: 0x200000 },
    ]);
    expect(problems('a, app, factory, 0x10000, -32K\nb, data, fat, , 4K')).toEqual(['negativeSize@1:27']);
  });

  it('may not overlap or go back', () => {
    expect(problems('a, app, factory, 0x100000, 2M\nb, app, ota_0, 0x200000, 1M')).toEqual(['overlap@2:16']);
    expect(problems('a, data, fat, 0x20000, 4K\nb, data, fat, 0x10000, 4K')).toEqual(['overlap@2:15']);
    expect(problems('a, data, nvs, 0x8000, 0x6000')).toEqual(['belowTable@1:15']);
  });

  it('are worked out for bootloader and partition table rows, whatever stands there', () => {
    const csv =
      'boot, bootloader, primary, N/A, N/A\ntable, partition_table, primary, N/A, N/A\nboot2, bootloader, recovery, N/A, N/A\nnvs, data, nvs, , 24K';
    const options = { primaryBootloaderOffset: 0x2000, recoveryBootloaderOffset: 0x3f0000 };
    expect(parsePartitionCsv(csv, options).partitions.map(({ offset, size }) => [offset, size])).toEqual([
      [0x2000, 0x6000],
      [0x8000, 0x1000],
      [0x3f0000, 0x6000],
      [0x3f6000, 0x6000],
    ]);
    expect(problems(csv, options)).toEqual([]);
    expect(problems('boot, bootloader, ota, , N/A', { primaryBootloaderOffset: 0x1000 })).toEqual([]);
    expect(problems('boot, bootloader, primary, N/A, N/A')).toEqual(['bootloaderOffsetUnknown@1:1']);
    expect(problems('boot, bootloader, primary, ,', { primaryBootloaderOffset: 0x9000 })).toContain(
      'bootloaderAboveTable@1:1',
    );
  });
});

describe('the rules of a partition table', () => {
  it('want a type and a size', () => {
    expect(problems('a,\nb, data, nvs, 0x9000,')).toEqual(['emptyType@1:1', 'emptySize@2:1']);
    expect(problems('a, nonsense, nvs, , 4K\nb, data, nonsense, , 4K')).toEqual([
      'unknownKeyword@1:4',
      'unknownKeyword@2:10',
    ]);
    expect(problems('a, 0x40, nonsense, , 4K')).toEqual(['badNumber@1:10']);
  });

  it('want offsets aligned', () => {
    expect(problems('a, app, factory, 36K, 1M')).toEqual(['offsetNotAligned@1:18']);
    expect(problems('a, data, nvs, 0x9420, 0x6000')).toEqual(['offsetNotAligned@1:15']);
  });

  it('want the size of applications aligned, from ESP-IDF 5.3 or with secure boot', () => {
    const csv = 'a, app, factory, , 0x100800';
    expect(problems(csv)).toEqual(['sizeNotAligned@1:20']);
    expect(problems(csv, v(5, 2))).toEqual([]);
    expect(problems(csv, { ...v(5, 2), secure: 'v2' })).toEqual(['sizeNotAligned@1:20']);
    const sector = 'a, app, factory, , 0x101000';
    expect(problems(sector)).toEqual([]);
    expect(problems(sector, { secure: 'v1' })).toEqual(['sizeNotAligned@1:20']);
    expect(problems(sector, { ...v(4, 4), secure: 'v2' })).toEqual(['sizeNotAligned@1:20']);
    expect(problems('a, data, fat, , 0x101')).toEqual([]);
  });

  it('want labels to be unique and warn of labels that are words of another kind', () => {
    expect(problems('a, data, fat, , 4K\nb, data, fat, , 4K\na, data, fat, , 4K')).toEqual(['duplicateLabel@3:1']);
    expect(problems('ota_0, app, ota_1, , 1M\nfactory, app, factory, , 1M\napp, data, fat, , 4K')).toEqual([
      'labelIsKeyword@1:1',
      'labelIsKeyword@3:1',
    ]);
  });

  it('want one otadata of 8 KB', () => {
    expect(problems('o, data, ota, , 4K')).toEqual(['otadataSize@1:17']);
    expect(problems('o, data, ota, , 8K\np, data, ota, , 8K')).toEqual(['multipleOtadata@2:1']);
    expect(problems('o, data, tee_ota, , 4K')).toEqual(['otadataSize@1:21']);
    expect(problems('o, data, 0x90, , 4K', v(5, 4))).toEqual([]);
  });

  it('want otadata and core dumps writable, from ESP-IDF 5.2 where the flag begins', () => {
    expect(problems('o, data, ota, , 8K, readonly')).toEqual(['alwaysReadWrite@1:21']);
    expect(problems('c, data, coredump, , 64K, readonly')).toEqual(['alwaysReadWrite@1:27']);
    expect(problems('c, data, fat, , 64K, readonly', v(5, 1))).toEqual(['unknownFlag@1:22']);
  });

  it('want 12 KB for a writable NVS, from ESP-IDF 5.5', () => {
    expect(problems('n, data, nvs, , 8K')).toEqual(['nvsTooSmall@1:17']);
    expect(problems('n, data, nvs, , 8K', v(5, 4))).toEqual([]);
    expect(problems('n, data, nvs, , 8K, readonly')).toEqual([]);
  });

  it('want everything within the flash', () => {
    expect(problems('a, app, factory, , 1M\nb, app, ota_0, , 1M', { flashSizeBytes: 0x200000 })).toEqual([
      'exceedsFlash@2:18',
    ]);
    expect(problems('a, data, fat, 0x1_0000_0000, 4K')).toEqual(['valueTooLarge@1:15']);
    expect(problems('a, data, fat, , 0x1_0000_0001')).toEqual(['valueTooLarge@1:17']);
  });

  it('want no more rows than fit, and one at least', () => {
    const rows = Array.from({ length: 95 }, (_, index) => `p${index}, data, fat, , 4K`).join('\n');
    expect(problems(rows)).toEqual(['tooManyRows@95:1']);
    expect(problems(rows, { md5: false })).toEqual([]);
    expect(problems('# nothing\n')).toEqual(['noPartitions@1:1']);
  });

  it('are checked in time in proportion to the text, however long it is', () => {
    const environment = { A: 'x' };
    for (const text of ['a, data, fat, , 4K\n'.repeat(50_000), '$A,'.repeat(100_000), ','.repeat(500_000)]) {
      expect(parsePartitionCsv(text, { environment }).problems.length).toBeLessThan(3000);
    }
  });

  it.each([
    ['a, data, littlefs, , 4K', 5, 0],
    ['a, bootloader, 1, , 0', 5, 4],
    ['a, bootloader, recovery, , 0', 5, 5],
    ['a, partition_table, primary, , 0', 5, 5],
    ['a, app, tee_1, , 64K', 5, 5],
    ['a, data, tee_ota, , 8K', 5, 5],
  ] as const)('know the words of %s from ESP-IDF %i.%i', (csv, major, minor) => {
    const options = { primaryBootloaderOffset: 0x1000, recoveryBootloaderOffset: 0x20000 };
    const before = minor === 0 ? v(major - 1, 4) : v(major, minor - 1);
    expect(problems(csv, { ...options, ...v(major, minor) })).toEqual([]);
    expect(problems(csv, { ...options, ...before })[0]).toMatch(/^unknownKeyword@1:/);
  });

  it('go on after an error and list every problem in the order of the lines', () => {
    const csv = 'a, data, nvs, 0x9000\nb, app, factory, 0x9000, 1M, fast\nc, what, x, , 4K\nb, data, fat, , 1G';
    expect(problems(csv)).toEqual([
      'emptySize@1:1',
      'offsetNotAligned@2:18',
      'unknownFlag@2:30',
      'unknownKeyword@3:4',
      'duplicateLabel@4:1',
      'badNumber@4:17',
    ]);
  });

  it('stop the strict reader at the first error, with its place', () => {
    expect(readPartitionCsv('ota_0, app, ota_1, , 1M')).toHaveLength(1);
    try {
      readPartitionCsv('# x\nota_0, app, ota_1, , 1M\na, data\nb');
      expect.unreachable();
    } catch (error) {
      if (!isOtaError(error, 'partitionCsv.invalid')) throw error;
      expect(error.details).toEqual({ problem: 'emptySize', line: 3, column: 1, count: 2 });
    }
  });
});
