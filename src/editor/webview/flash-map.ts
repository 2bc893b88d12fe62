import './flash-map.css';
import { html, redraw } from './common/dom.ts';
import { openPage } from './common/page.ts';
import { drawPicture } from './flash-map/picture.ts';
import { drawDetails, drawDifferences, drawLegend, drawNotice, drawOtadata, drawTable } from './flash-map/parts.ts';
import { flashMapView, type FlashMapAction, type FlashMapView } from './flash-map/view.ts';

const page = openPage<FlashMapView, FlashMapAction>();
let selected = page.remembered;

function draw(view: FlashMapView): void {
  // the region that was looked at may be gone; the one that runs is what most look for
  const current =
    view.regions.find(({ id }) => id === selected) ??
    view.regions.find(({ isRunning }) => isRunning) ??
    view.regions.find(({ kind }) => kind === 'app') ??
    view.regions[0];
  const select = (id: string): void => {
    selected = id;
    page.remember(id);
    draw(view);
    // the picture is a new one: focus goes with the selection
    const row = page.root.querySelector<HTMLElement>(`[role="option"][data-key="${CSS.escape(id)}"]`);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  };
  redraw(
    page.root,
    html(
      'header',
      {},
      html('h1', {}, view.title),
      html('p', { class: 'facts' }, view.facts),
      html('p', { class: 'summary' }, view.summary),
      drawNotice(view, () => {
        page.act('readSlots');
      }),
    ),
    html(
      'div',
      { class: 'columns' },
      html('div', { class: 'picture-column' }, drawPicture(view, current?.id, select), drawLegend(view)),
      html('div', { class: 'side' }, drawDetails(view, current), drawOtadata(view), drawDifferences(view)),
    ),
    drawTable(view, current?.id),
  );
}

page.start(flashMapView, draw);
