import { describe, expect, it } from 'vitest';
import { behaviourFindings } from '../../../src/doctor/checks/behaviour.ts';
import { GENERATIONS } from '../idf/project-folder.ts';
import { makeApp, makeBootloader } from '../../support/make-image.ts';
import { factsOf, idsOf } from './project-facts.ts';

const NET = 'CONFIG_EXAMPLE_WIFI_SSID="workshop"';
const CONFIRMS = 'void app_main(void) { esp_https_ota(&ota); esp_ota_mark_app_valid_cancel_rollback(); }\n';
const FORGETS = 'void app_main(void) { esp_https_ota(&ota); }\n';
const ROLLBACK = 'CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y';

describe.each(GENERATIONS)('ESP-IDF %s', (generation) => {
  const check = async (options: Parameters<typeof factsOf>[1] = {}) =>
    behaviourFindings(
      await factsOf(generation, {
        ...options,
        config: [NET, '# CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE is not set', ...(options.config ?? [])],
      }),
    );

  it('says nothing about a project in order', async () => {
    expect(await check()).toEqual([]);
    const facts = await factsOf(generation, {
      config: [NET, ROLLBACK],
      files: { 'main/main.c': CONFIRMS, 'build/config/sdkconfig.json': '{"BOOTLOADER_APP_ROLLBACK_ENABLE": true}' },
    });
    expect(behaviourFindings(facts)).toEqual([]);
  });

  it('finds that nothing confirms a new version', async () => {
    const [found] = await check({ config: [ROLLBACK], files: { 'main/main.c': FORGETS } });
    expect(found).toMatchObject({
      id: 'behaviour-never-confirms',
      severity: 'warning',
      fixes: [{ kind: 'setOptions', options: { BOOTLOADER_APP_ROLLBACK_ENABLE: false } }],
    });
    expect(found?.path).toMatch(/sdkconfig$/);
    expect(found?.range?.line).toBeGreaterThan(1);
  });

  it('finds rollback in the application only, and in the bootloader only', async () => {
    const bootloader = { 'build/bootloader/bootloader.bin': makeBootloader(), 'main/main.c': CONFIRMS };
    const built = (isOn: boolean) => ({
      ...bootloader,
      'build/bootloader/config/sdkconfig.json': JSON.stringify({ BOOTLOADER_APP_ROLLBACK_ENABLE: isOn }),
    });
    expect(idsOf(await check({ config: [ROLLBACK], files: built(false) }))).toEqual(['behaviour-rollback-only-app']);
    expect(idsOf(await check({ files: built(true) }))).toEqual(['behaviour-rollback-only-bootloader']);
    expect(await check({ config: [ROLLBACK], files: built(true) })).toEqual([]);
    // without a build of its own, that of the whole
    const whole = { ...bootloader, 'build/config/sdkconfig.json': '{"BOOTLOADER_APP_ROLLBACK_ENABLE": false}' };
    expect(idsOf(await check({ config: [ROLLBACK], files: whole }))).toEqual(['behaviour-rollback-only-app']);
    expect(
      idsOf(await check({ config: [ROLLBACK], files: { ...whole, 'build/bootloader/config/sdkconfig.json': '[' } })),
    ).toEqual(['behaviour-rollback-only-app']);
  });

  it('finds the Wi-Fi of the example, unless it is asked for', async () => {
    expect(idsOf(await check({ config: ['CONFIG_EXAMPLE_WIFI_SSID="myssid"'] }))).toEqual([
      'behaviour-wifi-placeholder',
    ]);
    expect(
      await check({ config: ['CONFIG_EXAMPLE_WIFI_SSID="myssid"', 'CONFIG_EXAMPLE_WIFI_SSID_PWD_FROM_STDIN=y'] }),
    ).toEqual([]);
    expect(
      await check({ config: ['CONFIG_EXAMPLE_WIFI_SSID="myssid"', '# CONFIG_EXAMPLE_CONNECT_WIFI is not set'] }),
    ).toEqual([]);
  });

  it('finds a timeout that is short for a large image', async () => {
    const name = {
      'v4.4': 'native_ota',
      'v5.1': 'advanced_https_ota',
      'v5.3': 'simple_ota',
      'v5.5': 'simple_ota',
      'v6.0': 'simple_ota',
    }[generation];
    const large = { [`build/${name}.bin`]: makeApp({ extra: Buffer.alloc(0x9_0000) }) };
    const config = ['CONFIG_EXAMPLE_OTA_RECV_TIMEOUT=2000'];
    const { project } = await factsOf(generation, { files: large });
    expect(project.app, 'the image of the fixture').toBeDefined();
    expect(idsOf(await check({ config, files: large }))).toEqual(['behaviour-short-timeout']);
    expect(await check({ config, files: { [`build/${name}.bin`]: makeApp() } })).toEqual([]);
    expect(await check({ config: ['CONFIG_EXAMPLE_OTA_RECV_TIMEOUT=5000'], files: large })).toEqual([]);
  });

  it('finds ranges that are asked for but not compiled in, from ESP-IDF 6.0 on', async () => {
    const wanted = ['CONFIG_EXAMPLE_ENABLE_PARTIAL_HTTP_DOWNLOAD=y'];
    expect(idsOf(await check({ config: wanted }))).toEqual(generation === 'v6.0' ? ['behaviour-partial-download'] : []);
    expect(await check({ config: [...wanted, 'CONFIG_ESP_HTTPS_OTA_ENABLE_PARTIAL_DOWNLOAD=y'] })).toEqual([]);
  });

  it('finds log levels that hide what happens', async () => {
    const app = await check({ config: ['CONFIG_LOG_DEFAULT_LEVEL_WARN=y', 'CONFIG_LOG_DEFAULT_LEVEL=2'] });
    expect(app).toMatchObject([
      { id: 'behaviour-log-level', severity: 'warning', details: { level: 2, isBootloader: false } },
    ]);
    const bootloader = await check({ config: ['CONFIG_BOOTLOADER_LOG_LEVEL_NONE=y', 'CONFIG_BOOTLOADER_LOG_LEVEL=0'] });
    expect(bootloader).toMatchObject([
      {
        severity: 'information',
        fixes: [{ options: { BOOTLOADER_LOG_LEVEL_INFO: true }, needs: ['rebuild', 'fullFlash'] }],
      },
    ]);
    expect(await check({ config: ['CONFIG_LOG_DEFAULT_LEVEL_DEBUG=y'] })).toEqual([]);
  });
});
