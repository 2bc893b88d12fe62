import type { UsbIdentity } from './serial-transport.ts';

/** How a board on this bridge or chip is reset into its loader. */
export type ResetKind =
  | 'classic'
  /** Forced RTS/CTS flow control: DTR has to stay asserted while talking to the loader. */
  | 'classicKeepDtr'
  | 'usbSerialJtag';

export interface KnownUsb {
  readonly vendorId: number;
  readonly productId: number;
  /** The part's name, not translated. */
  readonly name: string;
  readonly reset: ResetKind;
  /** An Espressif chip itself or Espressif's own bridge. */
  readonly isEspressif?: boolean;
  /** The bridge's interface that has the UART, where it has several. */
  readonly uartInterface?: number;
}

export const VENDOR_ESPRESSIF = 0x303a;
export const VENDOR_FTDI = 0x0403;
export const VENDOR_SILICON_LABS = 0x10c4;

/** Bridges and chips found on ESP32 boards.
 * @see esptool v5.3 `esptool/loader.py`, `reset.py`; ESP-IDF extension `idf.usbSerialPortFilters` */
export const KNOWN_USB: readonly KnownUsb[] = [
  { vendorId: VENDOR_SILICON_LABS, productId: 0xea60, name: 'CP2102', reset: 'classic' },
  { vendorId: VENDOR_SILICON_LABS, productId: 0xea64, name: 'CP2102C', reset: 'classicKeepDtr' },
  { vendorId: VENDOR_SILICON_LABS, productId: 0xea70, name: 'CP2105', reset: 'classic' },
  { vendorId: VENDOR_SILICON_LABS, productId: 0xea71, name: 'CP2108', reset: 'classic' },
  { vendorId: 0x1a86, productId: 0x7523, name: 'CH340', reset: 'classic' },
  { vendorId: 0x1a86, productId: 0x7522, name: 'CH340K', reset: 'classic' },
  { vendorId: 0x1a86, productId: 0x5523, name: 'CH341', reset: 'classic' },
  { vendorId: 0x1a86, productId: 0x55d4, name: 'CH9102F', reset: 'classic' },
  { vendorId: 0x1a86, productId: 0x55d3, name: 'CH343', reset: 'classic' },
  { vendorId: VENDOR_FTDI, productId: 0x6001, name: 'FT232R', reset: 'classic' },
  // ESP-Prog and ESP-WROVER-KIT: port A is JTAG, port B the UART
  { vendorId: VENDOR_FTDI, productId: 0x6010, name: 'FT2232H', reset: 'classic', uartInterface: 1 },
  { vendorId: VENDOR_FTDI, productId: 0x6011, name: 'FT4232H', reset: 'classic' },
  { vendorId: VENDOR_FTDI, productId: 0x6014, name: 'FT232H', reset: 'classic' },
  { vendorId: VENDOR_FTDI, productId: 0x6015, name: 'FT230X', reset: 'classic' },
  { vendorId: 0x067b, productId: 0x2303, name: 'PL2303', reset: 'classic' },
  { vendorId: 0x067b, productId: 0x23a3, name: 'PL2303GC', reset: 'classic' },
  {
    vendorId: VENDOR_ESPRESSIF,
    productId: 0x1001,
    name: 'USB-Serial/JTAG',
    reset: 'usbSerialJtag',
    isEspressif: true,
  },
  { vendorId: VENDOR_ESPRESSIF, productId: 0x1002, name: 'ESP USB Bridge', reset: 'classic', isEspressif: true },
  { vendorId: VENDOR_ESPRESSIF, productId: 0x0002, name: 'ESP32-S2 USB-OTG', reset: 'classic', isEspressif: true },
  { vendorId: VENDOR_ESPRESSIF, productId: 0x0009, name: 'ESP32-S3 USB-OTG', reset: 'classic', isEspressif: true },
  { vendorId: VENDOR_ESPRESSIF, productId: 0x0012, name: 'ESP32-P4 USB-OTG', reset: 'classic', isEspressif: true },
  { vendorId: VENDOR_ESPRESSIF, productId: 0x4001, name: 'ESP TinyUSB', reset: 'classic', isEspressif: true },
];

export function knownUsb(usb: UsbIdentity | undefined): KnownUsb | undefined {
  if (usb === undefined) return undefined;
  return KNOWN_USB.find((known) => known.vendorId === usb.vendorId && known.productId === usb.productId);
}

/** `10c4:ea60` */
export function formatUsbIds(usb: UsbIdentity): string {
  return `${hex4(usb.vendorId)}:${hex4(usb.productId)}`;
}

/** Four lower-case hexadecimal digits. */
export function hex4(id: number): string {
  return id.toString(16).padStart(4, '0');
}

/** Reads the hexadecimal text of a descriptor field, of any case and with or without `0x`. */
export function parseUsbId(text: string | undefined): number | undefined {
  return text !== undefined && /^(?:0x)?[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}
