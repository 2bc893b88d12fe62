import { OtaError } from '../base/ota-error.ts';
import { findHolder, permissionOf } from './device-facts.ts';
import type { UsbIdentity } from './serial-transport.ts';
import { messageOf, openCause } from './system-errors.ts';
import { hex4 } from './usb-identities.ts';

/** What was being opened when it failed. */
export interface OpenAttempt {
  readonly address: string;
  readonly device: string;
  readonly baud: number;
  readonly usb: UsbIdentity | undefined;
}

/** The coded error for the native module's text, with what the system tells about the cause. */
export async function openError(error: unknown, attempt: OpenAttempt): Promise<OtaError> {
  const { address, device, baud, usb } = attempt;
  const reason = messageOf(error);
  const options = { cause: error };
  switch (openCause(reason, device)) {
    case 'busy': {
      const holder = await findHolder(device);
      return new OtaError('serial.busy', { address, holder: holder?.name ?? '', holderPid: holder?.pid ?? 0 }, options);
    }
    case 'noPermission':
      return new OtaError(
        'serial.noPermission',
        {
          address,
          ...(await permissionOf(device)),
          vendorId: usb === undefined ? '' : hex4(usb.vendorId),
          productId: usb === undefined ? '' : hex4(usb.productId),
        },
        options,
      );
    case 'noSuchPort':
      return new OtaError('serial.noSuchPort', { address }, options);
    case 'notASerialDevice':
      return new OtaError('serial.notASerialDevice', { address }, options);
    case 'unsupportedBaud':
      return new OtaError('serial.unsupportedBaud', { address, baud }, options);
    case 'gone':
      return new OtaError('serial.gone', { address, reason }, options);
    case 'other':
      return new OtaError('serial.failed', { address, reason }, options);
  }
}
