import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { expect, it } from 'vitest';
import type { FlashMapView } from '../../src/editor/webview/flash-map/view.ts';
import type { TimelineView } from '../../src/editor/webview/timeline/view.ts';
import { axe } from './harness/axe.ts';
import { SELECTORS } from './harness/selectors.ts';
import { plain } from './harness/text.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { faintMarks, faintTexts, recordViews, showView } from './harness/webview.ts';
import { buildOutside, serverPort } from './outside.ts';

// What everybody needs who does not see the screen, sees it in other colours, or has no mouse: see docs/accessibility.md.
const port = await serverPort();
const workbench = useWorkbench({
  settings: { 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    for (const name of ['sdkconfig', 'sdkconfig.defaults']) {
      const file = path.join(folder, name);
      writeFileSync(file, readFileSync(file, 'utf8').replace(':8070', `:${port}`));
    }
    const settings = { 'esp32Ota.server.port': port, 'esp32Ota.virtualBoard.kilobytesPerSecond': 150 };
    writeFileSync(path.join(folder, '.vscode/settings.json'), JSON.stringify(settings));
    buildOutside(folder);
  },
});
const devices = workbench.view('Devices');
const flashMap = (): Promise<Frame> => workbench.webview('.picture');
const timeline = (): Promise<Frame> => workbench.webview('.verdict');

const LOOKS = ['dark', 'light', 'high contrast', 'high contrast light', 'forced colors'] as const;

/** Calls with the page in each look: four themes, and colours of the system's own. */
async function inEachLook(frame: Frame, act: (look: (typeof LOOKS)[number]) => Promise<void>): Promise<void> {
  for (const look of LOOKS) {
    if (look === 'forced colors') await workbench.page().emulateMedia({ forcedColors: 'active' });
    else {
      await workbench.setTheme(look);
      await frame.locator(`body.vscode-${look.replaceAll(' ', '-')}`).waitFor();
    }
    await act(look);
  }
  await workbench.page().emulateMedia({ forcedColors: null });
  await workbench.setTheme('dark');
}

const drawn = (frame: Frame): Promise<string> => frame.locator('main').innerHTML();

/** What a page shows that has shown nothing before. */
async function drawnAnew(frame: Frame, view: unknown): Promise<string> {
  const before = await drawn(frame);
  await frame.locator('main').evaluate((main) => {
    main.replaceChildren();
  });
  await showView(frame, view);
  expect(await drawn(frame)).toHaveLength(before.length);
  return before;
}

/** Shows each of the states in each look: nothing that axe-core or we find wrong. */
async function isAccessible(
  frame: Frame,
  name: string,
  states: Readonly<Record<string, unknown>>,
  marks: readonly (readonly [string, string])[],
): Promise<void> {
  const last = Object.values(states).at(-1);
  await inEachLook(frame, async (look) => {
    for (const [state, view] of Object.entries(states)) {
      await showView(frame, view);
      if (look === 'dark') expect(await drawnAnew(frame, view), `${name}, ${state}`).toBe(await drawn(frame));
      const { problems, rules } = await axe(frame);
      expect(problems, `${name}, ${state}, ${look}`).toEqual([]);
      expect(rules).toBeGreaterThan(15);
      if (look !== 'forced colors') expect(await faintTexts(frame), `${name}, ${state}, ${look}`).toEqual([]);
    }
    await showView(frame, last);
    expect.soft(await faintMarks(frame, marks), `${name}, ${look}`).toEqual([]);
    await workbench.screenshot(`accessibility-${name}-${look}`);
  });
}

