import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layoutFindings } from '../../../src/doctor/checks/layout.ts';
import type { DoctorFacts } from '../../../src/doctor/facts.ts';
import { parsePartitionCsv } from '../../../src/image/partition-csv.ts';
import { builtInTable } from '../../../src/image/built-in-tables.ts';
import { GENERATIONS } from '../idf/project-folder.ts';
import { makeApp } from '../../support/make-image.ts';
import { factsOf, idsOf } from './project-facts.ts';

const MEGABYTE = 0x10_0000;
const HEAD = '# Name, Type, SubType, Offset, Size, Flags\n';
const CUSTOM = [
  'CONFIG_PARTITION_TABLE_CUSTOM=y',
  ...['TWO_OTA', 'TWO_OTA_LARGE'].map((name) => `# CONFIG_PARTITION_TABLE_${name} is not set`),
];
const GOOD = `${HEAD}nvs,data,nvs,0x9000,16K\notadata,data,ota,0xd000,8K\nphy_init,data,phy,0xf000,4K\nota_0,app,ota_0,0x10000,1M\nota_1,app,ota_1,,1M\n`;

type Generation = (typeof GENERATIONS)[number];

/** A project with a partition CSV of its own. */
async function withCsv(generation: Generation, csv: string, more: Parameters<typeof factsOf>[1] = {}) {
  const files = { 'partitions.csv': csv, ...more.files };
  return factsOf(generation, { ...more, files, config: [...CUSTOM, ...(more.config ?? [])] });
}

/** A project with one of ESP-IDF's own tables. */
function choosing(table: string): readonly string[] {
  const all = ['SINGLE_APP', 'SINGLE_APP_LARGE', 'TWO_OTA', 'TWO_OTA_LARGE', 'CUSTOM'];
  return [
    ...all.filter((one) => one !== table).map((one) => `# CONFIG_PARTITION_TABLE_${one} is not set`),
    `CONFIG_PARTITION_TABLE_${table}=y`,
  ];
}

