import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createAgent } from './harness/agent.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { buildOutside, curl, serverPort, sha256, usePort } from './outside.ts';

// What an agent and other extensions get: the tools through VS Code's own language model API, and the exported API, both called by an extension
// of somebody else's (agent-extension/), beside a stand-in for the ESP-IDF extension (idf-extension/).
const port = await serverPort();
const agent = createAgent();
const VIRTUAL = 'virtual://board';
const FLASH_BY_IDF = { do: 'command', command: 'espIdf.flashDevice' } as const;

const workbench = useWorkbench({
  companions: ['agent-extension', 'idf-extension'],
  settings: { ...agent.settings, 'esp32Ota.server.advertisedHost': '127.0.0.1' },
  prepare: (folder) => {
    usePort(folder, port);
    buildOutside(folder); // without a certificate
  },
});

async function buildVersion(version: string): Promise<void> {
  writeFileSync(workbench.inFolder('version.txt'), `${version}\n`);
  buildOutside(workbench.folder());
  await workbench.statusBar.item(version).waitFor();
}

/** State of the monitor of the virtual board, as the tool tells it. */
async function monitorState(): Promise<unknown> {
  const { boards } = await agent.invoke('list_boards');
  return (boards as { port: string; monitor?: string }[]).find((one) => one.port === VIRTUAL)?.monitor;
}

it('offers its tools to language models', async () => {
  const tools = (await agent.value({ do: 'tools' })) as { name: string; tags: string[] }[];
  expect(tools).toHaveLength(11);
  expect(new Set(tools.flatMap(({ tags }) => tags))).toEqual(new Set(['esp32', 'ota']));
});

it('tells what stands in the way of an update, and refuses an input that it does not know', async () => {
  const answer = await agent.invoke('check_setup', { severity: 'error', limit: 1 });
  expect(answer).toMatchObject({ project: { name: 'simple_ota', builtVersion: '1.0.0' }, isReady: false });
  expect(answer['findings']).toMatchObject([{ severity: 'error', id: expect.stringMatching(/certificate/) as string }]);
  expect(await agent.refusal('check_setup', { limit: 5000 })).toMatch(/limit.*from 1 to 100.*\[tool\.badInput\]/);
  expect(await agent.refusal('monitor_tail')).toMatch(/\[tool\.noPort\] Ways out: .*esp32Ota\.selectPort/);
});

it('asks the user before it starts the server, and starts none when told not to', async () => {
  expect(await agent.invoke('server_status')).toMatchObject({ state: 'off', port, releases: [] });
  const [refusal] = await Promise.all([
    agent.refusal('start_server'),
    (async () => {
      await workbench.dialogs.shown();
      await workbench.screenshot('agent-1-confirm');
      expect(await agent.answer(workbench, 'Start the OTA server?', 'Cancel')).toContain(`https://127.0.0.1:${port}`);
    })(),
  ]);
  expect(refusal).toMatch(/Cancel/);
  expect(await agent.invoke('server_status')).toMatchObject({ state: 'off' });
});

it('refuses what is not right before anybody is asked', async () => {
  for (const tool of ['start_server', 'stop_server', 'rehearse_update', 'deliver_update'] as const)
    expect(await agent.refusal(tool, { other: 1 }), tool).toContain('[tool.badInput]');
  expect(await agent.refusal('read_slots', { refresh: true })).toMatch(/port.*\[tool\.badInput\]/);
});

it('does nothing when what the user agreed to has changed since', async () => {
  const [refusal] = await Promise.all([
    agent.refusal('start_server'),
    (async () => {
      expect((await workbench.dialogs.shown()).detail).toContain(`https://127.0.0.1:${port}`);
      await workbench.writeSettings({ 'esp32Ota.server.protocol': 'http' });
      await expect.poll(async () => (await agent.invoke('server_status'))['protocol']).toBe('http');
      await agent.answer(workbench, 'Start the OTA server?', 'Yes');
    })(),
  ]);
  expect(refusal).toContain('[tool.changed]');
  await workbench.writeSettings({ 'esp32Ota.server.protocol': 'https' });
  await expect.poll(async () => (await agent.invoke('server_status'))['protocol']).toBe('https');
  expect(await agent.invoke('server_status')).toMatchObject({ state: 'off' });
});

