import type { Frame, Page } from 'playwright-core';

/** Everything the browser refused in a page because of its policy, from now on. */
export function policyViolations(page: Page): () => readonly string[] {
  const found: string[] = [];
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) found.push(`${message.location().url}: ${message.text()}`);
  });
  return () => found;
}

/** Places where text is hard to read: less than 4.5 to 1 between it and what is behind it.
 * @see WCAG 2.2, 1.4.3 */
export function faintTexts(frame: Frame): Promise<string[]> {
  return frame.evaluate(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('no canvas');
    type Pixel = readonly [number, number, number];
    /** A colour of any notation, over another one. */
    const over = (color: string, [red, green, blue]: Pixel): Pixel => {
      canvas.globalAlpha = 1;
      canvas.fillStyle = `rgb(${red} ${green} ${blue})`;
      canvas.fillRect(0, 0, 1, 1);
      canvas.fillStyle = color;
      canvas.fillRect(0, 0, 1, 1);
      const [r = 0, g = 0, b = 0] = canvas.getImageData(0, 0, 1, 1).data;
      return [r, g, b];
    };
    const luminance = (pixel: Pixel): number => {
      const [r = 0, g = 0, b = 0] = pixel.map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element): Pixel => {
      const below: Pixel = element.parentElement === null ? [255, 255, 255] : behind(element.parentElement);
      return over(getComputedStyle(element).backgroundColor, below);
    };
    const problems: string[] = [];
    const check = (element: Element, background: Pixel): void => {
      const ink = luminance(over(getComputedStyle(element).color, background));
      const paper = luminance(background);
      const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      if (ratio < 4.5) problems.push(`${ratio.toFixed(2)} "${element.textContent.slice(0, 40)}" .${element.className}`);
    };
    for (const element of document.querySelectorAll('body *:not(svg *)')) {
      const hasText = [...element.childNodes].some(
        (node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '',
      );
      if (!hasText || !element.checkVisibility()) continue;
      check(element, behind(element));
      // a bar that shows a fill level may lie behind the text too
      const bar = element.closest('.badge') === null ? element.closest('.body')?.querySelector(':scope > .fill') : null;
      if (bar === null || bar === undefined) continue;
      const [text, level] = [element.getBoundingClientRect(), bar.getBoundingClientRect()];
      const middle = (text.top + text.bottom) / 2;
      if (middle > level.top && middle < level.bottom && text.left < level.right) check(element, behind(bar));
    }
    return problems;
  });
}

/** What a screen reader or a keyboard would stumble over: things without a name, ids that occur twice, tables without headers. */
export function accessibilityProblems(frame: Frame): Promise<string[]> {
  return frame.evaluate(() => {
    const problems: string[] = [];
    const byId = (ids: string | null): string =>
      (ids ?? '')
        .split(/\s+/)
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join('');
    const nameOf = (element: Element): string =>
      (
        element.getAttribute('aria-label') ??
        (byId(element.getAttribute('aria-labelledby')) || element.textContent)
      ).trim();
    const named =
      'button, a, section, [role="option"], [role="listbox"], [role="region"], [role="img"], [tabindex="0"]';
    for (const element of document.querySelectorAll(named)) {
      if (nameOf(element) === '') problems.push(`no name: ${element.outerHTML.slice(0, 80)}`);
    }
    for (const list of document.querySelectorAll('[role="listbox"]')) {
      const reachable = list.querySelectorAll('[role="option"][tabindex="0"]').length;
      if (reachable !== 1) problems.push(`${reachable} options of a list box are in the order of the Tab key`);
      const selected = list.querySelectorAll('[role="option"][aria-selected="true"]').length;
      if (selected !== 1) problems.push(`${selected} options of a list box are selected`);
    }
    for (const table of document.querySelectorAll('table')) {
      if (table.caption === null) problems.push('a table without a caption');
      if (table.querySelector('th[scope="col"]') === null) problems.push('a table without column headers');
    }
    for (const picture of document.querySelectorAll('svg')) {
      if (picture.getAttribute('aria-hidden') !== 'true' && picture.getAttribute('role') !== 'img')
        problems.push('a drawing that is neither hidden nor named');
    }
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    problems.push(...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `the id ${id} occurs twice`));
    const levels = [...document.querySelectorAll('h1, h2, h3')].map((heading) => Number(heading.tagName[1]));
    if (levels[0] !== 1) problems.push('the first heading is not h1');
    if (levels.some((level, index) => index > 0 && level > (levels[index - 1] ?? 0) + 1))
      problems.push('a heading skips a level');
    if (document.documentElement.lang === '') problems.push('the page has no language');
    return problems;
  });
}

/** The rows of a table as they are read, the cells of each joined. */
export async function tableRows(frame: Frame): Promise<string[]> {
  return frame
    .locator('table tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent).join(' | ')));
}

/** Colours of a page that mean something, with less than 3 to 1 between them and what is behind: bars, marks, edges, focus.
 * @param marks selector of the elements and the style property that gives their colour
 * @see WCAG 2.2, 1.4.11 */
export function faintMarks(
  frame: Frame,
  marks: readonly (readonly [selector: string, property: string])[],
): Promise<string[]> {
  return frame.evaluate((asked) => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('no canvas');
    const luminanceOf = (...colors: readonly string[]): number => {
      canvas.clearRect(0, 0, 1, 1);
      for (const color of colors) {
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
      }
      const [r = 0, g = 0, b = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paperColor = getComputedStyle(document.body).backgroundColor;
    const paper = luminanceOf(paperColor);
    const problems = new Set<string>();
    for (const [selector, property] of asked) {
      const found = [...document.querySelectorAll(selector)];
      if (found.length === 0) problems.add(`nothing matches ${selector}`);
      for (const element of found) {
        const color = getComputedStyle(element).getPropertyValue(property);
        const ink = luminanceOf(paperColor, color);
        const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
        const tone = element.closest('[class*="tone-"]')?.className ?? '';
        if (ratio < 3) problems.add(`${ratio.toFixed(2)} ${selector} ${property} ${color} (${tone})`);
      }
    }
    return [...problems];
  }, marks);
}

/** Every view the page is sent from now on, and what is put where a screen reader reads changes out. */
export async function recordViews(frame: Frame): Promise<() => Promise<{ views: unknown[]; said: string[] }>> {
  await frame.evaluate(() => {
    const kept = { views: [] as unknown[], said: [] as string[] };
    (globalThis as unknown as { recorded: typeof kept }).recorded = kept;
    addEventListener('message', ({ data }: MessageEvent<{ kind?: string; view?: unknown } | undefined>) => {
      if (data?.kind === 'view') kept.views.push(data.view);
    });
    const status = document.querySelector('[role="status"]');
    if (status === null) throw new Error('nothing is read out');
    new MutationObserver(() => {
      kept.said.push(status.textContent);
    }).observe(status, { childList: true, characterData: true, subtree: true });
  });
  return () =>
    frame.evaluate(() => (globalThis as unknown as { recorded: { views: unknown[]; said: string[] } }).recorded);
}

/** Has a page show a view, as if its extension had sent it. */
export async function showView(frame: Frame, view: unknown): Promise<void> {
  await frame.evaluate(
    (data) =>
      new Promise<void>((resolve) => {
        addEventListener(
          'message',
          () => {
            requestAnimationFrame(() => {
              resolve();
            });
          },
          { once: true },
        );
        postMessage({ kind: 'view', view: data }, '*');
      }),
    view,
  );
}
