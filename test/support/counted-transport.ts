import type { SerialTransport } from '../../src/serial/serial-transport.ts';

export interface LineCount {
  toBoard: number;
  toHost: number;
}

/** A transport that counts the bytes it carries, both ways. */
export function countedTransport(transport: SerialTransport, count: LineCount): SerialTransport {
  transport.onData((bytes) => {
    count.toHost += bytes.length;
  });
  return new Proxy(transport, {
    get: (target, key) => {
      if (key === 'write') {
        return (bytes: Uint8Array) => {
          count.toBoard += bytes.length;
          return target.write(bytes);
        };
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
