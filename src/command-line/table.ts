import { widthOf } from './text-width.ts';

const COLOURS = /\u001b\[[0-9;]*m/g;

/** Rows of cells as lines, each column as wide as its widest cell; columns that are empty throughout are left out. Cells may have colours. */
export function table(rows: readonly (readonly string[])[], indent = ''): readonly string[] {
  const seen = (cell: string | undefined): number => widthOf((cell ?? '').replace(COLOURS, ''));
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) => Math.max(0, ...rows.map((row) => seen(row[column]))));
  return rows.map((row) =>
    (
      indent +
      row
        .flatMap((cell, column) => {
          const width = widths[column] ?? 0;
          return width === 0 ? [] : [cell + ' '.repeat(width - seen(cell))];
        })
        .join('  ')
    ).trimEnd(),
  );
}
