import { sleep } from '../base/abort.ts';
import type { CommandLink } from './command-link.ts';
import { QUICK_MS } from './commands.ts';
import { OP, replyData, words } from './packets.ts';

interface Watchdog {
  readonly protect: number;
  readonly config0: number;
  readonly config1: number;
}

/** The chips whose RTC watchdog restarts all of the chip, so that the boot pin is sampled anew.
 * @see ESP-IDF v5.5 components/soc/{chip}/register/soc/rtc_cntl_reg.h, lp_wdt_reg.h; esptool v5.3 `esptool/targets`, `watchdog_reset` */
const WATCHDOGS: Readonly<Record<string, Watchdog>> = {
  esp32s2: { protect: 0x3f4080ac, config0: 0x3f408094, config1: 0x3f408098 },
  esp32s3: { protect: 0x600080b0, config0: 0x60008098, config1: 0x6000809c },
  esp32c3: { protect: 0x600080a8, config0: 0x60008090, config1: 0x60008094 },
  esp32p4: { protect: 0x50116018, config0: 0x50116000, config1: 0x50116004 },
};
const KEY = 0x50d83aa1;
/** Of the slow clock: some 15 ms. */
const TICKS = 2000;
/** On, the whole chip at the first stage, reset signals of 800 ns and more. */
const ENABLE = ((1 << 31) | (5 << 28) | (1 << 8) | 2) >>> 0;
const ALL = 0xffffffff;
const BOOT_TEXT_MS = 1000;
const LOOK_MS = 20;

export function hasWatchdog(target: string): boolean {
  return Object.hasOwn(WATCHDOGS, target);
}

/** Lets the chip restart itself, for lines without DTR and RTS. True when its boot text was seen.
 * @throws {OtaError} `flash.command*`, `serial.*` */
export async function restartByWatchdog(link: CommandLink, target: string): Promise<boolean> {
  const watchdog = WATCHDOGS[target];
  if (watchdog === undefined) return false;
  const { protect, config0, config1 } = watchdog;
  const request = words(
    ...[protect, KEY, ALL, 0],
    ...[config1, TICKS, ALL, 0],
    ...[config0, ENABLE, ALL, 0],
    ...[protect, 0, ALL, 0],
  );
  link.takeText();
  replyData(OP.WRITE_REG, await link.request(OP.WRITE_REG, request, { timeoutMs: QUICK_MS }), 0);
  let text = '';
  for (let waitedMs = 0; waitedMs < BOOT_TEXT_MS; waitedMs += LOOK_MS) {
    await sleep(LOOK_MS, undefined, link.clock);
    text += link.takeText();
    if (/rst:0x|boot:0x/.test(text)) return !text.includes('waiting for download');
  }
  return false;
}
