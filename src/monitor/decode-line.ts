import type { DecodedFrame } from './decode-crash.ts';
import type { AddressIndex } from './elf/address-index.ts';
import { insideOfCall, isReturnAddress } from './return-address.ts';

/** More addresses than a line of a stack dump or a backtrace has. */
const MOST_ADDRESSES = 64;
const LONGEST_LINE = 4096;
const STACK_LINE = /^[0-9a-f]{8}: /;
const ADDRESS = /([A-Z][A-Z0-9/]* *: )?\b0x([0-9a-f]{8})\b/gi;

/** What the code addresses of one line of the console stand for, in their order; those without code in the ELF file are left out. Names of
 * registers tell how an address is meant: `RA` is returned to, so the call is before it. Of a dump of a RISC-V stack, only what follows a
 * call is taken, as a guess. All others are taken as printed.
 * @see esp-idf-monitor, "Automatic Address Decoding" */
export function decodeLine(text: string, index: AddressIndex): readonly DecodedFrame[] {
  const found: DecodedFrame[] = [];
  if (text.length > LONGEST_LINE || !text.includes('0x')) return found;
  const isBacktrace = text.startsWith('Backtrace:');
  const isStack = STACK_LINE.test(text);
  const { elf } = index;
  let isFirst = true;
  for (const [, register = '', digits = ''] of text.matchAll(ADDRESS)) {
    if (found.length === MOST_ADDRESSES) break;
    const address = Number.parseInt(digits, 16);
    const isRa = register.startsWith('RA ');
    const isCaller = elf.isRiscV && (isRa || isStack || (isBacktrace && !isFirst));
    isFirst = false;
    if (isStack && !isReturnAddress(index, address)) continue;
    const frames = index.lookup(isCaller ? insideOfCall(index, address) : address);
    if (frames.length === 0) continue;
    const from = isBacktrace ? 'backtrace' : isStack ? 'stack' : isRa ? 'ra' : 'pc';
    found.push({ address, from, isGuess: isStack, frames });
  }
  return found;
}
