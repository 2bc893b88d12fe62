import { ProgressLocation, commands, workspace, type Progress } from 'vscode';
import { showProgress } from '../messages.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { IdfProject } from '../../idf/project.ts';
import { commandId, type CommandName } from '../../texts/contributions.ts';
import { signalOf } from '../signal.ts';
import type { WindowSession } from '../window-session.ts';

/** Runs a command as a click on it would: what it throws is told to the user. For buttons of messages, which are answered after the command
 * that showed them has ended. */
export async function runCommand(name: CommandName): Promise<void> {
  await commands.executeCommand(commandId(name));
}

export type Handler = (session: WindowSession, ...args: readonly unknown[]) => Promise<void> | void;

/** Runs something that takes a while, with a notification that can cancel it. */
export async function withProgress<T>(
  title: string,
  work: (signal: AbortSignal, progress: Progress<{ message?: string; increment?: number }>) => Promise<T>,
): Promise<T> {
  return showProgress({ location: ProgressLocation.Notification, title, cancellable: true }, (progress, token) =>
    work(signalOf(token), progress),
  );
}

/** @throws {OtaError} `command.noProject` */
export function requireProject(session: WindowSession): IdfProject {
  const { project } = session.projects;
  if (project === undefined) throw new OtaError('command.noProject', {});
  return project;
}

/** @throws {OtaError} `command.untrusted` */
export function requireTrust(): void {
  if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
}
