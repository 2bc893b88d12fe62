import './timeline.css';
import { html, redraw } from './common/dom.ts';
import { openPage } from './common/page.ts';
import { drawCurve } from './timeline/curve.ts';
import { drawFailures, drawSteps, drawTable, drawVerdict } from './timeline/parts.ts';
import { timelineView, type TimelineView } from './timeline/view.ts';

const page = openPage<TimelineView>();

page.start(timelineView, (view) => {
  redraw(
    page.root,
    html('header', {}, html('h1', {}, view.title), html('p', { class: 'facts' }, view.facts)),
    drawVerdict(view),
    html('div', { class: 'columns' }, drawSteps(view), view.curve === undefined ? undefined : drawCurve(view.curve)),
    drawTable(view),
    ...drawFailures(view),
  );
  page.tell(view.verdict.text, view.verdict.tone);
});
