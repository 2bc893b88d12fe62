/** Under which the first virtual board is a port of this window. */
export const VIRTUAL_PORT = 'virtual://board';

/** Under which a virtual board is a port of this window: `virtual://board`, `virtual://board-2` … An address is always that of the same board. */
export function virtualAddress(number: number): string {
  return number === 1 ? VIRTUAL_PORT : `${VIRTUAL_PORT}-${number}`;
}

/** The number of the virtual board that an address names, attached or not; undefined for any other board. */
export function virtualNumberOf(address: string): number | undefined {
  if (address === VIRTUAL_PORT) return 1;
  const number = address.startsWith(`${VIRTUAL_PORT}-`) ? Number(address.slice(VIRTUAL_PORT.length + 1)) : 0;
  return Number.isInteger(number) && number > 1 ? number : undefined;
}
