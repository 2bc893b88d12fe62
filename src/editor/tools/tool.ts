import type { PreparedToolInvocation } from 'vscode';
import { withoutLinks } from '../../base/plain-text.ts';
import { requireTrust } from '../commands/run.ts';
import type { WindowSession } from '../window-session.ts';
import type { ToolValue } from './output.ts';

/** A tool as its file gives it. Both throw an {@link OtaError} for what is wrong, `tool.badInput` among them. */
export interface Tool {
  /** What the user reads before and while it runs. Looks only, and changes nothing: it may be asked without a run behind it. */
  prepare(session: WindowSession, input: unknown): PreparedToolInvocation;
  /** Runs it to its end; cancelling is `cancelled`. */
  run(session: WindowSession, input: unknown, signal: AbortSignal): Promise<ToolValue>;
}

/** What a tool says that changes nothing and asks nobody. */
export function says(invocationMessage: string): PreparedToolInvocation {
  return { invocationMessage: withoutLinks(invocationMessage) };
}

/** What a tool says that the user has to agree to first. Where it would be refused anyway, nobody is asked.
 * @throws {OtaError} `command.untrusted` */
export function asks(invocationMessage: string, title: string, message: string): PreparedToolInvocation {
  requireTrust();
  // names of projects and ports are in them, and a chat shows Markdown
  return {
    invocationMessage: withoutLinks(invocationMessage),
    confirmationMessages: { title: withoutLinks(title), message: withoutLinks(message) },
  };
}
