import { describe, expect, it } from 'vitest';
import { imageFindings } from '../../../src/doctor/checks/image.ts';
import type { DoctorFacts } from '../../../src/doctor/facts.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { GENERATIONS } from '../idf/project-folder.ts';
import { makeApp, makeBootloader, withSignatureV2 } from '../../support/make-image.ts';
import { factsOf, idsOf } from './project-facts.ts';

const CHIPS = { 'v4.4': 0, 'v5.1': 5, 'v5.3': 9, 'v5.5': 0, 'v6.0': 13 } as const;
const NAMES = {
  'v4.4': 'native_ota',
  'v5.1': 'advanced_https_ota',
  'v5.3': 'simple_ota',
  'v5.5': 'simple_ota',
  'v6.0': 'simple_ota',
} as const;
const CLIENT = Buffer.from('\0esp_https_ota\0Starting OTA...\0'.padEnd(1200, '\0'));

describe.each(GENERATIONS)('the image of ESP-IDF %s', (generation) => {
  const chipId = CHIPS[generation];
  const app = (more: Parameters<typeof makeApp>[0] = {}): Buffer => makeApp({ chipId, extra: CLIENT, ...more });
  const check = async (
    image: Uint8Array | undefined,
    facts: Partial<DoctorFacts> = {},
    config: readonly string[] = [],
  ): Promise<readonly Finding[]> => {
    const files = image === undefined ? {} : { [`build/${NAMES[generation]}.bin`]: image };
    return imageFindings(await factsOf(generation, { files, config, facts }));
  };

  it('is in order', async () => {
    expect(await check(app())).toEqual([]);
  });

  it('is not built yet', async () => {
    expect(await check(undefined)).toMatchObject([
      { id: 'image-missing', severity: 'information', fixes: [{ command: 'buildFirmware' }] },
    ]);
  });

  it('is not built yet, and the sources have nothing that updates', async () => {
    const facts = await factsOf(generation, { files: { 'main/main.c': 'void app_main(void) {}\n' } });
    expect(idsOf(imageFindings(facts))).toEqual(['image-missing', 'image-no-update-client']);
  });

  it.each([
    ['a bootloader', makeBootloader(0), 'bootloader'],
    ['a web page', Buffer.from('<!DOCTYPE html><html></html>'), 'html'],
    ['nothing', Buffer.alloc(0), 'empty'],
    ['erased flash', Buffer.alloc(4096, 0xff), 'erased'],
    ['something encrypted', Buffer.concat([Buffer.from('0788b6cf', 'hex'), Buffer.alloc(4096, 7)]), undefined],
  ])('is %s instead of an application', async (_, bytes, kind) => {
    const [found] = await check(bytes);
    expect(found).toMatchObject({ id: 'image-not-an-app', ...(kind === undefined ? {} : { details: { kind } }) });
    expect(found?.path).toContain(NAMES[generation]);
  });

  it('is damaged or cut', async () => {
    const flipped = app();
    flipped.writeUInt8(flipped.readUInt8(900) ^ 1, 900);
    expect(idsOf(await check(flipped))).toEqual(['image-damaged', 'image-damaged']);
    expect(idsOf(await check(app().subarray(0, 1800)))).toEqual(['image-damaged']);
    expect(idsOf(await check(app().subarray(0, 600)))).toEqual(['image-too-short', 'image-damaged']);
  });

  it('is for another chip than the project or the board', async () => {
    expect(await check(app({ chipId: 16 }))).toMatchObject([
      { id: 'image-wrong-chip', details: { found: 'ESP32-H2' } },
    ]);
    expect(idsOf(await check(app(), { board: { chip: 'esp32h21' } }))).toEqual(['image-wrong-chip']);
  });

  it('is for another revision of the chip', async () => {
    const image = app({ minRevision: 300 });
    expect(await check(image, { board: { chipRevision: 100 } })).toMatchObject([
      { id: 'image-chip-revision', details: { minimum: 300, maximum: 0, revision: 100 } },
    ]);
    expect(await check(image, { board: { chipRevision: 301 } })).toEqual([]);
  });

  it('is not signed although the device asks for it, or its signature does not fit', async () => {
    const required = ['CONFIG_SECURE_SIGNED_ON_UPDATE_NO_SECURE_BOOT=y'];
    expect(idsOf(await check(app(), {}, required))).toEqual(['image-unsigned']);
    expect(await check(withSignatureV2(app()), {}, required)).toEqual([]);
    const broken = withSignatureV2(app());
    broken.writeUInt8(broken.readUInt8(broken.length - 4096 + 10) ^ 1, broken.length - 4096 + 10);
    expect(await check(broken, {}, required)).toMatchObject([{ id: 'image-signature', severity: 'error' }]);
    expect(await check(broken)).toMatchObject([{ id: 'image-signature', severity: 'warning' }]);
  });

  it('has a lower secure version than the board asks for', async () => {
    const anti = ['CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=y'];
    const board = { secureVersion: 2 };
    expect(idsOf(await check(app({ secureVersion: 1 }), { board }, anti))).toEqual(['image-secure-version']);
    expect(await check(app({ secureVersion: 2 }), { board }, anti)).toEqual([]);
    expect(await check(app({ secureVersion: 1 }), { board })).toEqual([]);
  });

  it('would leave the board without any way to update it again', async () => {
    const main = { 'main/main.c': 'void app_main(void) {}\n', [`build/${NAMES[generation]}.bin`]: makeApp({ chipId }) };
    expect(imageFindings(await factsOf(generation, { files: main }))).toMatchObject([
      { id: 'image-no-update-client', severity: 'warning', fixes: [{ command: 'setUpForOta' }] },
    ]);
    expect(imageFindings(await factsOf(generation, { files: main, config: ['CONFIG_LOG_MAXIMUM_LEVEL=0'] }))).toEqual(
      [],
    );
  });
});

it('uses another SPI mode than what runs, which firmware compares from ESP-IDF 6.1 on', async () => {
  const image = makeApp({ chipId: 13, extra: CLIENT, spiFlashMode: 2 });
  const config = ['CONFIG_IDF_INIT_VERSION="6.1.0"'];
  const check = async (idf: string, more: readonly string[] = []) => {
    const facts = await factsOf('v6.0', { files: { 'build/simple_ota.bin': image }, config: [...config, ...more] });
    const project = { ...facts.project, idfVersion: { major: 6, minor: Number(idf), patch: 0, text: `6.${idf}` } };
    return idsOf(imageFindings({ ...facts, project, board: { spiFlashMode: 0 } }));
  };
  expect(await check('1')).toEqual(['image-spi-mode']);
  expect(await check('0')).toEqual([]);
  expect(await check('1', ['# CONFIG_ESP_HTTPS_OTA_VERIFY_SPI_MODE is not set'])).toEqual([]);
});