describe.each(GENERATIONS)('the partition table of a project of %s', (generation) => {
  it('is in order', async () => {
    expect(idsOf(layoutFindings(await factsOf(generation)))).toEqual([]);
    expect(idsOf(layoutFindings(await withCsv(generation, GOOD)))).toEqual([]);
  });

  it('has no OTA slots, at the line that picks it, and another one takes its place', async () => {
    const facts = await factsOf(generation, { config: choosing('SINGLE_APP') });
    const [found, ...rest] = layoutFindings(facts);
    expect(rest).toEqual([]);
    const lines = facts.text(facts.project.sdkconfigPath)?.split(/\r?\n/) ?? [];
    expect(found).toMatchObject({
      id: 'layout-no-ota-slots',
      severity: 'error',
      path: facts.project.sdkconfigPath,
      range: { line: lines.indexOf('CONFIG_PARTITION_TABLE_SINGLE_APP=y') + 1, column: 1, endColumn: 36 },
      details: { table: 'partitions_singleapp.csv' },
      fixes: [
        {
          kind: 'setOptions',
          id: 'useOtaTable',
          options: { PARTITION_TABLE_TWO_OTA: true },
          needs: ['rebuild', 'fullFlash'],
        },
      ],
    });
  });

  it('offers the large table only where this ESP-IDF has it and the image needs it', async () => {
    const files = {
      [`build/${generation === 'v4.4' ? 'native_ota' : generation === 'v5.1' ? 'advanced_https_ota' : 'simple_ota'}.bin`]:
        makeApp({ extra: new Uint8Array(1.3 * MEGABYTE) }),
    };
    const facts = await factsOf(generation, { config: choosing('SINGLE_APP_LARGE'), files });
    const options = layoutFindings(facts)[0]?.fixes[0];
    const isLarge = generation === 'v5.5' || generation === 'v6.0';
    expect(options).toMatchObject({
      options: { [isLarge ? 'PARTITION_TABLE_TWO_OTA_LARGE' : 'PARTITION_TABLE_TWO_OTA']: true },
    });
  });

  it('has OTA slots and no otadata', async () => {
    const found = layoutFindings(await withCsv(generation, GOOD.replace(/^otadata.*\n/m, '')));
    expect(found).toMatchObject([
      {
        id: 'layout-no-otadata',
        severity: 'error',
        details: { slots: 2 },
        fixes: [{ id: 'setUp', command: 'setUpForOta' }],
      },
    ]);
  });

  it.each([
    ['error', ''],
    ['warning', 'factory,app,factory,,1M\n'],
  ])('has one OTA slot only: %s, with a factory slot or not', async (severity, factory) => {
    const csv = GOOD.replace(/^ota_1.*\n/m, factory);
    const [found] = layoutFindings(await withCsv(generation, csv));
    expect(found).toMatchObject({
      id: 'layout-one-slot',
      severity,
      range: { line: 5, column: 1 },
      details: { slot: 'ota_0', hasFactory: factory !== '' },
      fixes: [{ id: 'setUp', command: 'setUpForOta', needs: ['rebuild', 'fullFlash'] }],
    });
  });

  it.each([
    ['layout-overlap', 'ota_1,app,ota_1,,1M', 'ota_1,app,ota_1,0x20000,1M', 6],
    ['layout-overlap', 'nvs,data,nvs,0x9000,16K', 'nvs,data,nvs,0x8000,16K', 2],
    ['layout-alignment', 'ota_1,app,ota_1,,1M', 'ota_1,app,ota_1,0x118000,1M', 6],
    ['layout-names', 'phy_init,', 'otadata,', 4],
    ['layout-otadata-size', '0xd000,8K', '0xd000,4K', 3],
    ['layout-row', 'phy_init,data,phy', 'phy_init,data,fhy', 4],
  ])('%s: %s becomes %s', async (id, from, to, line) => {
    const facts = await withCsv(generation, GOOD.replace(from, to));
    const found = layoutFindings(facts).find((one) => one.id === id);
    expect(found).toMatchObject({
      severity: 'error',
      path: join(facts.project.folder, 'partitions.csv'),
      range: { line },
    });
  });

  it('has sizes of applications that are no whole sectors: refused from ESP-IDF 5.3 on', async () => {
    const found = layoutFindings(await withCsv(generation, GOOD.replace('0x10000,1M', '0x10000,0xff800')));
    const isRefused = generation !== 'v4.4' && generation !== 'v5.1';
    expect(idsOf(found).includes('layout-alignment')).toBe(isRefused);
  });

  it('is larger than the flash: the size is raised, or the row is to blame where the board has no more', async () => {
    const csv = GOOD.replace('ota_1,app,ota_1,,1M', 'ota_1,app,ota_1,,3M');
    const config = [
      'CONFIG_ESPTOOLPY_FLASHSIZE_4MB=y',
      '# CONFIG_ESPTOOLPY_FLASHSIZE_8MB is not set',
      'CONFIG_ESPTOOLPY_FLASHSIZE="4MB"',
    ];
    const facts = await withCsv(generation, csv, { config });
    const beyond = (found: ReturnType<typeof layoutFindings>) => found.find(({ id }) => id === 'layout-exceeds-flash');
    expect(beyond(layoutFindings(facts))).toMatchObject({
      severity: 'error',
      range: { line: 6, column: 18, endColumn: 20 },
      details: { label: 'ota_1', endBytes: 0x110000 + 3 * MEGABYTE, flashBytes: 4 * MEGABYTE },
      fixes: [{ id: 'setFlashSize', options: { ESPTOOLPY_FLASHSIZE_8MB: true }, needs: ['rebuild', 'fullFlash'] }],
    });
    const board: DoctorFacts = { ...facts, board: { flashSizeBytes: 4 * MEGABYTE } };
    expect(beyond(layoutFindings(board))?.fixes).toEqual([]);
    expect(beyond(layoutFindings(await withCsv(generation, GOOD, { config })))).toBeUndefined();
  });

  it('does not exist', async () => {
    const facts = await factsOf(generation, {
      config: [...CUSTOM, 'CONFIG_PARTITION_TABLE_CUSTOM_FILENAME="mine.csv"'],
    });
    expect(layoutFindings(facts)).toMatchObject([
      {
        id: 'layout-table-missing',
        severity: 'error',
        details: { reason: 'csvMissing', file: 'mine.csv' },
        path: facts.project.sdkconfigPath,
      },
    ]);
  });
});

