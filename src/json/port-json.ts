import type { PortEntry } from '../serial/ports.ts';
import { hex4 } from '../serial/usb-identities.ts';

/** A serial port of this computer. */
export function portJson({ address, name, usb, isLikelyBoard, interfaceNumber }: PortEntry) {
  return {
    port: address,
    name,
    isLikelyBoard,
    ...(interfaceNumber === undefined ? {} : { interfaceNumber }),
    ...(usb === undefined ? {} : { usb: { ...usb, vendorId: hex4(usb.vendorId), productId: hex4(usb.productId) } }),
  };
}
