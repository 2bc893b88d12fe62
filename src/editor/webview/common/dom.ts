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

/** Shows other content, and touches only what differs: what has focus keeps it and is not read out again, what is scrolled or marked stays so.
 * Elements of a list are the same where their `data-key` is. Events are for the root to listen to: what is there may stay. */
export function redraw(root: HTMLElement, ...content: readonly (Node | undefined)[]): void {
  const next = root.cloneNode(false) as HTMLElement;
  next.append(...content.filter((node) => node !== undefined));
  updateChildren(root, next);
}

function updateChildren(present: Element, next: Element): void {
  const keyed = new Map([...present.children].flatMap((child) => withKey(child)));
  let place = present.firstChild;
  for (const wanted of [...next.childNodes]) {
    const key = keyOf(wanted);
    const known = key === undefined ? (keyOf(place) === undefined ? place : null) : (keyed.get(key) ?? null);
    if (known === null || !isSameKind(known, wanted)) {
      present.insertBefore(wanted, place);
      continue;
    }
    if (known === place) place = place.nextSibling;
    else present.insertBefore(known, place);
    update(known, wanted);
  }
  while (place !== null) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}

function update(present: Node, wanted: Node): void {
  if (present.isEqualNode(wanted)) return;
  if (!(present instanceof Element && wanted instanceof Element)) {
    present.nodeValue = wanted.nodeValue;
    return;
  }
  for (const { name } of [...present.attributes]) if (!wanted.hasAttribute(name)) present.removeAttribute(name);
  for (const { name, value } of [...wanted.attributes]) {
    if (present.getAttribute(name) === value) continue;
    // a style attribute would be refused by the policy; the object model is not
    if (name === 'style' && present instanceof HTMLElement) present.style.cssText = value;
    else present.setAttribute(name, value);
  }
  updateChildren(present, wanted);
}

function keyOf(node: Node | null): string | undefined {
  return node instanceof Element ? (node.getAttribute('data-key') ?? undefined) : undefined;
}

function withKey(element: Element): readonly (readonly [string, Element])[] {
  const key = keyOf(element);
  return key === undefined ? [] : [[key, element]];
}

function isSameKind(one: Node, other: Node): boolean {
  return one.nodeType === other.nodeType && one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
}
