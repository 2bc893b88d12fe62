/* Says hello and restarts after a while.
 *
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "esp_chip_info.h"
#include "esp_flash.h"
#include "esp_system.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"
#include "sdkconfig.h"

void app_main(void)
{
    printf("Hello world!\n");

    esp_chip_info_t chip;
    esp_chip_info(&chip);
    printf("This is %s chip with %d CPU core(s), silicon revision v%d.%d\n", CONFIG_IDF_TARGET, chip.cores,
           chip.revision / 100, chip.revision % 100);

    uint32_t flash_bytes;
    if (esp_flash_get_size(NULL, &flash_bytes) == ESP_OK) {
        printf("%" PRIu32 " MB of flash\n", flash_bytes / (1024 * 1024));
    }

    for (int seconds = 10; seconds > 0; seconds--) {
        printf("Restarting in %d seconds...\n", seconds);
        vTaskDelay(pdMS_TO_TICKS(1000));
    }
    printf("Restarting now.\n");
    fflush(stdout);
    esp_restart();
}
