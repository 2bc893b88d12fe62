import { isIdfAtLeast, type IdfVersion } from '../../idf/idf-version.ts';

/** What the update code of a project is to be like. */
export interface ClientRequest {
  readonly protocol: 'https' | 'http';
  /** The project has no network of its own: the code connects with what ESP-IDF's examples connect with. */
  readonly connects: boolean;
  readonly idfVersion?: IdfVersion | undefined;
  /** Name in C of the embedded certificate: `ca_cert_pem` for `ca_cert.pem`. */
  readonly certificateName: string;
}

export const CLIENT_HEADER = 'ota_update.h';
export const CLIENT_SOURCE = 'ota_update.c';
export const CLIENT_CALL = 'ota_update_run';
/** Kconfig symbol of the URL, without `CONFIG_`. */
export const CLIENT_URL_SYMBOL = 'OTA_UPDATE_URL';
/** Where `example_connect()` comes from, as CMake has it. */
export const CONNECT_COMPONENT = '$ENV{IDF_PATH}/examples/common_components/protocol_examples_common';

/** Components that the code needs beyond those that every component has.
 * @see ESP-IDF v5.5 `examples/system/ota/simple_ota_example/main/CMakeLists.txt`, v5.0 migration guide (`esp_app_format` is new) */
export function clientComponents({ connects, idfVersion }: ClientRequest): readonly string[] {
  return [
    'app_update',
    ...(isIdfAtLeast(idfVersion, 5, 0) ? ['esp_app_format'] : []),
    ...(connects ? ['esp_event'] : []),
    'esp_http_client',
    'esp_https_ota',
    ...(connects ? ['esp_netif', 'nvs_flash', 'protocol_examples_common'] : []),
  ];
}

/** `main/ota_update.h` */
export function clientHeader({ connects }: ClientRequest): string {
  const what = connects
    ? `/* Connects to the network, marks the running application as working, and asks the server for another version: installs it and restarts, or
 * returns after the try. */`
    : `/* To be called once the network is up. Marks the running application as working, and asks the server for another version: installs it and
 * restarts, or returns after the try. */`;
  return `#pragma once

#ifdef __cplusplus
extern "C" {
#endif

${what}
void ${CLIENT_CALL}(void);

#ifdef __cplusplus
}
#endif
`;
}