describe.each(GENERATIONS)('the application of a project of %s', (generation) => {
  const name = generation === 'v4.4' ? 'native_ota' : generation === 'v5.1' ? 'advanced_https_ota' : 'simple_ota';
  const app = (bytes: number) => ({
    files: {
      [`build/${name}.bin`]: makeApp({
        extra: new Uint8Array(bytes - 1500),
        spiSpeedAndSize: generation === 'v5.3' ? 0x30 : 0x20,
      }),
    },
  });
  const uneven = GOOD.replace('ota_1,app,ota_1,,1M', 'ota_1,app,ota_1,,512K');

  it('fits, with room for more', async () => {
    expect(idsOf(layoutFindings(await withCsv(generation, GOOD, app(MEGABYTE / 2))))).toEqual([]);
  });

  it('does not fit into every slot, which ESP-IDF only warns about', async () => {
    const facts = await withCsv(generation, uneven, app(600 * 1024));
    expect(layoutFindings(facts)).toMatchObject([
      {
        id: 'layout-app-too-large',
        severity: 'error',
        range: { line: 6 },
        details: { slot: 'ota_1', slotBytes: 512 * 1024, tooSmall: 1, slots: 2 },
      },
    ]);
  });

  it('leaves less than a tenth of a slot free', async () => {
    const facts = await withCsv(generation, GOOD, app(MEGABYTE * 0.95));
    expect(layoutFindings(facts)).toMatchObject([
      { id: 'layout-app-nearly-full', severity: 'warning', details: { slot: 'ota_0', slotBytes: MEGABYTE } },
    ]);
  });

  it('was built for another flash size', async () => {
    const other = {
      files: { [`build/${name}.bin`]: makeApp({ spiSpeedAndSize: 0x10 }) },
      config: ['# CONFIG_ESPTOOLPY_FLASHSIZE_DETECT is not set'],
    };
    const found = layoutFindings(await factsOf(generation, other));
    expect(found).toMatchObject([
      {
        id: 'layout-flash-size-image',
        details: { imageBytes: 2 * MEGABYTE, file: `${name}.bin` },
        fixes: [{ id: 'build' }],
      },
    ]);
    const adjusted = { ...other, config: ['CONFIG_ESPTOOLPY_HEADER_FLASHSIZE_UPDATE=y'] };
    expect(layoutFindings(await factsOf(generation, adjusted))).toEqual([]);
  });
});

describe.each(GENERATIONS)('the board of a project of %s', (generation) => {
  it.each([
    [2, 'error'],
    [16, 'information'],
  ])('has %i MB of flash', async (megabytes, severity) => {
    const found = layoutFindings(
      await factsOf(generation, { facts: { board: { flashSizeBytes: megabytes * MEGABYTE } } }),
    );
    expect(found).toMatchObject([
      {
        id: 'layout-flash-size-board',
        severity,
        fixes: [{ options: { [`ESPTOOLPY_FLASHSIZE_${megabytes}MB`]: true } }],
      },
    ]);
  });

  it('has the table of the project, or another one that an update does not change', async () => {
    const same = await withCsv(generation, GOOD);
    const { partitions } = same.project.partitionTable;
    expect(layoutFindings({ ...same, board: { partitions } })).toEqual([]);
    const single = parsePartitionCsv(builtInTable('partitions_singleapp.csv')?.csv ?? '').partitions;
    expect(layoutFindings({ ...same, board: { partitions: single } })).toMatchObject([
      { id: 'layout-board-table', severity: 'error', details: { slots: 0 }, fixes: [{ id: 'flashFully' }] },
    ]);
    const two = parsePartitionCsv(builtInTable('partitions_two_ota.csv')?.csv ?? '').partitions;
    expect(layoutFindings({ ...same, board: { partitions: two } })).toMatchObject([
      { severity: 'warning', details: { slots: 2 } },
    ]);
  });
});