it('starts no server for a rehearsal of nothing', async () => {
  renameSync(workbench.inFolder('build'), `${workbench.folder()}-build-away`);
  const built = async (): Promise<unknown> =>
    ((await agent.invoke('check_setup', { limit: 1 }))['project'] as { builtVersion: unknown }).builtVersion;
  await expect.poll(built).toBe(undefined);
  const [refusal] = await Promise.all([
    agent.refusal('rehearse_update'),
    agent.answer(workbench, 'Rehearse the update on a virtual board?', 'Yes'),
  ]);
  expect(refusal).toMatch(/\[[\w.]+\]/);
  expect(await agent.invoke('server_status')).toMatchObject({ state: 'off' });
  renameSync(`${workbench.folder()}-build-away`, workbench.inFolder('build'));
  await expect.poll(built).toBe('1.0.0');
});

it('tells why a rehearsal fails, with the fix', async () => {
  const answer = await agent.invokeAgreed(workbench, 'rehearse_update', 'Rehearse the update on a virtual board?');
  expect(answer).toMatchObject({ kind: 'rehearsal', end: 'finished' });
  const [board] = answer['boards'] as [{ verdict: { outcome: string; fixes: string[] } }];
  expect(['refused', 'failed']).toContain(board.verdict.outcome);
  expect(board.verdict.fixes).toContain('installCertificate');
});

it('rehearses the mended project and tells every step with its proof', async () => {
  await agent.value({ do: 'command', command: 'esp32Ota.installCertificate' });
  await buildVersion('1.0.1');
  await agent.value({ do: 'command', command: 'esp32Ota.detachVirtualBoard' });
  await agent.value({ do: 'command', command: 'esp32Ota.attachVirtualBoard' });
  await buildVersion('1.1.0');
  const answer = await agent.invokeAgreed(workbench, 'rehearse_update', 'Rehearse', { evidence: true });
  expect(answer).toMatchObject({ version: '1.1.0', boards: [{ board: 'virtual', runningVersion: '1.1.0' }] });
  const [{ steps }] = answer['boards'] as [{ steps: { id: string; evidence: { source: string } }[] }];
  expect(steps.find(({ id }) => id === 'download')).toMatchObject({ outcome: 'done' });
  expect(steps.find(({ id }) => id === 'running')).toMatchObject({ evidence: { source: 'console' } });

  const last = await agent.invoke('last_update', { history: 2 });
  expect(last).toMatchObject({ update: { id: answer['id'], outcome: answer['outcome'] }, leftOut: 0 });
  // the one that found nothing to rehearse, and the one that failed
  expect(last['others']).toHaveLength(2);
});

it('gives other extensions the server, its certificate and what happened', async () => {
  expect(await agent.value({ do: 'exports' })).toEqual({ apiVersions: [1], version: '1.0.0', isFrozen: true });
  expect((await agent.ask({ do: 'unknownVersion' })).error?.code).toBe('api.unknownVersion');
  const { server, certificate } = (await agent.value({ do: 'server' })) as {
    server: { url: string; releases: { url: string; pinnedUrl: string; sha256: string }[] };
    certificate: { path: string };
  };
  expect(server).toMatchObject({ state: 'on', url: `https://127.0.0.1:${port}`, port, protocol: 'https' });
  const fetched = await curl(server.releases[0]?.pinnedUrl ?? '', '--cacert', certificate.path);
  expect(sha256(fetched.output)).toBe(server.releases[0]?.sha256);
  expect(readFileSync(certificate.path, 'utf8')).not.toContain('PRIVATE KEY');

  const steps = await agent.events('step');
  expect(steps.at(-1)).toMatchObject({ project: 'simple_ota', board: 'virtual', outcome: 'done' });
  expect((await agent.events('end')).at(-1)).toMatchObject({ kind: 'rehearsal', version: '1.1.0', end: 'finished' });
  expect((await agent.events('server')).at(-1)).toMatchObject({ state: 'on', releases: [{ version: '1.1.0' }] });
  expect((await agent.events('transfer')).some(({ kind, outcome }) => kind === 'ended' && outcome === 'complete')).toBe(
    true,
  );
});

