import { CancellationError, LanguageModelTextPart, LanguageModelToolResult } from 'vscode';
import { isOtaError } from '../../base/ota-error.ts';
import type { ToolName } from '../../texts/contributions.ts';
import type { WindowSession } from '../window-session.ts';
import type { Agreements } from './agreements.ts';
import { answerText } from './output.ts';
import { secretsOf } from './secrets.ts';
import type { Tool } from './tool.ts';
import { toolError } from './tool-error.ts';

/** Runs a tool: its answer as text, its failure as an error that says the way out, cancelling as cancelling. */
export async function runTool(
  session: WindowSession,
  name: ToolName,
  tool: Tool,
  input: unknown,
  agreements: Agreements,
  signal: AbortSignal,
): Promise<LanguageModelToolResult> {
  try {
    if (signal.aborted) throw new CancellationError();
    // at once before it runs: nothing can change between the two
    const { agreed } = tool.prepare(session, input);
    if (agreed !== undefined) agreements.mustMatch(name, input, agreed);
    const answer = await tool.run(session, input, signal);
    const text = answerText(answer, secretsOf(session.projects.project));
    session.log.info(`tool ${name}: ${text.length} characters`);
    return new LanguageModelToolResult([new LanguageModelTextPart(text)]);
  } catch (error) {
    throw failure(session, name, error);
  }
}

/** What a caller is told, and what stands in the log. */
export function failure(session: WindowSession, name: ToolName, error: unknown): Error {
  if (isOtaError(error, 'cancelled') || error instanceof CancellationError) return new CancellationError();
  const told = toolError(error, secretsOf(session.projects.project));
  session.log.warn(`tool ${name}: ${told.message}`);
  return told;
}
