import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import type { AgentAnswer, AgentQuestion } from '../agent-extension/protocol.ts';
import { toolAnswer } from '../../support/tool-answers.ts';
import type { ToolName } from '../../../src/texts/contributions.ts';
import { waitUntil } from './wait-until.ts';
import type { Workbench } from './workbench.ts';

/** Asks the extension in `agent-extension/`, from outside the editor. Make it before the workbench: its settings tell the extension where to
 * say that it listens. */
export function createAgent() {
  const portFile = path.join(mkdtempSync(path.join(os.tmpdir(), 'esp32-ota-agent-')), 'port');

  const agent = {
    settings: { 'agentTest.portFile': portFile },

    /** The answer comes when the extension is done, however long that takes. */
    async ask(question: AgentQuestion): Promise<AgentAnswer> {
      await waitUntil(() => existsSync(portFile), 'the agent to listen');
      const url = `http://127.0.0.1:${readFileSync(portFile, 'utf8')}/`;
      const response = await fetch(url, { method: 'POST', body: JSON.stringify(question) });
      return (await response.json()) as AgentAnswer;
    },

    async value(question: AgentQuestion): Promise<unknown> {
      const { value, error } = await agent.ask(question);
      expect(error).toBeUndefined();
      return value;
    },

    /** Calls a tool as a model does. What it answers is one text, JSON of the agreed shape. */
    async invoke(tool: ToolName, input: object = {}): Promise<Record<string, unknown>> {
      const parts = (await agent.value({ do: 'invoke', tool: `esp32ota_${tool}`, input })) as string[];
      expect(parts).toHaveLength(1);
      return toolAnswer(tool, parts[0] ?? '');
    },

    /** The message of a tool that fails. */
    async refusal(tool: ToolName, input: object = {}): Promise<string> {
      const { error } = await agent.ask({ do: 'invoke', tool: `esp32ota_${tool}`, input });
      expect(error).toBeDefined();
      return `${error?.name ?? ''} ${error?.message ?? ''}`;
    },

    /** Answers the question that VS Code asks before a tool runs. */
    async answer({ dialogs }: Workbench, question: string, button: 'Yes' | 'Cancel'): Promise<string> {
      const { message, detail } = await dialogs.shown();
      expect(message).toContain(question);
      await dialogs.click(button);
      return detail;
    },

    /** As {@link invoke}, with the user's consent. */
    async invokeAgreed(
      workbench: Workbench,
      tool: ToolName,
      question: string,
      input: object = {},
    ): Promise<Record<string, unknown>> {
      const [answer] = await Promise.all([agent.invoke(tool, input), agent.answer(workbench, question, 'Yes')]);
      return answer;
    },

    /** What the API's events told, newest last. */
    async events(name: string): Promise<Record<string, unknown>[]> {
      const all = (await agent.value({ do: 'events' })) as { name: string; event: Record<string, unknown> }[];
      return all.filter((one) => one.name === name).map(({ event }) => event);
    },
  };
  return agent;
}
