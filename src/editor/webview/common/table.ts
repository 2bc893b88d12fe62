import { html } from './dom.ts';

/** A table of its own that scrolls where it is too wide, and can be reached by keyboard for that.
 * @param title read out with it
 * @param rows `tr` elements, each with as many cells as there are columns */
export function drawScrollingTable(
  title: string,
  columns: readonly string[],
  rows: readonly HTMLElement[],
): HTMLElement {
  const head = html('tr', {}, ...columns.map((column) => html('th', { scope: 'col' }, column)));
  return html(
    'div',
    { class: 'table', role: 'region', 'aria-label': title, tabindex: 0 },
    html('table', {}, html('caption', {}, title), html('thead', {}, head), html('tbody', {}, ...rows)),
  );
}
