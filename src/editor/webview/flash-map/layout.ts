/** A row of the picture, in pixels from its top. */
export interface RowPlace {
  readonly top: number;
  readonly height: number;
  /** It would be too low to read, so it is higher than to scale. */
  readonly isEnlarged: boolean;
}

/** Stacks rows whose heights are to scale, but each at least its minimum: what is lower gets just that, and the others share the rest
 * to scale among themselves. As high as asked for, or as the minimums need, with `spareHeight` at least for the rows that are to scale. */
export function placeRows(
  rows: readonly { readonly size: number; readonly minimum: number }[],
  height: number,
  spareHeight = 0,
): readonly RowPlace[] {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const whole = Math.max(height, sum(rows.map((row) => row.minimum)) + spareHeight);
  const enlarged = new Set<number>();
  const scale = (): number => {
    const fixed = sum(rows.map((row, index) => (enlarged.has(index) ? row.minimum : 0)));
    const bytes = sum(rows.map((row, index) => (enlarged.has(index) ? 0 : row.size)));
    return bytes === 0 ? 0 : (whole - fixed) / bytes;
  };
  for (let before = -1; before !== enlarged.size;) {
    before = enlarged.size;
    const pixels = scale();
    for (const [index, row] of rows.entries()) if (row.size * pixels < row.minimum) enlarged.add(index);
  }
  const pixels = scale();
  let top = 0;
  return rows.map((row, index) => {
    const isEnlarged = enlarged.has(index);
    const place = { top, height: isEnlarged ? row.minimum : row.size * pixels, isEnlarged };
    top += place.height;
    return place;
  });
}
