/** `esp_err_t` values the OTA path can return.
 * @see ESP-IDF v5.5 docs, "Error Codes Reference" */
export const ESP_OK = 0;
export const ESP_FAIL = -1;

const NAMES = {
  ESP_ERR_NO_MEM: 0x101,
  ESP_ERR_INVALID_ARG: 0x102,
  ESP_ERR_INVALID_STATE: 0x103,
  ESP_ERR_INVALID_SIZE: 0x104,
  ESP_ERR_NOT_FOUND: 0x105,
  ESP_ERR_NOT_SUPPORTED: 0x106,
  ESP_ERR_INVALID_VERSION: 0x10a,
  ESP_ERR_OTA_PARTITION_CONFLICT: 0x1501,
  ESP_ERR_OTA_VALIDATE_FAILED: 0x1503,
  ESP_ERR_OTA_SMALL_SEC_VER: 0x1504,
  ESP_ERR_OTA_ROLLBACK_FAILED: 0x1505,
  ESP_ERR_OTA_ROLLBACK_INVALID_STATE: 0x1506,
  ESP_ERR_OTA_SPI_MODE_MISMATCH: 0x1508,
  ESP_ERR_HTTP_MAX_REDIRECT: 0x7001,
  ESP_ERR_HTTP_CONNECT: 0x7002,
  ESP_ERR_HTTP_FETCH_HEADER: 0x7004,
  ESP_ERR_HTTP_EAGAIN: 0x7007,
  ESP_ERR_HTTP_CONNECTION_CLOSED: 0x7008,
  ESP_ERR_HTTP_NOT_MODIFIED: 0x7009,
  ESP_ERR_HTTP_RANGE_NOT_SATISFIABLE: 0x700a,
  ESP_ERR_HTTP_REDIRECT_DOWNGRADE: 0x700d,
} as const;

export type EspErrName = keyof typeof NAMES;

export function espErr(name: EspErrName): number {
  return NAMES[name];
}

/** `esp_err_to_name`. */
export function espErrName(value: number): string {
  if (value === ESP_OK) return 'ESP_OK';
  if (value === ESP_FAIL) return 'ESP_FAIL';
  return Object.entries(NAMES).find(([, code]) => code === value)?.[0] ?? 'UNKNOWN ERROR';
}

/** As `%x` prints an `int`. */
export function hexErr(value: number): string {
  return (value >>> 0).toString(16);
}
