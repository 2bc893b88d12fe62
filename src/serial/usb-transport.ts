import { throwIfCancelled } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { OtaError } from '../base/ota-error.ts';
import { openError } from './open-error.ts';
import type { LineBinding, LineEnd, LineInfo, OpenOptions, SerialTransport } from './serial-transport.ts';
import { messageOf } from './system-errors.ts';
import type * as Serialport from 'serialport';
import { VENDOR_FTDI } from './usb-identities.ts';
import { UsbLine } from './usb-line.ts';

type SerialportPackage = Pick<typeof Serialport, 'SerialPort'>;

export interface UsbOptions extends OpenOptions {
  /** Stands in for the native module, which is then not loaded. */
  readonly binding?: LineBinding;
  /** What the settings call this port; default the path. */
  readonly address?: string;
  readonly platform?: NodeJS.Platform;
  readonly clock?: Clock;
}

/** The native module of `serialport`, loaded at the first use of a port.
 * @throws {OtaError} `serial.unsupportedPlatform` */
async function nativeBinding(): Promise<LineBinding> {
  try {
    // what a CommonJS package exports comes by name or as the default, as the bundle is made
    const library: Partial<SerialportPackage> & { readonly default?: SerialportPackage } = await import('serialport');
    const { SerialPort = library.default?.SerialPort } = library;
    if (SerialPort === undefined) throw new Error('serialport exports no SerialPort');
    return SerialPort.binding as LineBinding;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new OtaError(
      'serial.unsupportedPlatform',
      { platform: `${process.platform}-${process.arch}`, reason },
      { cause: error },
    );
  }
}

/** The devices the native module lists.
 * @throws {OtaError} `serial.unsupportedPlatform`, `serial.failed` */
export async function listNativePorts(): Promise<LineInfo[]> {
  const binding = await nativeBinding();
  try {
    return await binding.list();
  } catch (error) {
    throw new OtaError('serial.failed', { address: '', reason: messageOf(error) }, { cause: error });
  }
}

/** Opens a device path. Both lines are set at once after opening: the kernel opens with both asserted, and from there to any state in one
 * step neither resets a board nor holds its boot pin.
 * @throws {OtaError} `serial.busy`, `serial.noPermission`, `serial.noSuchPort`, `serial.notASerialDevice`, `serial.gone`,
 * `serial.unsupportedBaud`, `serial.unsupportedPlatform`, `serial.failed`, `cancelled` */
export async function openUsb(path: string, options: UsbOptions = {}): Promise<SerialTransport> {
  const { signal, platform = process.platform, usb, clock = systemClock } = options;
  throwIfCancelled(signal, 'open port');
  const device = platform === 'darwin' ? calloutPath(path) : path;
  const address = options.address ?? path;
  const binding = options.binding ?? (await nativeBinding());
  const baud = options.baud ?? 115_200;
  let end: LineEnd;
  try {
    // on Windows `hupcl` is what DTR becomes: left on, it would hold IO0 low for as long as the port is open
    end = await binding.open({ path: device, baudRate: baud, lock: true, hupcl: platform !== 'win32' });
  } catch (error) {
    throw await openError(error, { address, device, baud, usb });
  }
  const kind = options.binding === undefined ? 'usb' : 'virtual';
  const line = new UsbLine(end, { address, baud, usb, clock, kind, isFtdi: usb?.vendorId === VENDOR_FTDI });
  try {
    await line.start(options.lines ?? { dtr: false, rts: false });
    throwIfCancelled(signal, 'open port');
    if (kind === 'usb' && platform === 'linux') line.watchNode(device);
    return line;
  } catch (error) {
    await line.close();
    throw error instanceof OtaError ? error : await openError(error, { address, device, baud, usb });
  }
}

/** macOS lists the dial-in device of a port, whose opening waits for a carrier; the call-out one is what is meant. */
export function calloutPath(path: string): string {
  return path.replace(/^\/dev\/tty\./, '/dev/cu.');
}
