import { OtaError } from '../base/ota-error.ts';
import type { Clock } from '../base/clock.ts';
import { formatPortAddress, parsePortAddress } from './port-address.ts';
import type { LeaseRequest, PortLease, PortLeases } from './port-lease.ts';
import { usbIdentityOf } from './ports.ts';
import { openRfc2217 } from './rfc2217-transport.ts';
import type { LineBinding, OpenOptions, SerialTransport } from './serial-transport.ts';
import { openTcp } from './tcp-transport.ts';
import { openUsb } from './usb-transport.ts';

export interface OpenPortOptions extends OpenOptions {
  /** The ports of this process, by the name after `virtual://`. */
  readonly virtual?: (name: string) => LineBinding | undefined;
  readonly clock?: Clock;
}

/** Opens a port of any kind by its address. Take a lease first, or use {@link openLeasedPort}.
 * @throws {OtaError} `serial.*`, `cancelled` */
export async function openPort(text: string, options: OpenPortOptions = {}): Promise<SerialTransport> {
  const parsed = parsePortAddress(text);
  const address = formatPortAddress(parsed);
  const { signal, clock } = options;
  const remote = { address, signal, ...(clock === undefined ? {} : { clock }) };
  switch (parsed.kind) {
    case 'device': {
      const usb = options.usb ?? (await usbIdentityOf(parsed.path));
      return openUsb(parsed.path, usb === undefined ? options : { ...options, usb });
    }
    case 'virtual': {
      const binding = options.virtual?.(parsed.name);
      if (binding === undefined) throw new OtaError('serial.noSuchPort', { address });
      return openUsb(parsed.name, { ...options, binding, address });
    }
    case 'socket':
      return openTcp({ host: parsed.host, port: parsed.port, ...remote }, options);
    case 'rfc2217':
      return openRfc2217(
        { host: parsed.host, port: parsed.port, ...remote },
        { ...options, ignoresSetControl: parsed.ignoresSetControl },
      );
  }
}

/** An open port together with the right to it. */
export interface LeasedPort {
  readonly transport: SerialTransport;
  readonly lease: PortLease;
  /** Closes the port, then releases the lease. Never rejects. */
  close(): Promise<void>;
}

/** Takes the lease, opens the port, and lets go of both together: when opening fails, when the port is closed by anybody, when the cable is
 * pulled. A holder that yields keeps its lease: it closes by itself and opens again with {@link openPort}.
 * @throws {OtaError} `serial.*`, `cancelled` */
export async function openLeasedPort(
  leases: PortLeases,
  address: string,
  request: LeaseRequest,
  options: OpenPortOptions = {},
): Promise<LeasedPort> {
  const lease = await leases.acquire(address, request);
  try {
    const { signal = request.signal } = options;
    const transport = await openPort(address, signal === undefined ? options : { ...options, signal });
    transport.onClosed(() => {
      if (lease.isHeld && request.onYield === undefined) void lease.release();
    });
    return {
      transport,
      lease,
      close: async () => {
        await transport.close();
        await lease.release();
      },
    };
  } catch (error) {
    await lease.release();
    throw error;
  }
}
