import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Frame } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What of axe-core is asked: WCAG 2.2 to level AA, and what is good practice beside it. */
const OPTIONS: RunOptions = {
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  resultTypes: ['violations'],
  // it would fetch the style sheets once more, which the policy of our pages forbids
  preload: false,
};

/** What axe-core finds and is right all the same. */
const EXCEPTIONS: readonly { readonly rule: string; readonly target: RegExp; readonly because: string }[] = [
  {
    rule: 'label-content-name-mismatch',
    target: /^<div class="row /,
    because:
      'Who speaks to the computer names a region by its name, with which the label begins. Its address and size stand in the picture too, and ' +
      'the label says them as a sentence: range, size, contents, state.',
  },
];

/** Loads axe-core into a frame, if it is not there. It comes by the way that debuggers use, so the page's policy need not let it in. */
async function load(frame: Frame): Promise<void> {
  const isThere = await frame.evaluate(() => 'axe' in globalThis);
  if (!isThere) await frame.evaluate(SOURCE);
}

/** What axe-core finds wrong with a page, one line for each place; and how many of its rules had something to look at. */
export async function axe(frame: Frame): Promise<{ readonly problems: readonly string[]; readonly rules: number }> {
  await load(frame);
  const results = await frame.evaluate(
    (options) =>
      (globalThis as unknown as { axe: { run(on: Document, options: RunOptions): Promise<AxeResults> } }).axe.run(
        document,
        options,
      ),
    OPTIONS,
  );
  const isException = (rule: string, html: string): boolean =>
    EXCEPTIONS.some((one) => one.rule === rule && one.target.test(html));
  const problems = results.violations.flatMap(({ id, nodes }) =>
    nodes
      .filter(({ html }) => !isException(id, html))
      .map((node) => `${id}: ${node.html.slice(0, 120)} (${node.failureSummary?.replaceAll(/\s+/g, ' ') ?? ''})`),
  );
  return { problems, rules: results.violations.length + results.passes.length };
}
