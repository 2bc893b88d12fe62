import './errors.ts';
import { sleep } from '../base/abort.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { CommandLink } from './command-link.ts';
import { changeBaud, QUICK_MS } from './commands.ts';
import { isLineTrouble, ROM_BAUD } from './connect.ts';
import { OP, replyData, words } from './packets.ts';

/** Tried from the wanted one downwards. */
const USUAL = [921_600, 460_800, 230_400, ROM_BAUD];
const SETTLE_MS = 20;
const PROBES = 4;
const PROBE_MS = 300;
/** Reads the same on every chip that answers, and never changes. */
const PROBE_REGISTER = 0x4000_1000;

/** The rates to try, the wanted one first.
 * @param wanted in bits per second */
export function baudLadder(wanted: number): readonly number[] {
  return [wanted, ...USUAL.filter((baud) => baud < wanted)];
}

/** Reads a register a few times over, and measures the round trip with it.
 * @throws {OtaError} `flash.commandTimeout`, `flash.commandFailed`, `serial.*`, `cancelled` */
export async function probe(link: CommandLink, signal?: AbortSignal, timeoutMs = QUICK_MS): Promise<number> {
  let fastestMs = Number.POSITIVE_INFINITY;
  let value: number | undefined;
  for (let count = 0; count < PROBES; count++) {
    const startMs = performance.now();
    const reply = await link.request(OP.READ_REG, words(PROBE_REGISTER), { timeoutMs, signal });
    replyData(OP.READ_REG, reply, 0);
    fastestMs = Math.min(fastestMs, performance.now() - startMs);
    if (value !== undefined && value !== reply.value) throw unlike();
    value = reply.value;
  }
  link.roundTripMs = fastestMs;
  return value ?? 0;
}

function unlike(): OtaError {
  return new OtaError('flash.commandFailed', { command: 'READ_REG', code: 0, meaning: 'unknown' });
}

/** Finds the fastest rate that works, from the wanted one downwards. `reconnect` brings the chip back to where it is now, at 115200; undefined when
 * the board can't be reset from here. Needs the stub: the ROM of some chips computes the rate with the wrong crystal.
 * @throws {OtaError} `flash.baudFailed`, `serial.*`, `cancelled` */
export async function raiseBaud(
  link: CommandLink,
  wanted: number,
  reconnect: (() => Promise<void>) | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const { transport } = link;
  const expected = await probe(link, signal);
  // of the line, which is the same at every rate; a reconnected link has not measured it yet
  const { roundTripMs } = link;
  for (const baud of baudLadder(wanted)) {
    if (baud === transport.baud) return;
    try {
      await changeBaud(link, baud, signal);
      await transport.setBaud(baud);
      await sleep(SETTLE_MS, signal, link.clock);
      link.clear();
      if ((await probe(link, signal, PROBE_MS + 2 * roundTripMs)) !== expected) throw unlike();
      return;
    } catch (error) {
      if (!isLineTrouble(error) && !isOtaError(error, 'serial.unsupportedBaud')) throw error;
      if (reconnect === undefined) {
        throw new OtaError('flash.baudFailed', { address: transport.address, baud }, { cause: error });
      }
      await reconnect();
    }
  }
}
