import './flash-map.css';
import { html, redraw } from './common/dom.ts';
import { openPage } from './common/page.ts';
import { drawPicture } from './flash-map/picture.ts';
import { drawDetails, drawDifferences, drawLegend, drawNotice, drawOtadata, drawTable } from './flash-map/parts.ts';
import { flashMapView, type FlashMapView, type RegionView } from './flash-map/view.ts';

const page = openPage<FlashMapView>();
let selected = page.remembered;
let shown: FlashMapView | undefined;

/** The region that was looked at may be gone; the one that runs is what most look for. */
function currentOf({ regions }: FlashMapView): RegionView | undefined {
  return (
    regions.find(({ id }) => id === selected) ??
    regions.find(({ isRunning }) => isRunning) ??
    regions.find(({ kind }) => kind === 'app') ??
    regions[0]
  );
}

function draw(view: FlashMapView): void {
  shown = view;
  const current = currentOf(view);
  redraw(
    page.root,
    html(
      'header',
      {},
      html('h1', {}, view.title),
      html('p', { class: 'facts' }, view.facts),
      view.summary === '' ? undefined : html('p', { class: 'summary' }, view.summary),
      drawNotice(view),
    ),
    html(
      'div',
      { class: 'columns' },
      html('div', { class: 'picture-column' }, drawPicture(view, current?.id), drawLegend(view)),
      html('div', { class: 'side' }, drawDetails(view, current), drawOtadata(view), drawDifferences(view)),
    ),
    drawTable(view, current?.id),
  );
  page.tell([view.title, view.summary].filter(Boolean).join('. '), view.summary);
}

function select(view: FlashMapView, id: string): void {
  selected = id;
  page.remember(id);
  draw(view);
  const row = page.root.querySelector<HTMLElement>(`[role="option"][data-key="${CSS.escape(id)}"]`);
  row?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: 'nearest' });
}

page.root.addEventListener('click', ({ target }) => {
  const id = target instanceof Element ? target.closest('.row')?.getAttribute('data-key') : undefined;
  if (typeof id === 'string' && shown !== undefined) select(shown, id);
});

page.root.addEventListener('keydown', (event) => {
  const { target, key, altKey, ctrlKey, metaKey, shiftKey } = event;
  if (shown === undefined || !(target instanceof Element) || target.closest('[role="listbox"]') === null) return;
  const { regions } = shown;
  const current = currentOf(shown);
  const at = regions.findIndex(({ id }) => id === current?.id);
  const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: regions.length - 1 };
  const next = regions[steps[key] ?? -1];
  if (next === undefined || altKey || ctrlKey || metaKey || shiftKey) return;
  event.preventDefault();
  select(shown, next.id);
});

page.start(flashMapView, draw);
