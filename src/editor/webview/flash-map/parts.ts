import { html } from '../common/dom.ts';
import { drawScrollingTable } from '../common/table.ts';
import type { FlashMapAction, FlashMapView, RegionView } from './view.ts';

export function drawNotice({ notice }: FlashMapView): HTMLElement | undefined {
  if (notice === undefined) return undefined;
  const action: FlashMapAction = 'readSlots';
  return html(
    'div',
    { class: 'notice' },
    html('span', {}, notice.text),
    notice.button === undefined ? undefined : html('button', { type: 'button', 'data-action': action }, notice.button),
  );
}

export function drawLegend({ legend }: FlashMapView): HTMLElement {
  return html(
    'ul',
    { class: 'legend' },
    ...legend.map(({ kind, text }) =>
      html('li', {}, html('span', { class: `swatch tone-${kind}`, 'aria-hidden': 'true' }), text),
    ),
  );
}

export function drawDetails({ texts }: FlashMapView, region: RegionView | undefined): HTMLElement | undefined {
  if (region === undefined) return undefined;
  return html(
    'section',
    { class: 'card details', 'aria-labelledby': 'details-title' },
    html('h2', { id: 'details-title' }, texts.details),
    html('p', { class: 'details-name' }, region.name),
    html('dl', {}, ...region.details.flatMap(({ term, text }) => [html('dt', {}, term), html('dd', {}, text)])),
  );
}

export function drawOtadata({ otadata }: FlashMapView): HTMLElement | undefined {
  if (otadata === undefined) return undefined;
  return html(
    'section',
    { class: 'card', 'aria-labelledby': 'otadata-title' },
    html('h2', { id: 'otadata-title' }, otadata.title),
    html(
      'dl',
      {},
      ...otadata.entries.flatMap(({ name, text, isActive }) => [
        html('dt', isActive ? { class: 'active' } : {}, name),
        html('dd', isActive ? { class: 'active' } : {}, text),
      ]),
    ),
    html('p', {}, otadata.explanation),
  );
}

export function drawDifferences({ differences }: FlashMapView): HTMLElement | undefined {
  if (differences === undefined) return undefined;
  return html(
    'section',
    { class: 'card', 'aria-labelledby': 'differences-title' },
    html('h2', { id: 'differences-title' }, differences.title),
    html('ul', {}, ...differences.items.map((item) => html('li', {}, item))),
  );
}

export function drawTable({ regions, columns, texts }: FlashMapView, selected: string | undefined): HTMLElement {
  const rows = regions.map((region) =>
    html(
      'tr',
      region.id === selected ? { class: 'selected' } : {},
      ...region.cells.map((cell, index) => (index === 0 ? html('th', { scope: 'row' }, cell) : html('td', {}, cell))),
    ),
  );
  return drawScrollingTable(texts.table, columns, rows);
}
