/** Round moments on an axis of so many milliseconds, from 0, at most `most` of them beside the first. */
export function axisSteps(span: number, most: number): readonly number[] {
  if (!(span > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(span / most));
  const step = power * ([1, 2, 5, 10].find((factor) => power * factor * most >= span) ?? 10);
  return Array.from({ length: Math.floor(span / step + 1e-9) + 1 }, (_, index) => index * step);
}
