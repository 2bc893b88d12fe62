/** How a virtual board misbehaves. All off by default; each works until it is turned off again, unless it says otherwise. */
export interface BoardKnobs {
  /** The radio link is lost after so many body bytes of a download (beacon timeout, socket error), and comes back after the failed try. Once. */
  readonly dropWifiAfterBytes?: number | undefined;
  /** The access point refuses the password: the disconnect reason (201 no AP, 202 authentication, 15 handshake) is repeated, no address ever comes. */
  readonly wifiDisconnectReason?: number | undefined;
  /** The supply fails while image byte N of an update is written to flash; the board restarts. Once. */
  readonly resetAtImageByte?: number | undefined;
  /** The new firmware never calls `esp_ota_mark_app_valid_cancel_rollback()`. */
  readonly neverConfirms?: boolean | undefined;
  /** The new firmware finds that it does not work and rolls back by itself. */
  readonly failsDiagnostics?: boolean | undefined;
  /** The new firmware panics (LoadProhibited / Load access fault) before it reaches the network: on its first boot only, or always. */
  readonly crashAfterUpdate?: 'firstBoot' | 'everyBoot' | undefined;
  /** Flash and network are drained at this rate at most, in bytes per second (a slow flash chip, a bad link). */
  readonly drainBytesPerSecond?: number | undefined;
  /** The firmware takes any server's certificate (`CONFIG_ESP_TLS_SKIP_SERVER_CERT_VERIFY`). */
  readonly trustsAnyServer?: boolean | undefined;
  /** The firmware writes otadata without looking at what it has received. */
  readonly skipsImageChecks?: boolean | undefined;
  /** What the firmware does after an update that failed: it panics, its task waits for ever, or it never asks for an update again. */
  readonly afterFailedUpdate?: 'crashes' | 'hangs' | 'givesUp' | undefined;
  /** No name can be resolved. */
  readonly failsDns?: boolean | undefined;
  /** The GPIO of `CONFIG_BOOTLOADER_FACTORY_RESET` is held at reset. */
  readonly holdsFactoryReset?: boolean | undefined;
  /** The GPIO of `CONFIG_BOOTLOADER_APP_TEST` is held at reset. */
  readonly holdsTestApp?: boolean | undefined;
}
