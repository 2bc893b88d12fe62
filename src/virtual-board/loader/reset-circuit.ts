import type { ModemLines } from '../../serial/serial-transport.ts';

/** What hangs on DTR and RTS: the two transistors of a development board, or the USB peripheral inside the chip. */
export type ResetKind = 'classic' | 'usbSerialJtag';

/** The chip's pins; `true` is high. */
export interface Pins {
  /** Low keeps the chip in reset. */
  readonly en: boolean;
  /** Low at the end of a reset means download mode. */
  readonly io0: boolean;
}

/** Two cross-coupled transistors: either line alone pulls its pin low, both together do nothing.
 * @see esptool documentation, "Automatic Bootloader"; schematic of the ESP32-DevKitC */
export function classicPins({ dtr, rts }: ModemLines): Pins {
  return { en: !(rts && !dtr), io0: !(dtr && !rts) };
}

/** What the USB-Serial/JTAG peripheral makes of its control lines. It resets the core only, and does not look at the pins again.
 * @see ESP32-C3 Technical Reference Manual v1.1, table "Reset SoC into Download Mode" */
export function usbSerialJtagAction({
  dtr,
  rts,
}: ModemLines): 'clearDownloadFlag' | 'setDownloadFlag' | 'reset' | 'nothing' {
  if (rts) return dtr ? 'nothing' : 'reset';
  return dtr ? 'setDownloadFlag' : 'clearDownloadFlag';
}
