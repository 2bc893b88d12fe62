/** Why a text is no number: not one at all, or cut by a size suffix into something that is none. */
export type PythonInteger = { readonly value: number } | { readonly text: string; readonly isCut: boolean };

const LITERAL =
  /^([+-]?)(?:0[xX](?<hex>(?:_?[0-9a-fA-F])+)|0[oO](?<oct>(?:_?[0-7])+)|0[bB](?<bin>(?:_?[01])+)|(?<dec>[1-9](?:_?[0-9])*|0(?:_?0)*))$/;
const MULTIPLIERS: Readonly<Record<string, number>> = { k: 0x400, m: 0x10_0000 };

/** What `int(text, 0)` of Python reads: decimal, 0x, 0o, 0b, a sign, underscores between digits; no leading zeros, no fractions. */
function literal(text: string): number | undefined {
  const match = LITERAL.exec(text);
  if (match === null) return undefined;
  const { hex, oct, bin, dec } = match.groups ?? {};
  const [digits, radix] =
    hex !== undefined ? [hex, 16] : oct !== undefined ? [oct, 8] : bin !== undefined ? [bin, 2] : [dec ?? '', 10];
  const value = parseInt(digits.replaceAll('_', ''), radix);
  return match[1] === '-' ? -value : value;
}

/** A number of a partition CSV: a Python integer with any of the suffixes k, K (1024), m, M (1048576), which may follow hex digits and
 * each other. Values beyond 2^53 lose precision, which no field has room for.
 * @see ESP-IDF v6.0 `gen_esp32part.py`, `parse_int` */
export function parsePythonInteger(text: string): PythonInteger {
  let rest = text.trim();
  let multiplier = 1;
  let isCut = false;
  for (;;) {
    const factor = MULTIPLIERS[rest.slice(-1).toLowerCase()];
    if (factor === undefined) break;
    multiplier *= factor;
    rest = rest.slice(0, -1).trimEnd();
    isCut = true;
  }
  const value = literal(rest);
  return value === undefined ? { text: rest, isCut } : { value: value * multiplier };
}