/** `main/ota_update.c`: the same text for ESP-IDF 4.4 to 6.x. The messages are those of Espressif's examples, which tools know. */
export function clientSource({ protocol, connects, certificateName }: ClientRequest): string {
  const isSecure = protocol === 'https';
  const headers = [
    ...(connects ? ['esp_event.h'] : []),
    'esp_http_client.h',
    'esp_https_ota.h',
    'esp_idf_version.h',
    'esp_log.h',
    ...(connects ? ['esp_netif.h'] : []),
    'esp_ota_ops.h',
    'esp_system.h',
    'freertos/FreeRTOS.h',
    'freertos/task.h',
    ...(connects ? ['nvs_flash.h', 'protocol_examples_common.h'] : []),
    'sdkconfig.h',
  ];
  return [
    `#include "${CLIENT_HEADER}"

#include <stdbool.h>
#include <string.h>

${headers.map((header) => `#include "${header}"`).join('\n')}
#if ESP_IDF_VERSION >= ESP_IDF_VERSION_VAL(5, 0, 0)
#include "esp_app_desc.h"
#else
#define esp_app_get_description esp_ota_get_app_description
#endif

static const char *TAG = "ota_update";
`,
    isSecure
      ? `/* the certificate that the server is checked with, embedded by EMBED_TXTFILES with a NUL behind it */
extern const char server_cert_pem[] asm("_binary_${certificateName}_start");
`
      : '',
    ...(connects ? [CONNECT] : []),
    CONFIRM,
    IS_WANTED,
    download(isSecure),
    task(connects),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

const CONNECT = `static bool connect_network(void)
{
    esp_err_t err = nvs_flash_init();
    if (err == ESP_ERR_NVS_NO_FREE_PAGES || err == ESP_ERR_NVS_NEW_VERSION_FOUND) {
        ESP_ERROR_CHECK(nvs_flash_erase());
        err = nvs_flash_init();
    }
    ESP_ERROR_CHECK(err);
    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    return example_connect() == ESP_OK;
}
`;

const CONFIRM = `/* An application that reaches the network can be updated again, so it is good. Without this call, with rollback enabled, the next reset brings
 * the previous version back. */
static void confirm_running_app(void)
{
#ifdef CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
    esp_ota_img_states_t state;
    if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) == ESP_OK
        && state == ESP_OTA_IMG_PENDING_VERIFY && esp_ota_mark_app_valid_cancel_rollback() == ESP_OK) {
        ESP_LOGI(TAG, "App is valid, rollback cancelled successfully");
    }
#endif
}
`;

const IS_WANTED = `static bool is_wanted(const esp_app_desc_t *offered)
{
    const esp_app_desc_t *running = esp_app_get_description();
    ESP_LOGI(TAG, "Running firmware version: %s", running->version);
    ESP_LOGI(TAG, "New firmware version: %s", offered->version);
    if (strncmp(offered->version, running->version, sizeof(offered->version)) == 0) {
        ESP_LOGW(TAG, "Current running version is the same as a new. We will not continue the update.");
        return false;
    }
    return true;
}
`;

function download(isSecure: boolean): string {
  const certificate = isSecure ? '\n        .cert_pem = server_cert_pem,' : '';
  return `static esp_err_t download(const char *url)
{
    esp_http_client_config_t http = {
        .url = url,${certificate}
        .timeout_ms = 10000,
        .keep_alive_enable = true,
    };
    esp_https_ota_config_t ota = {.http_config = &http};
    esp_https_ota_handle_t handle = NULL;

    ESP_LOGI(TAG, "Attempting to download update from %s", url);
    esp_err_t err = esp_https_ota_begin(&ota, &handle);
    if (err != ESP_OK) {
        return err;
    }
    esp_app_desc_t offered;
    err = esp_https_ota_get_img_desc(handle, &offered);
    if (err != ESP_OK) {
        ESP_LOGE(TAG, "esp_https_ota_get_img_desc failed");
    } else if (!is_wanted(&offered)) {
        err = ESP_ERR_INVALID_VERSION;
    } else {
        do {
            err = esp_https_ota_perform(handle);
        } while (err == ESP_ERR_HTTPS_OTA_IN_PROGRESS);
        if (err == ESP_OK && !esp_https_ota_is_complete_data_received(handle)) {
            ESP_LOGE(TAG, "Complete data was not received.");
            err = ESP_ERR_INVALID_SIZE;
        }
    }
    if (err != ESP_OK) {
        esp_https_ota_abort(handle);
        return err;
    }
    return esp_https_ota_finish(handle);
}
`;
}

function task(connects: boolean): string {
  const body = connects
    ? `    if (connect_network()) {
        confirm_running_app();
        update();
    } else {
        ESP_LOGE(TAG, "No network, no update");
    }`
    : `    confirm_running_app();
    update();`;
  return `static void update(void)
{
    esp_err_t err = download(CONFIG_${CLIENT_URL_SYMBOL});
    if (err == ESP_OK) {
        ESP_LOGI(TAG, "OTA Succeed, Rebooting...");
        esp_restart();
    }
    if (err != ESP_ERR_INVALID_VERSION) {
        ESP_LOGE(TAG, "Firmware upgrade failed: %s", esp_err_to_name(err));
    }
}

static void update_task(void *caller)
{
${body}
    xTaskNotifyGive((TaskHandle_t)caller);
    vTaskDelete(NULL);
}

void ${CLIENT_CALL}(void)
{
    /* TLS needs more stack than the main task has */
    if (xTaskCreate(update_task, "ota_update", 8192, xTaskGetCurrentTaskHandle(), 5, NULL) == pdPASS) {
        ulTaskNotifyTake(pdTRUE, portMAX_DELAY);
    }
}
`;
}

/** A menu for `main/Kconfig.projbuild`. */
export const CLIENT_KCONFIG = `menu "Over-the-air update"

    config ${CLIENT_URL_SYMBOL}
        string "URL of the firmware"
        default ""
        help
            Where the application looks for another version of itself. ESP32 OTA offers the right value with "Copy Firmware URL".

endmenu
`;
