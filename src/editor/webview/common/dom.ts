type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

/** Texts go in as text, never as HTML. A `style` attribute would be refused by the policy of the page: use classes, or `element.style`. */
function fill<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...(children.filter((child) => child !== undefined && child !== '') as (Node | string)[]));
  return element;
}

export function html<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Replaces what the page shows. Focus goes back to the element with the same `data-key`, scrolled parts stay where they were. */
export function redraw(root: HTMLElement, ...content: readonly Node[]): void {
  const focused = document.activeElement?.getAttribute('data-key');
  const scrolled = [...root.querySelectorAll<HTMLElement>('[data-scroll]')].map(
    ({ dataset, scrollLeft, scrollTop }) => [dataset['scroll'], scrollLeft, scrollTop] as const,
  );
  root.replaceChildren(...content);
  for (const [key, left, top] of scrolled) {
    root.querySelector(`[data-scroll="${CSS.escape(key ?? '')}"]`)?.scrollTo(left, top);
  }
  if (typeof focused === 'string') {
    root.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}
