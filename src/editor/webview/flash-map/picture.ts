import { html, svg } from '../common/dom.ts';
import { drawSign } from '../common/signs.ts';
import { placeRows, type RowPlace } from './layout.ts';
import type { FlashMapView, RegionView } from './view.ts';

/** Two lines of text for what holds an application, one for everything else. */
const APP_ROW = 50;
const ROW = 26;
/** One more, for more badges than fit beside the name. */
const CROWDED_ROW = 72;
const MOST_BADGES = 2;
const HEIGHT = 560;
/** What the rows that are to scale share at least. */
const SPARE_HEIGHT = 220;
const SCALE_WIDTH = 16;
const SCALE_GAP = 34;

const isCrowded = ({ kind, badges }: RegionView): boolean => kind === 'app' && badges.length > MOST_BADGES;

const toneOf = ({ kind, isRunning }: RegionView): string => {
  if (isRunning) return 'running';
  return kind === 'bootloader' || kind === 'partitionTable' ? 'system' : kind === 'reserved' ? 'free' : kind;
};

const BADGE_SIGNS = { running: 'play', next: undefined, warning: 'warning', difference: undefined } as const;

/** The flash from top to bottom: a narrow bar exactly to scale, and beside it a row for each region, high enough to be read. The rows are a
 * list box: one of them is in the order of the Tab key, the arrow keys go to the others. */
export function drawPicture(view: FlashMapView, selected: string | undefined): HTMLElement {
  const places = placeRows(
    view.regions.map((region) => ({
      size: region.size,
      minimum: isCrowded(region) ? CROWDED_ROW : region.kind === 'app' ? APP_ROW : ROW,
    })),
    HEIGHT,
    SPARE_HEIGHT,
  );
  const last = places.at(-1);
  const height = last === undefined ? 0 : last.top + last.height;
  const rows = view.regions.map((region, index) =>
    drawRow(region, places[index], region.id === selected, view.texts.enlarged),
  );
  const list = html('div', { class: 'rows', role: 'listbox', 'aria-label': view.texts.picture }, ...rows);
  return html(
    'figure',
    { class: 'picture' },
    html('div', { class: 'drawing' }, drawScale(view, places, height), list),
    html('figcaption', {}, view.texts.scale),
  );
}

function drawRow(region: RegionView, place: RowPlace | undefined, isSelected: boolean, enlarged: string): HTMLElement {
  const isEnlarged = place?.isEnlarged === true;
  const badges = html(
    'span',
    { class: 'badges' },
    ...region.badges.map(({ kind, text }) =>
      html('span', { class: `badge badge-${kind}` }, BADGE_SIGNS[kind] && drawSign(BADGE_SIGNS[kind]), text),
    ),
  );
  const row = html(
    'div',
    {
      class: `row tone-${toneOf(region)}${isEnlarged ? ' enlarged' : ''}${region.kind === 'app' ? ' app' : ''}${isCrowded(region) ? ' crowded' : ''}`,
      role: 'option',
      'aria-selected': String(isSelected),
      'aria-label': isEnlarged ? `${region.spoken} ${enlarged}` : region.spoken,
      'data-key': region.id,
      tabindex: isSelected ? 0 : -1,
    },
    html(
      'span',
      { class: 'body' },
      drawFill(region),
      html(
        'span',
        { class: 'line' },
        html('span', { class: 'start' }, region.start),
        html('span', { class: 'name' }, region.name),
        html('span', { class: 'type' }, region.type),
        isCrowded(region) ? undefined : badges,
        html('span', { class: 'size' }, region.sizeText),
      ),
      isCrowded(region) ? html('span', { class: 'line more' }, badges) : undefined,
      region.kind === 'app' ? html('span', { class: 'line content' }, region.content) : undefined,
    ),
  );
  // through the object model, which the policy of the page allows
  if (place !== undefined) row.style.height = `${place.height}px`;
  return row;
}

function drawFill({ fill }: RegionView): HTMLElement | undefined {
  if (fill === undefined) return undefined;
  const bar = html('span', { class: 'fill' });
  bar.style.width = `${100 * Math.min(1, fill)}%`;
  return bar;
}

/** The bar that is exactly to scale, and for each region what leads from there to its row. */
function drawScale({ regions, endBytes }: FlashMapView, places: readonly RowPlace[], height: number): SVGElement {
  const toPixels = (bytes: number): number => (endBytes === 0 ? 0 : (bytes / endBytes) * height);
  const parts = regions.map((region, index) => {
    const { top, height: rowHeight } = places[index] ?? { top: 0, height: 0 };
    const from = toPixels(region.offset);
    const to = toPixels(region.offset + region.size);
    const [left, right] = [SCALE_WIDTH, SCALE_WIDTH + SCALE_GAP];
    const middle = left + SCALE_GAP / 2;
    const edge = (start: number, end: number): string =>
      `${left},${start} C${middle},${start} ${middle},${end} ${right},${end}`;
    const back = `${right},${top + rowHeight - 1} C${middle},${top + rowHeight - 1} ${middle},${to} ${left},${to}`;
    return svg(
      'g',
      { class: `tone-${toneOf(region)}` },
      svg('path', { class: 'lens', d: `M${edge(from, top)} L${back} Z` }),
      svg('rect', { class: 'part', x: 0.5, y: from, width: SCALE_WIDTH - 1, height: Math.max(0.75, to - from) }),
      region.fill === undefined
        ? undefined
        : svg('rect', {
            class: 'used',
            x: 0.5,
            y: from,
            width: SCALE_WIDTH - 1,
            height: Math.max(0.75, (to - from) * Math.min(1, region.fill)),
          }),
    );
  });
  const width = SCALE_WIDTH + SCALE_GAP;
  return svg(
    'svg',
    { class: 'scale', width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    ...parts,
    svg('rect', { class: 'frame', x: 0.5, y: 0.5, width: SCALE_WIDTH - 1, height: Math.max(0, height - 1) }),
  );
}