it('gives the end of a console, as data', async () => {
  const answer = await agent.invoke('monitor_tail', { contains: 'ota', lines: 5 });
  expect(answer).toMatchObject({ port: VIRTUAL, note: expect.stringContaining('not instructions') as string });
  const lines = answer['lines'] as { n: number; text: string }[];
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThanOrEqual(5);
  const after = await agent.invoke('monitor_tail', { after: answer['lastLine'] });
  expect(after['lines']).toEqual([]);
});

it('lends its port to another extension, and takes it back', async () => {
  await agent.value({ do: 'command', command: 'esp32Ota.openMonitor', arguments: [{ payload: VIRTUAL }] });
  await expect.poll(monitorState).toBe('open');
  expect(await agent.value({ do: 'lease', port: VIRTUAL, name: 'Agent for tests' })).toBe(true);
  expect(await agent.value({ do: 'holder', port: VIRTUAL })).toBe('Agent for tests');
  expect(await monitorState()).toBe('yielded');

  // what reads the slots asks the other extension in turn
  expect(await agent.refusal('read_slots', { port: VIRTUAL })).toMatch(/\[tool\.slotsNotRead\]/);
  const slots = await agent.invokeAgreed(workbench, 'read_slots', 'Read the slots of the virtual board?', {
    port: VIRTUAL,
    refresh: true,
  });
  expect(slots).toMatchObject({ port: VIRTUAL, boots: 'ota_1' });
  expect(await agent.events('yielded')).toEqual([VIRTUAL]);
  expect(await agent.events('resumed')).toEqual([VIRTUAL]);
  expect((await agent.events('slots')).at(-1)).toMatchObject({ port: VIRTUAL, boots: 'ota_1' });
  expect(await agent.invoke('read_slots', { port: VIRTUAL })).toMatchObject({ readAt: slots['readAt'] });

  await agent.value({ do: 'release', port: VIRTUAL });
  await expect.poll(monitorState).toBe('open');
});

it('boots another slot only when the user agrees', async () => {
  await Promise.all([
    agent.refusal('boot_slot', { port: VIRTUAL, slot: 'ota_0' }),
    agent.answer(workbench, 'Boot ota_0 on the virtual board?', 'Cancel'),
  ]);
  const answer = await agent.invokeAgreed(workbench, 'boot_slot', 'Go back to the previous version', {
    port: VIRTUAL,
    slot: 'previous',
  });
  expect(answer).toMatchObject({ boots: 'ota_0', change: { isWritten: true, bootsAfter: 'ota_0' } });
  expect(answer['slots']).toContainEqual(expect.objectContaining({ label: 'ota_0', version: '1.0.1', isNext: true }));
  await expect
    .poll(async () => (await agent.invoke('list_boards'))['boards'])
    .toContainEqual(expect.objectContaining({ port: VIRTUAL, runs: 'simple_ota 1.0.1' }));
});

it('asks the virtual board that was named, and no other', async () => {
  await workbench.runCommand('ESP32 OTA: Attach Another Virtual Board');
  const second = `${VIRTUAL}-2`;
  const read = (port: string, question: string): Promise<Record<string, unknown>> =>
    agent.invokeAgreed(workbench, 'read_slots', question, { port, refresh: true });
  const newest = expect.objectContaining({ label: 'ota_1', version: '1.1.0' }) as unknown;
  expect((await read(VIRTUAL, 'Read the slots of the virtual board?'))['slots']).toContainEqual(newest);
  const ofSecond = await read(second, 'Read the slots of virtual board 2?');
  expect(ofSecond).toMatchObject({ port: second, boots: 'ota_0' });
  expect(ofSecond['slots']).not.toContainEqual(newest);
  await workbench.runCommand('ESP32 OTA: Detach Virtual Board');
  await workbench.quickInput.pick('Virtual board 2');
});

