import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { expect, it } from 'vitest';
import type { FlashMapView } from '../../src/editor/webview/flash-map/view.ts';
import type { TimelineView } from '../../src/editor/webview/timeline/view.ts';
import { axe } from './harness/axe.ts';
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
  const { otadata, differences, ...rest } = differing;
  await isAccessible(
    frame,
    'flash-map',
    {
      nothing: { ...rest, regions: [], legend: [], summary: '', title: 'No project' },
      'not read yet': { ...rest, notice: { text: 'The slots of ttyUSB0 are not known.', button: 'Read Slots' } },
      'read, the same': { ...rest, otadata, differences: { title: differences?.title, items: ['The same.'] } },
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
  await frame.locator('.verdict.tone-good').waitFor();
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
      'going on, nothing downloaded': { ...going, curve: undefined },
      refused: {
        ...confirmed,
        steps: failedSteps,
        verdict: { ...verdict, tone: 'bad', button: 'Bump Version' },
        failures: { title: 'What went wrong on the way', items: [{ text: 'the connection broke', proof: 'E (12)' }] },
        curve: { ...confirmed.curve, stalls: [stall] },
      },
      unknown: { ...confirmed, verdict: { ...verdict, tone: 'warning' } },
      cancelled: { ...confirmed, verdict: { ...verdict, tone: 'neutral', detail: '' } },
      confirmed,
    },
    [
      ['.verdict, .step', '--tone'],
      ['.before', 'background-color'],
      [':root', '--focus'],
    ],
  );
});
