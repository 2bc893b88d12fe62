import { html } from '../common/dom.ts';
import { drawScrollingTable } from '../common/table.ts';
import { drawSign } from '../common/signs.ts';
import type { StepView, TimelineAction, TimelineView } from './view.ts';

const SIGNS = { good: 'check', warning: 'exclamation', bad: 'cross', going: 'dots', neutral: 'dash' } as const;

/** Through the object model, which the policy of the page allows. */
function put(element: HTMLElement, from: number, to = from): HTMLElement {
  element.style.insetInlineStart = `${100 * from}%`;
  if (to > from) element.style.width = `${100 * (to - from)}%`;
  return element;
}

export function drawVerdict({ verdict }: TimelineView): HTMLElement {
  const action: TimelineAction = 'fix';
  return html(
    'div',
    { class: `verdict tone-${verdict.tone}` },
    html('span', { class: 'round' }, drawSign(SIGNS[verdict.tone])),
    html(
      'div',
      { class: 'verdict-text' },
      html('p', { class: 'verdict-word' }, verdict.text),
      verdict.detail === '' ? undefined : html('p', { class: 'proof' }, verdict.detail),
    ),
    verdict.button === undefined
      ? undefined
      : html('button', { type: 'button', 'data-action': action }, verdict.button),
  );
}

/** The steps below each other on one axis of time: a thin line for what went by before a step, a bar for what it took. */
export function drawSteps({ steps, ticks, texts }: TimelineView): HTMLElement {
  return html(
    'figure',
    { class: 'steps' },
    html('figcaption', {}, texts.picture),
    html(
      'div',
      { role: 'img', 'aria-label': texts.spoken },
      html(
        'div',
        { class: 'axis' },
        html('span', { class: 'step-name' }),
        html('span', { class: 'track' }, ...ticks.map((one) => put(html('span', { class: 'tick' }, one.text), one.at))),
        html('span', { class: 'step-time' }),
      ),
      html('div', { class: 'step-rows' }, ...steps.map((step) => drawStep(step, ticks))),
    ),
    html('p', { class: 'note' }, texts.scale),
  );
}

function drawStep(step: StepView, ticks: TimelineView['ticks']): HTMLElement {
  const isMoment = step.end <= step.start;
  return html(
    'div',
    { class: `step tone-${step.tone}` },
    html('span', { class: 'step-name' }, step.name),
    html(
      'span',
      { class: 'track' },
      ...ticks.map((one) => put(html('span', { class: 'grid' }), one.at)),
      step.start > step.from ? put(html('span', { class: 'before' }), step.from, step.start) : undefined,
      isMoment
        ? put(html('span', { class: 'moment' }), step.start)
        : put(html('span', { class: 'bar' }), step.start, step.end),
    ),
    html('span', { class: 'step-time' }, step.since),
  );
}

export function drawTable({ steps, columns, texts }: TimelineView): HTMLElement {
  const rows = steps.map(({ name, result, since, took, proof, tone }) =>
    html(
      'tr',
      { class: `tone-${tone}` },
      html('th', { scope: 'row' }, name),
      html('td', { class: 'result' }, drawSign(SIGNS[tone]), result),
      html('td', { class: 'figure' }, since),
      html('td', { class: 'figure' }, took),
      html('td', { class: 'proof' }, proof),
    ),
  );
  return drawScrollingTable(texts.table, columns, rows);
}

export function drawFailures({ failures }: TimelineView): readonly HTMLElement[] {
  if (failures === undefined) return [];
  return [
    html(
      'section',
      { class: 'card failures', 'aria-labelledby': 'failures-title' },
      html('h2', { id: 'failures-title' }, failures.title),
      html(
        'ol',
        {},
        ...failures.items.map(({ text, proof }) => html('li', {}, text, html('p', { class: 'proof' }, proof))),
      ),
    ),
  ];
}