it('finds a fault that is made: axe-core really looks into the page', async () => {
  await workbench.openContainer('ESP32 OTA');
  await workbench.view('Firmware').reveal('simple_ota.bin');
  await workbench.runCommand('ESP32 OTA: Show Flash Map');
  const frame = await flashMap();
  expect((await axe(frame)).problems).toEqual([]);
  const list = frame.locator('[role="listbox"]');
  const label = await list.getAttribute('aria-label');
  await list.evaluate((element) => {
    element.removeAttribute('aria-label');
  });
  expect((await axe(frame)).problems.join('\n')).toMatch(/aria-input-field-name.*listbox/);
  await list.evaluate((element, name) => {
    element.setAttribute('aria-label', name ?? '');
  }, label);
});

it('shows the flash map without a fault in every state and look', async () => {
  await workbench.runCommand('ESP32 OTA: Install Certificate into Project');
  await expect.poll(() => existsSync(workbench.inFolder('server_certs/ca_cert.pem'))).toBe(true);
  buildOutside(workbench.folder());
  await workbench.runCommand('ESP32 OTA: Attach Virtual Board');
  await devices.reveal(/Virtual board.*runs 1\.0\.0 from ota_0/);
  await devices.clickInline('Virtual board', 'Show Flash Map');
  const frame = await workbench.webview('#otadata-title');
  const recorded = await recordViews(frame);
  // another table in the project than on the board
  const sdkconfig = workbench.inFolder('sdkconfig');
  const before = readFileSync(sdkconfig, 'utf8');
  writeFileSync(
    sdkconfig,
    before.replace('_TWO_OTA_LARGE=y', '_TWO_OTA=y').replace('partitions_two_ota_large.csv', 'partitions_two_ota.csv'),
  );
  await expect.poll(async () => (await recorded()).views.length).toBeGreaterThan(0);
  const differing = (await recorded()).views.at(-1) as FlashMapView;
  expect(differing.differences?.items.length).toBeGreaterThan(2);
  const regions = differing.regions.map((region, index) => ({
    ...region,
    kind: region.kind === 'data' && index % 2 === 0 ? ('other' as const) : region.kind,
    badges: [
      ...region.badges,
      ...(index % 2 === 0 ? [{ kind: 'warning' as const, text: 'the image is damaged' }] : []),
    ],
  }));
  const { otadata: _, differences: __, ...rest } = differing;
  await isAccessible(
    frame,
    'flash-map',
    {
      nothing: { ...rest, regions: [], legend: [], summary: '', title: 'No project' },
      'not read yet': { ...rest, notice: { text: 'The slots of ttyUSB0 are not known.', button: 'Read Slots' } },
      'with differences': differing,
      'with warnings': { ...differing, regions },
    },
    [
      ...['running', 'app', 'data', 'system', 'other'].map((tone) => [`.row.tone-${tone}`, '--tone'] as const),
      [':root', '--focus'],
    ],
  );
  writeFileSync(sdkconfig, before);
});

it('shows an update without a fault in every state and look, and tells how it goes without chatter', async () => {
  await workbench.editors.closeAll();
  await workbench.runCommand('ESP32 OTA: Start Server');
  writeFileSync(workbench.inFolder('version.txt'), '1.1.0\n');
  buildOutside(workbench.folder());
  await workbench.statusBar.item('1.1.0').waitFor();
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await workbench.runCommand('ESP32 OTA: Show Timeline');
  const frame = await timeline();
  const recorded = await recordViews(frame);
  const table = await frame.waitForSelector('.table');
  await table.focus();
  await frame.locator('.verdict.tone-good').waitFor();
  // what has the focus is not made anew with every step
  expect(await table.evaluate((element) => document.activeElement === element)).toBe(true);
  const { views, said } = (await recorded()) as { views: TimelineView[]; said: string[] };
  const going = views.findLast(({ verdict, curve }) => verdict.tone === 'going' && curve !== undefined);
  const confirmed = views.at(-1);
  expect(going).toBeDefined();
  expect(views.length).toBeGreaterThan(5);
  expect(said.length).toBeLessThan(3);
  expect(said.at(-1)).toMatch(/^Delivered and confirmed: 1\.1\.0/);
  if (going === undefined || confirmed === undefined) return;

  const failedSteps = confirmed.steps.map((step, index) =>
    index < 5 ? step : { ...step, tone: 'bad' as const, result: 'failed' },
  );
  const stall = { from: 0.3, to: 0.5, text: 'Nothing came for 12 s, from +0.50 s on.' };
  const verdict = { text: 'Refused: the board already runs this version', detail: 'W (374) same version' };
  await isAccessible(
    frame,
    'timeline',
    {
      'going on': going,
      refused: {
        ...confirmed,
        steps: failedSteps,
        verdict: { ...verdict, tone: 'bad', button: 'Bump Version' },
        failures: { title: 'What went wrong on the way', items: [{ text: 'the connection broke', proof: 'E (12)' }] },
        curve: { ...confirmed.curve, stalls: [stall] },
      },
      unknown: { ...confirmed, verdict: { ...verdict, tone: 'warning' } },
      'cancelled, nothing downloaded': {
        ...confirmed,
        curve: undefined,
        verdict: { ...verdict, tone: 'neutral', detail: '' },
      },
      confirmed,
    },
    [
      ['.verdict, .step', '--tone'],
      ['.before', 'background-color'],
      [':root', '--focus'],
    ],
  );
});

