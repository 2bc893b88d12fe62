import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createTelnetDecoder,
  encodeNegotiation,
  encodeSubnegotiation,
  escapeTelnet,
  WILL,
} from '../../../src/serial/telnet-codec.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);

/** What comes out of a stream that arrives in the given chunks, with neighbouring data joined. */
function decode(chunks: readonly Uint8Array[]): string[] {
  const events: string[] = [];
  let data: number[] = [];
  const flush = (): void => {
    if (data.length > 0) events.push(`data ${data.join(' ')}`);
    data = [];
  };
  const receive = createTelnetDecoder({
    onData: (bytes) => data.push(...bytes),
    onNegotiation: (verb, option) => {
      flush();
      events.push(`negotiate ${verb} ${option}`);
    },
    onSubnegotiation: (option, bytes) => {
      flush();
      events.push(`sub ${option}: ${bytes.join(' ')}`);
    },
  });
  for (const chunk of chunks) receive(chunk);
  flush();
  return events;
}

// data, an escaped 255, WILL 44, data, SB 44 101 00 255 194 00 SE, NOP, DONT 1, data
const STREAM = Uint8Array.from([
  1, 2, 255, 255, 3, 255, 251, 44, 4, 255, 250, 44, 101, 0, 255, 255, 194, 0, 255, 240, 255, 241, 255, 254, 1, 5, 6,
]);
const EVENTS = [
  'data 1 2 255 3',
  'negotiate 251 44',
  'data 4',
  'sub 44: 101 0 255 194 0',
  'negotiate 254 1',
  'data 5 6',
];

describe('the Telnet decoder', () => {
  it('tells data, negotiation and subnegotiation apart, in order', () => {
    expect(decode([STREAM])).toEqual(EVENTS);
  });

  it('gives the same wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= STREAM.length; cut++)
      expect(decode([STREAM.subarray(0, cut), STREAM.subarray(cut)])).toEqual(EVENTS);
  });

  it('gives the same byte by byte', () => {
    expect(decode([...STREAM].map((byte) => Uint8Array.of(byte)))).toEqual(EVENTS);
  });

  it('drops a subnegotiation without an end, in bounded memory, and goes on at the next one', () => {
    const endless = [255, 250, 44, ...new Array<number>(5000).fill(7), 255, 240];
    expect(decode([Uint8Array.from([...endless, 255, 250, 44, 9, 255, 240])])).toEqual(['sub 44: 9']);
  });

  it('takes a command inside a subnegotiation for the next thing, as its end was lost', () => {
    expect(decode([Uint8Array.of(255, 250, 44, 1, 255, 251, 3, 8)])).toEqual(['negotiate 251 3', 'data 8']);
  });

  it('does not hand out bytes that change later', () => {
    const heard: Uint8Array[] = [];
    const receive = createTelnetDecoder({
      onData: (bytes) => heard.push(bytes),
      onNegotiation: () => undefined,
      onSubnegotiation: () => undefined,
    });
    const chunk = Uint8Array.of(1, 2);
    receive(chunk);
    chunk.fill(0);
    expect(heard).toEqual([Uint8Array.of(1, 2)]);
  });

  it('accepts any bytes, in any cut', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const nasty = fc.array(fc.constantFrom(255, 250, 240, 251, 253, 44, 0, 1), { maxLength: 300 });
    fc.assert(
      fc.property(fc.oneof(bytes, nasty), fc.nat(300), (stream, cut) => {
        const all = Uint8Array.from(stream);
        expect(decode([all.subarray(0, cut), all.subarray(cut)])).toEqual(decode([all]));
      }),
      { numRuns: RUNS },
    );
  });
});

describe('the Telnet encoder', () => {
  it('doubles every 255 of the data and leaves other data alone', () => {
    const plain = Uint8Array.of(1, 2, 254);
    expect(escapeTelnet(plain)).toBe(plain);
    expect([...escapeTelnet(Uint8Array.of(255, 1, 255, 255))]).toEqual([255, 255, 1, 255, 255, 255, 255]);
  });

  it('writes negotiation and subnegotiation as RFC 855 has them', () => {
    expect([...encodeNegotiation(WILL, 44)]).toEqual([255, 251, 44]);
    expect([...encodeSubnegotiation(44, Uint8Array.of(1, 0, 255))]).toEqual([255, 250, 44, 1, 0, 255, 255, 255, 240]);
  });

  it('is undone by the decoder for any data', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        const heard: number[] = [];
        createTelnetDecoder({
          onData: (bytes) => heard.push(...bytes),
          onNegotiation: () => undefined,
          onSubnegotiation: () => undefined,
        })(escapeTelnet(data));
        expect(heard).toEqual([...data]);
      }),
      { numRuns: RUNS },
    );
  });
});
