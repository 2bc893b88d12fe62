import { mkdtempSync, readFileSync, existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { AgentAnswer, AgentQuestion } from './agent-extension/protocol.ts';
import { useWorkbench } from './harness/use-workbench.ts';
import { waitUntil } from './harness/wait-until.ts';
import { buildOutside, curl, serverPort } from './outside.ts';

// What an agent and other extensions get: the tools through VS Code's own language model API, and the exported API, both called by an
// extension of their own (agent-extension/), beside a stand-in for the ESP-IDF extension (idf-extension/).
const portFile = path.join(mkdtempSync(path.join(os.tmpdir(), 'esp32-ota-agent-')), 'port');
const port = await serverPort();
const VIRTUAL = 'virtual://board';

const workbench = useWorkbench({
  companions: ['agent-extension', 'idf-extension'],
  settings: { 'agentTest.portFile': portFile, 'esp32Ota.server.port': port },
  prepare: (folder) => {
    buildOutside(folder);
  },
});

/** Asks the agent. It answers when it is done, however long that takes. */
async function ask(question: AgentQuestion): Promise<AgentAnswer> {
  await waitUntil(() => existsSync(portFile), 'the agent');
  const url = `http://127.0.0.1:${readFileSync(portFile, 'utf8')}/`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(question) });
  return (await response.json()) as AgentAnswer;
}

async function value(question: AgentQuestion): Promise<unknown> {
  const { value: given, error } = await ask(question);
  expect(error).toBeUndefined();
  return given;
}

interface Answer {
  readonly [name: string]: unknown;
}

/** What a tool answers: one text, JSON. */
async function invoke(tool: string, input: object = {}): Promise<Answer> {
  const given = await value({ do: 'invoke', tool: `esp32ota_${tool}`, input });
  expect(given).toHaveLength(1);
  return JSON.parse((given as string[])[0] ?? '') as Answer;
}

/** As {@link invoke}, with the user's consent to what the dialog says. */
async function invokeAgreed(tool: string, question: string | RegExp, input: object = {}): Promise<Answer> {
  const [answer] = await Promise.all([
    invoke(tool, input),
    workbench.dialogs.shown().then(async ({ message, buttons }) => {
      expect(message).toMatch(question);
      await workbench.dialogs.click(buttons[0] ?? '');
    }),
  ]);
  return answer;
}

it('offers its tools to language models', async () => {
  const tools = (await value({ do: 'tools' })) as { name: string; tags: string[] }[];
  expect(tools.map(({ name }) => name).sort()).toEqual([
    'esp32ota_boot_slot',
    'esp32ota_check_setup',
    'esp32ota_deliver_update',
    'esp32ota_last_update',
    'esp32ota_list_boards',
    'esp32ota_monitor_tail',
    'esp32ota_read_slots',
    'esp32ota_rehearse_update',
    'esp32ota_server_status',
    'esp32ota_start_server',
    'esp32ota_stop_server',
  ]);
});

it('tells an agent what stands in the way of an update', async () => {
  const answer = await invoke('check_setup', { severity: 'warning', limit: 3 });
  expect(answer['project']).toMatchObject({ name: 'simple_ota', builtVersion: '1.0.0' });
  expect((answer['findings'] as unknown[]).length).toBeLessThanOrEqual(3);
  const { error } = await ask({ do: 'invoke', tool: 'esp32ota_check_setup', input: { limit: 5000 } });
  expect(error?.message).toMatch(/limit.*from 1 to 100.*tool\.badInput/);
});

it('asks the user before it starts the server, and starts none when told not to', async () => {
  expect(await invoke('server_status')).toMatchObject({ state: 'off', port, releases: [] });
  const [refused] = await Promise.all([
    ask({ do: 'invoke', tool: 'esp32ota_start_server', input: {} }),
    workbench.dialogs.shown().then(async ({ message, detail }) => {
      expect(message).toContain('Start the OTA server?');
      expect(detail).toContain(`:${port}`);
      await workbench.screenshot('agent-1-confirm');
      await workbench.dialogs.cancel();
    }),
  ]);
  expect(refused.error?.name).toMatch(/Cancel/);
  expect(await invoke('server_status')).toMatchObject({ state: 'off' });
});

it('rehearses an update for an agent and tells every step', async () => {
  const answer = await invokeAgreed('rehearse_update', 'Rehearse the update on a virtual board?', { evidence: true });
  expect(answer).toMatchObject({ kind: 'rehearsal', outcome: 'delivered', version: '1.0.0' });
  void curl;
});