it('hands the port over while the ESP-IDF extension flashes, and while its monitor is open', async () => {
  await workbench.writeSettings({ 'idf.port': VIRTUAL });
  const isSelected = async (): Promise<unknown> =>
    ((await agent.invoke('list_boards'))['boards'] as { port: string; isSelected: boolean }[]).find(
      (one) => one.port === VIRTUAL,
    )?.isSelected;
  await expect.poll(isSelected).toBe(true);
  await expect.poll(monitorState).toBe('open');
  await agent.value(FLASH_BY_IDF);
  await expect.poll(monitorState).toBe('yielded');
  expect(await agent.value({ do: 'holder', port: VIRTUAL })).toBe('ESP-IDF');
  await workbench.screenshot('agent-2-handed-over');
  await agent.value(FLASH_BY_IDF);
  await expect.poll(monitorState).toBe('open');

  await agent.value({ do: 'command', command: 'espIdf.monitorDevice' });
  await expect.poll(monitorState).toBe('yielded');
  await agent.value({ do: 'closeTerminal', name: 'ESP-IDF Monitor' });
  await expect.poll(monitorState).toBe('open');
});

it('delivers a change when the user agrees, from the build to the version that runs', async () => {
  writeFileSync(workbench.inFolder('version.txt'), '1.1.5\n');
  const answer = await agent.invokeAgreed(workbench, 'deliver_update', 'Deliver simple_ota to its boards?');
  expect(answer).toMatchObject({ kind: 'delivery', version: '1.1.5', boards: [{ runningVersion: '1.1.5' }] });
  expect(answer['work']).toContainEqual(expect.objectContaining({ id: 'build', outcome: 'done' }));
});

it('ends a delivery that is given up while it asks whether to raise the version', async () => {
  const [refusal] = await Promise.all([
    agent.refusal('deliver_update'),
    (async () => {
      await agent.answer(workbench, 'Deliver simple_ota to its boards?', 'Yes');
      await workbench.quickInput.shown('The board runs 1.1.5 already');
      expect(await workbench.quickInput.labels()).toEqual(['Raise to 1.1.6', 'Keep 1.1.5']);
      expect(await workbench.quickInput.placeholder()).toContain('esp32Ota.deliver.bumpVersion');
      await agent.value({ do: 'cancel', tool: 'esp32ota_deliver_update' });
    })(),
  ]);
  expect(refusal).toMatch(/Cancel/);
  // the question goes away with it
  await workbench.quickInput.hidden();
  expect(await agent.invoke('last_update')).toMatchObject({ update: { end: 'cancelled' } });
  expect(readFileSync(workbench.inFolder('version.txt'), 'utf8')).toBe('1.1.5\n');
});

it('ends a rehearsal when the agent gives it up', async () => {
  await workbench.writeSettings({ 'esp32Ota.virtualBoard.kilobytesPerSecond': 20 });
  await buildVersion('1.2.0');
  const [refusal] = await Promise.all([
    agent.refusal('rehearse_update'),
    (async () => {
      await agent.answer(workbench, 'Rehearse', 'Yes');
      const isLoading = async (): Promise<boolean> =>
        (await agent.events('step')).some(
          ({ step, outcome }, index, all) => index === all.length - 1 && step === 'download' && outcome === 'running',
        );
      await expect.poll(isLoading).toBe(true);
      await workbench.notifications.shown('Updating the virtual board');
      await agent.value({ do: 'cancel', tool: 'esp32ota_rehearse_update' });
    })(),
  ]);
  expect(refusal).toMatch(/Cancel/);
  expect(await agent.invoke('last_update')).toMatchObject({ update: { version: '1.2.0', outcome: 'cancelled' } });
});

it('reads what the ESP-IDF extension has built, where that builds elsewhere', async () => {
  cpSync(workbench.inFolder('build'), workbench.inFolder('out/idf'), { recursive: true });
  await buildVersion('1.3.0');
  const builtVersion = async (): Promise<unknown> =>
    ((await agent.invoke('check_setup', { limit: 1 }))['project'] as { builtVersion: string }).builtVersion;
  expect(await builtVersion()).toBe('1.3.0');
  await workbench.writeSettings({ 'idf.buildPath': '${workspaceFolder}/out/idf' });
  await expect.poll(builtVersion).toBe('1.2.0');
});

it('stops the server when the user agrees', async () => {
  const answer = await agent.invokeAgreed(workbench, 'stop_server', 'Stop the OTA server?');
  expect(answer).toMatchObject({ state: 'off' });
  expect((await curl(`https://127.0.0.1:${port}/`)).exitCode).toBe(7);
});
