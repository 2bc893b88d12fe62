/** Bytes with a meaning of their own on a Telnet connection.
 * @see RFC 854, RFC 855 */
export const IAC = 255;
export const DONT = 254;
export const DO = 253;
export const WONT = 252;
export const WILL = 251;
const SB = 250;
const SE = 240;

/** Options. @see RFC 856, RFC 857, RFC 858, RFC 2217 */
export const OPTION = { binary: 0, echo: 1, suppressGoAhead: 3, comPort: 44 } as const;

export type TelnetVerb = typeof DO | typeof DONT | typeof WILL | typeof WONT;

export interface TelnetHandlers {
  /** Bytes of the line, unescaped. */
  readonly onData: (bytes: Uint8Array) => void;
  readonly onNegotiation: (verb: TelnetVerb, option: number) => void;
  readonly onSubnegotiation: (option: number, data: Uint8Array) => void;
}

/** No subnegotiation of RFC 2217 but the signature comes near; longer ones are dropped whole. */
const MAX_SUBNEGOTIATION_BYTES = 1024;

/** Takes a Telnet stream apart, however it is cut into chunks. Any bytes are accepted: what means nothing is skipped. */
export function createTelnetDecoder(handlers: TelnetHandlers): (bytes: Uint8Array) => void {
  let state: 'data' | 'iac' | 'verb' | 'option' | 'sub' | 'subIac' = 'data';
  let verb: TelnetVerb = DO;
  let option = 0;
  let sub: number[] = [];

  const command = (byte: number): typeof state => {
    if (byte === SB) return 'option';
    if (byte < WILL || byte === IAC) return 'data'; // NOP, go-ahead and the like
    verb = byte as TelnetVerb;
    return 'verb';
  };

  const collect = (byte: number): void => {
    if (sub.length <= MAX_SUBNEGOTIATION_BYTES) sub.push(byte);
  };

  return (bytes) => {
    const out: Uint8Array[] = [];
    const flush = (): void => {
      const data = join(out.splice(0));
      if (data.length > 0) handlers.onData(data);
    };
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      switch (state) {
        case 'data': {
          const next = bytes.indexOf(IAC, at);
          const from = at;
          at = next < 0 ? bytes.length : next;
          if (at > from) out.push(bytes.slice(from, at));
          if (next >= 0) state = 'iac';
          break;
        }
        case 'iac':
          if (byte === IAC) {
            out.push(Uint8Array.of(IAC));
            state = 'data';
          } else {
            state = command(byte);
          }
          break;
        case 'verb':
          state = 'data';
          flush();
          handlers.onNegotiation(verb, byte);
          break;
        case 'option':
          option = byte;
          sub = [];
          state = 'sub';
          break;
        case 'sub':
          if (byte === IAC) state = 'subIac';
          else collect(byte);
          break;
        case 'subIac':
          if (byte === IAC) {
            collect(byte);
            state = 'sub';
          } else if (byte === SE) {
            state = 'data';
            flush();
            if (sub.length <= MAX_SUBNEGOTIATION_BYTES) handlers.onSubnegotiation(option, Uint8Array.from(sub));
          } else {
            state = command(byte); // the end was lost: what follows is a command of its own
          }
          break;
      }
    }
    flush();
  };
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const first = parts[0];
  if (parts.length === 1 && first !== undefined) return first;
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Data of the line as it goes over Telnet, every 255 doubled. The same array when there is none. */
export function escapeTelnet(bytes: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of bytes) if (byte === IAC) extra++;
  if (extra === 0) return bytes;
  const escaped = new Uint8Array(bytes.length + extra);
  let at = 0;
  for (const byte of bytes) {
    escaped[at++] = byte;
    if (byte === IAC) escaped[at++] = IAC;
  }
  return escaped;
}

export function encodeNegotiation(verb: TelnetVerb, option: number): Uint8Array {
  return Uint8Array.of(IAC, verb, option);
}

export function encodeSubnegotiation(option: number, data: Uint8Array): Uint8Array {
  return Uint8Array.of(IAC, SB, option, ...escapeTelnet(data), IAC, SE);
}
