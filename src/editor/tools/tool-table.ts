import { lm } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { TOOLS, toolId, type ToolName } from '../../texts/contributions.ts';
import { signalOf } from '../signal.ts';
import type { WindowSession } from '../window-session.ts';
import { Agreements } from './agreements.ts';
import type { Tool } from './tool.ts';

/** Every tool, loaded when it is called for the first time: none of them is needed at start. */
const FILES = {
  list_boards: () => import('./list-boards.ts'),
  check_setup: () => import('./check-setup.ts'),
  server_status: () => import('./server-status.ts'),
  start_server: () => import('./start-server.ts'),
  stop_server: () => import('./stop-server.ts'),
  rehearse_update: () => import('./rehearse-update.ts'),
  deliver_update: () => import('./deliver-update.ts'),
  last_update: () => import('./last-update.ts'),
  read_slots: () => import('./read-slots.ts'),
  boot_slot: () => import('./boot-slot.ts'),
  monitor_tail: () => import('./monitor-tail.ts'),
} as const satisfies Record<ToolName, () => Promise<{ readonly tool: Tool }>>;

/** Registers what package.json declares for language models. */
export function registerTools(session: WindowSession): Disposable {
  const store = new DisposableStore();
  const agreements = new Agreements();
  for (const name of TOOLS) {
    const load: () => Promise<{ readonly tool: Tool }> = FILES[name];
    const runner = () => import('./run-tool.ts');
    store.add(
      lm.registerTool<unknown>(toolId(name), {
        prepareInvocation: async ({ input }) => {
          try {
            const { shown, agreed } = (await load()).tool.prepare(session, input);
            if (agreed !== undefined) agreements.ask(name, input, agreed);
            return shown;
          } catch (error) {
            throw (await runner()).failure(session, name, error);
          }
        },
        invoke: async ({ input }, token) => {
          const [{ tool }, { runTool }] = await Promise.all([load(), runner()]);
          return runTool(session, name, tool, input, agreements, signalOf(token));
        },
      }),
    );
  }
  return store;
}
