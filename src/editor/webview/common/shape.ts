/** Tells whether a value that came as a message has the shape that was agreed on. */
export type Shape<T> = (value: unknown) => value is T;

/** The type that a shape lets through. */
export type ShapeOf<S> = S extends Shape<infer T> ? T : never;

export const text: Shape<string> = (value) => typeof value === 'string';
export const flag: Shape<boolean> = (value) => typeof value === 'boolean';
/** NaN and the infinities are none. */
export const finite: Shape<number> = (value): value is number => typeof value === 'number' && Number.isFinite(value);

export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return (value): value is T => words.includes(value as T);
}

export function listOf<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every((one) => shape(one));
}

/** A property that may be missing. */
export interface Optional<T> {
  readonly optional: Shape<T>;
}

export function optional<T>(shape: Shape<T>): Optional<T> {
  return { optional: shape };
}

type Fields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>;
type Required<F extends Fields> = {
  readonly [Key in keyof F as F[Key] extends Optional<unknown> ? never : Key]: ShapeOf<F[Key]>;
};
type Missable<F extends Fields> = {
  readonly [Key in keyof F as F[Key] extends Optional<unknown> ? Key : never]?: F[Key] extends Optional<infer T>
    ? T
    : never;
};

/** An object with these properties; what else it has is not looked at. */
export function record<F extends Fields>(fields: F): Shape<Required<F> & Missable<F>> {
  return (value): value is Required<F> & Missable<F> => {
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(fields).every(([key, shape]) => {
      const found = (value as Record<string, unknown>)[key];
      return typeof shape === 'function' ? shape(found) : found === undefined || shape.optional(found);
    });
  };
}
