import { oneOf, record, type Shape } from './shape.ts';

/** What a page says to its extension: that it listens, or that one of its buttons was pressed. */
export type FromPage<Action extends string> =
  { readonly kind: 'ready' } | { readonly kind: 'action'; readonly action: Action };

export function fromPage<const Action extends string>(...actions: readonly Action[]): Shape<FromPage<Action>> {
  const ready = record({ kind: oneOf('ready') });
  const action = record({ kind: oneOf('action'), action: oneOf(...actions) });
  return (value): value is FromPage<Action> => ready(value) || action(value);
}

/** What the extension says to its page: all that it shows. */
export interface ToPage<View> {
  readonly kind: 'view';
  readonly view: View;
}

export function toPage<View>(view: Shape<View>): Shape<ToPage<View>> {
  return record({ kind: oneOf('view'), view });
}