it('says in words what every row and status bar item shows', async () => {
  const page = workbench.page();
  await workbench.editors.closeAll();
  await workbench.runCommand('ESP32 OTA: Rehearse Update on Virtual Board');
  await workbench.notifications.shown(/Refused: .*already runs this version/, 60_000);
  await workbench.runCommand('Notifications: Clear All Notifications');
  await page.setViewportSize({ width: 1280, height: 2600 }); // rows out of sight are not there
  const spoken: string[] = [];
  for (const title of ['Firmware', 'Devices', 'Updates']) {
    const pane = workbench.view(title).pane();
    const closed = pane.locator('[role="treeitem"][aria-expanded="false"] .monaco-tl-twistie').first();
    while ((await closed.count()) > 0) await closed.click({ timeout: 3000 }).catch(() => undefined);
    const rows = await pane.locator('[role="treeitem"]').evaluateAll((elements) =>
      elements.map((element) => ({
        spoken: element.getAttribute('aria-label') ?? '',
        label: element.querySelector('.label-name')?.textContent ?? '',
      })),
    );
    for (const row of rows) {
      expect(row.spoken).not.toMatch(/\$\(| [·→] |[▰▱]|undefined|\{\d\}/);
      expect(plain(row.spoken)).toContain(
        plain(row.label)
          .replaceAll(/(\d\S*) → /g, '$1 to ')
          .replaceAll(' → ', ', '),
      );
      spoken.push(plain(row.spoken));
    }
  }
  const items = page.locator(`${SELECTORS.extensionItem} a`);
  spoken.push(...(await items.evaluateAll((all) => all.map((item) => item.getAttribute('aria-label') ?? ''))));
  // what only an icon or a colour shows is said
  for (const words of [
    /^simple_ota\.bin, 909 KB, all checks passed/,
    /^Checksum, passed/,
    /^warning, .*, sdkconfig/,
    /^ota_1, app\/ota_1, at 0x1d0000, 1700 KB, \d+% used$/,
    /^Virtual board, runs 1\.1\.0 from ota_1$/,
    /^ota_1, boots next, 1\.1\.0, .*running$/,
    /^Rehearsal 1\.0\.0 to 1\.1\.0, Delivered and confirmed: 1\.1\.0 runs/,
    /^Download, failed, /,
    /already runs this version.*, cause, /,
    /^Bump Version, fix$/,
    /^OTA server on, https:\/\/127\.0\.0\.1:\d+ 1\.1\.0\. Stop/,
    /^Port of the board: no port/,
  ]) {
    expect(spoken.join('\n')).toMatch(new RegExp(words, 'm'));
  }
  for (const look of LOOKS) {
    if (look === 'forced colors') await page.emulateMedia({ forcedColors: 'active' });
    else await workbench.setTheme(look);
    await workbench.screenshot(`accessibility-views-${look}`);
  }
  await page.emulateMedia({ forcedColors: null });
  await workbench.setTheme('dark');
  await page.setViewportSize({ width: 1280, height: 900 });
});

it('can be used with the keyboard alone', async () => {
  const page = workbench.page();
  /** What a screen reader would say of what has the focus: in a list its row, in a page of ours what is focused there. */
  const focused = async (): Promise<string> => {
    for (const frame of page.frames().toReversed()) {
      const name = await frame
        .evaluate(() => {
          const element = document.activeElement;
          if (!document.hasFocus() || element === null || element instanceof HTMLIFrameElement) return undefined;
          const row = document.getElementById(element.getAttribute('aria-activedescendant') ?? '');
          return (row ?? element).getAttribute('aria-label') ?? element.textContent;
        })
        .catch(() => undefined);
      if (name !== undefined) return plain(name);
    }
    return '';
  };
  /** Presses a key until something has the focus. */
  const pressTo = async (key: string, wanted: RegExp): Promise<void> => {
    const seen: string[] = [];
    for (let tries = 0; tries < 30; tries += 1) {
      await workbench.press(key);
      await page.waitForTimeout(60);
      const name = await focused();
      if (wanted.test(name)) return;
      seen.push(name);
    }
    expect.fail(`${key} never came to ${String(wanted)}, but to: ${seen.join(' | ')}`);
  };
  const command = async (title: string): Promise<void> => {
    await workbench.press('F1');
    await workbench.quickInput.shown();
    await page.keyboard.type(title);
    await expect.poll(focused).toMatch(title);
    await workbench.press('Enter');
  };

  await command('ESP32 OTA: Focus on Firmware View');
  await expect.poll(focused).toMatch(/./);
  await workbench.press('Home');
  await pressTo('ArrowDown', /^Version 1\.1\.0, from version\.txt/);
  // the buttons of a row come after it
  await pressTo('Tab', /^Bump Version/);
  await workbench.press('Enter');
  await workbench.quickInput.shown();
  await pressTo('ArrowDown', /1\.2\.0/);
  await workbench.press('Enter');
  await expect.poll(() => readFileSync(workbench.inFolder('version.txt'), 'utf8')).toMatch(/^1\.2\.0/);

  // the menu of a row gives the focus back
  await command('ESP32 OTA: Focus on Devices View');
  await workbench.press('Home');
  await expect.poll(focused).toMatch(/^Virtual board/);
  await workbench.press('Shift+F10');
  await page.locator(SELECTORS.menuItem).first().waitFor();
  await workbench.press('Escape');
  await expect.poll(focused).toMatch(/^Virtual board/);

  // into a page and through it, seen wherever it is, and out again
  await pressTo('Tab', /^Rehearse Update/);
  await pressTo('ArrowRight', /^Show Flash Map/);
  await workbench.press('Enter');
  const frame = await flashMap();
  const isSeen = (): Promise<boolean> =>
    frame.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
      return outlineStyle === 'solid' && Number.parseFloat(outlineWidth) >= 2;
    });
  await pressTo('Tab', /^ota_1, app, ota_1/);
  expect(await isSeen()).toBe(true);
  await pressTo('ArrowUp', /^Bootloader/);
  expect(await isSeen()).toBe(true);
  await workbench.screenshot('accessibility-keyboard');
  await workbench.press('Tab');
  expect(await focused()).toBe('All regions of the flash');
  expect(await isSeen()).toBe(true);
  await pressTo('Tab', /^Flash Map: Virtual board$/);
  await pressTo('Shift+Tab', /^Deliver Update/);
  await workbench.press('F6');
  await pressTo('Tab', /^Bootloader/);
  await workbench.press('Control+0');
  await expect.poll(() => page.evaluate(() => document.activeElement?.closest('.part.sidebar') !== null)).toBe(true);
});
