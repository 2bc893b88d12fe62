import type { PreparedToolInvocation } from 'vscode';
import { withoutLinks } from '../../base/plain-text.ts';
import { requireTrust } from '../commands/run.ts';
import type { WindowSession } from '../window-session.ts';
import type { ToolValue } from './output.ts';

export interface Prepared {
  readonly shown: PreparedToolInvocation;
  /** What the user agrees to, where somebody is asked: run as long as it is still the same. */
  readonly agreed?: string;
}

/** A tool as its file gives it. Both throw an {@link OtaError} for what is wrong, `tool.badInput` among them. */
export interface Tool {
  /** What the user reads before and while it runs. Looks only, and changes nothing: it may be asked without a run behind it. */
  prepare(session: WindowSession, input: unknown): Prepared;
  /** Runs it to its end; cancelling is `cancelled`. */
  run(session: WindowSession, input: unknown, signal: AbortSignal): Promise<ToolValue>;
}

/** What a tool says that changes nothing and asks nobody. */
export function says(invocationMessage: string): Prepared {
  return { shown: { invocationMessage: withoutLinks(invocationMessage) } };
}

/** What a tool says that the user has to agree to first. Where it would be refused anyway, nobody is asked.
 * @param behind what is meant by the words, such as which board a port is at the moment
 * @throws {OtaError} `command.untrusted` */
export function asks(
  invocationMessage: string,
  title: string,
  message: string,
  ...behind: readonly string[]
): Prepared {
  requireTrust();
  // names of projects and ports are in them, and a chat shows Markdown
  return {
    shown: {
      invocationMessage: withoutLinks(invocationMessage),
      confirmationMessages: { title: withoutLinks(title), message: withoutLinks(message) },
    },
    agreed: JSON.stringify([title, message, ...behind]),
  };
}
