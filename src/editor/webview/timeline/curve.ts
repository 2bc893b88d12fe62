import { html, svg } from '../common/dom.ts';
import type { CurveView } from './view.ts';

const WIDTH = 1000;
const HEIGHT = 1000;

/** Bytes over time. The drawing is stretched to the room there is; its texts stand beside it and are not. */
export function drawCurve({ title, summary, spoken, points, xTicks, yTicks, stalls }: CurveView): HTMLElement {
  const corner = ({ x, y }: { x: number; y: number }): string => `${x * WIDTH},${(1 - y) * HEIGHT}`;
  const line = points.map(corner).join(' L');
  const [first, last] = [points[0], points.at(-1)];
  const area =
    first === undefined || last === undefined
      ? ''
      : `M${first.x * WIDTH},${HEIGHT} L${line} L${last.x * WIDTH},${HEIGHT} Z`;
  const drawing = svg(
    'svg',
    { class: 'plot', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    ...yTicks.map(({ at }) =>
      svg('line', { class: 'rule', x1: 0, x2: WIDTH, y1: (1 - at) * HEIGHT, y2: (1 - at) * HEIGHT }),
    ),
    ...stalls.map(({ from, to }) =>
      svg('rect', { class: 'stall', x: from * WIDTH, y: 0, width: (to - from) * WIDTH, height: HEIGHT }),
    ),
    area === '' ? undefined : svg('path', { class: 'area', d: area }),
    line === '' ? undefined : svg('path', { class: 'line', d: `M${line}` }),
  );
  const vertical = yTicks.map(({ at, text }) => {
    const label = html('span', {}, text);
    label.style.bottom = `${100 * at}%`;
    return label;
  });
  const horizontal = xTicks.map(({ at, text }) => {
    const label = html('span', { class: 'tick' }, text);
    label.style.insetInlineStart = `${100 * at}%`;
    return label;
  });
  const notes = stalls.map(({ text }) => html('li', {}, text));
  return html(
    'figure',
    { class: 'curve tone-going' },
    html('figcaption', {}, title, html('span', { class: 'facts' }, summary)),
    html(
      'div',
      { class: 'chart', role: 'img', 'aria-label': spoken },
      html('div', { class: 'y-axis' }, ...vertical),
      drawing,
      html('div', { class: 'x-axis' }, ...horizontal),
    ),
    notes.length === 0 ? undefined : html('ul', { class: 'stalls' }, ...notes),
  );
}
