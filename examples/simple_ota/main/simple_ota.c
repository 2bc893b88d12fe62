/* An over-the-air update at every start: connect, look at the image on the server, install it when its version is another one.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "esp_app_desc.h"
#include "esp_event.h"
#include "esp_flash_partitions.h"
#include "esp_http_client.h"
#include "esp_https_ota.h"
#include "esp_log.h"
#include "esp_netif.h"
#include "esp_ota_ops.h"
#include "esp_partition.h"
#include "esp_system.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "nvs_flash.h"
#include "protocol_examples_common.h"

#define DIGEST_BYTES 32
#define URL_BYTES 256

static const char *TAG = "simple_ota_example";

/* server_certs/ca_cert.pem, embedded by EMBED_TXTFILES with a NUL behind it */
extern const char ca_cert_pem[] asm("_binary_ca_cert_pem_start");

static void log_digest(const char *label, const esp_partition_t *partition)
{
    uint8_t digest[DIGEST_BYTES];
    char text[2 * DIGEST_BYTES + 1];
    if (esp_partition_get_sha256(partition, digest) != ESP_OK) {
        return;
    }
    for (int at = 0; at < DIGEST_BYTES; at++) {
        snprintf(text + 2 * at, 3, "%02x", digest[at]);
    }
    ESP_LOGI(TAG, "%s %s", label, text);
}

/* The digests that stand at the end of bootloader.bin and of this application's .bin: proof of which build runs. */
static void log_digests(void)
{
    const esp_partition_t bootloader = {
        .address = ESP_BOOTLOADER_OFFSET,
        .size = ESP_PARTITION_TABLE_OFFSET - ESP_BOOTLOADER_OFFSET,
        .type = ESP_PARTITION_TYPE_APP,
    };
    log_digest("SHA-256 for bootloader: ", &bootloader);
    log_digest("SHA-256 for current firmware: ", esp_ota_get_running_partition());
}

/* Called once the network is up: an application that gets this far can be updated again, so it is good. */
static void confirm_running_app(void)
{
#ifdef CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE
    esp_ota_img_states_t state;
    if (esp_ota_get_state_partition(esp_ota_get_running_partition(), &state) != ESP_OK
        || state != ESP_OTA_IMG_PENDING_VERIFY) {
        return;
    }
    if (esp_ota_mark_app_valid_cancel_rollback() == ESP_OK) {
        ESP_LOGI(TAG, "App is valid, rollback cancelled successfully");
    } else {
        ESP_LOGE(TAG, "Failed to cancel rollback");
    }
#endif
}

static bool is_wanted(const esp_app_desc_t *offered)
{
    const esp_app_desc_t *running = esp_app_get_description();
    ESP_LOGI(TAG, "Running firmware version: %s", running->version);
    ESP_LOGI(TAG, "New firmware version: %s", offered->version);
#ifndef CONFIG_EXAMPLE_SKIP_VERSION_CHECK
    if (strncmp(offered->version, running->version, sizeof(offered->version)) == 0) {
        ESP_LOGW(TAG, "Current running version is the same as a new. We will not continue the update.");
        return false;
    }
#endif
    return true;
}

static esp_err_t download(const char *url)
{
    esp_http_client_config_t http = {
        .url = url,
        .cert_pem = ca_cert_pem,
        .timeout_ms = CONFIG_EXAMPLE_OTA_RECV_TIMEOUT,
        .keep_alive_enable = true,
#ifdef CONFIG_EXAMPLE_SKIP_COMMON_NAME_CHECK
        .skip_cert_common_name_check = true,
#endif
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

static void update_task(void *unused)
{
    ESP_LOGI(TAG, "Starting OTA example task");
    char url[URL_BYTES] = CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL;
#ifdef CONFIG_EXAMPLE_FIRMWARE_UPGRADE_URL_FROM_STDIN
    example_configure_stdin_stdout();
    if (fgets(url, sizeof(url), stdin) != NULL) {
        url[strcspn(url, "\r\n")] = '\0';
    }
#endif
    esp_err_t err = download(url);
    if (err == ESP_OK) {
        ESP_LOGI(TAG, "OTA Succeed, Rebooting...");
        esp_restart();
    }
    if (err != ESP_ERR_INVALID_VERSION) {
        ESP_LOGE(TAG, "Firmware upgrade failed");
    }
    vTaskDelete(NULL);
}

void app_main(void)
{
    ESP_LOGI(TAG, "OTA example app_main start");
    esp_err_t err = nvs_flash_init();
    if (err == ESP_ERR_NVS_NO_FREE_PAGES || err == ESP_ERR_NVS_NEW_VERSION_FOUND) {
        ESP_ERROR_CHECK(nvs_flash_erase());
        err = nvs_flash_init();
    }
    ESP_ERROR_CHECK(err);
    log_digests();

    ESP_ERROR_CHECK(esp_netif_init());
    ESP_ERROR_CHECK(esp_event_loop_create_default());
    ESP_ERROR_CHECK(example_connect());
    confirm_running_app();

    xTaskCreate(update_task, "ota_example_task", 8192, NULL, 5, NULL);
}
