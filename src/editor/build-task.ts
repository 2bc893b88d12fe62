import {
  ProcessExecution,
  ShellExecution,
  Task,
  TaskGroup,
  TaskRevealKind,
  TaskScope,
  l10n,
  tasks,
  workspace,
  type Disposable,
  type TaskDefinition,
  type TaskExecution,
  type TaskProvider,
  type WorkspaceFolder,
} from 'vscode';
import { isAbsolute, join } from 'node:path';
import { OtaError } from '../base/ota-error.ts';
import { findBuildInvocation, type BuildInvocation } from '../idf/build-environment.ts';
import { TASK_TYPE } from '../texts/contributions.ts';
import { deliverTask, type DeliverAsTask } from './deliver-task.ts';
import { idfBuildFolder, idfFolder } from './interop/idf-settings.ts';
import { readSettings } from './settings.ts';

/** A task as tasks.json spells it. */
interface BuildDefinition extends TaskDefinition {
  readonly task: 'build' | 'deliver';
  readonly project?: string;
}

/** How the project is built, by settings and environment.
 * @throws {OtaError} `build.noEnvironment` when no command is set and no ESP-IDF is known. */
export function buildInvocation(projectFolder: string, folder: WorkspaceFolder | undefined): BuildInvocation {
  const { values } = readSettings(folder);
  const builtElsewhere = idfBuildFolder(projectFolder);
  const invocation = findBuildInvocation({
    command: values['build.command'],
    idfPath: values['build.idfPath'],
    idfPathVariable: process.env['IDF_PATH'],
    espIdfExtensionPath: idfFolder(folder),
    buildFolder: builtElsewhere === join(projectFolder, 'build') ? undefined : builtElsewhere,
    platform: process.platform,
  });
  if (invocation === undefined) throw new OtaError('build.noEnvironment', { path: projectFolder });
  return invocation;
}

function executionOf(
  { commandLine, shell, environment, program }: BuildInvocation,
  cwd: string,
): ShellExecution | ProcessExecution {
  const options = { cwd, env: { ...environment } };
  if (program !== undefined) return new ProcessExecution(program.path, [...program.args], options);
  // without a shell of its own, VS Code takes that of the user's terminals
  const inShell = shell === undefined ? {} : { executable: shell.path, shellArgs: [...shell.args] };
  return new ShellExecution(commandLine, { ...options, ...inShell });
}

function buildTask(projectFolder: string, folder: WorkspaceFolder | undefined, definition: BuildDefinition): Task {
  const invocation = buildInvocation(projectFolder, folder);
  const task = new Task(
    definition,
    folder ?? TaskScope.Workspace,
    l10n.t('build'),
    'ESP32 OTA',
    executionOf(invocation, projectFolder),
    ['$gcc'],
  );
  task.group = TaskGroup.Build;
  task.presentationOptions = { reveal: TaskRevealKind.Always, clear: true, showReuseMessage: false };
  return task;
}

/** Offers build and delivery in "Run Task", and fills in tasks.json entries of our type. A delivery is always that of the selected project. */
export function registerBuildTasks(
  selected: () => { folder: string; workspaceFolder: WorkspaceFolder | undefined } | undefined,
  delivery: { readonly run: DeliverAsTask; readonly cancel: () => void },
): Disposable {
  const provider: TaskProvider = {
    provideTasks: () => {
      const project = selected();
      if (project === undefined || !workspace.isTrusted) return [];
      const deliver = deliverTask(project.workspaceFolder, delivery.run, delivery.cancel);
      try {
        return [buildTask(project.folder, project.workspaceFolder, { type: TASK_TYPE, task: 'build' }), deliver];
      } catch {
        return [deliver]; // no ESP-IDF known: the command says so, a list of tasks need not
      }
    },
    resolveTask: (task) => {
      const definition = task.definition as BuildDefinition;
      const scope = typeof task.scope === 'object' ? task.scope : undefined;
      if (definition.task === 'deliver') return deliverTask(scope, delivery.run, delivery.cancel);
      const root = scope?.uri.fsPath ?? workspace.workspaceFolders?.[0]?.uri.fsPath;
      const named = definition.project;
      const folder =
        named === undefined
          ? selected()?.folder
          : isAbsolute(named)
            ? named
            : root === undefined
              ? undefined
              : join(root, named);
      return folder === undefined ? undefined : buildTask(folder, scope, definition);
    },
  };
  return tasks.registerTaskProvider(TASK_TYPE, provider);
}

/** Whether a build of the project goes on that {@link runBuild} has started. */
export function isBuilding(projectFolder: string): boolean {
  return building.has(projectFolder);
}

const building = new Set<string>();

/** Runs the build and waits for its end. Two builds at once would write the same files: see {@link isBuilding}.
 * @throws {OtaError} `build.noEnvironment`, `build.failed` with the exit code, `cancelled` */
export async function runBuild(
  projectFolder: string,
  folder: WorkspaceFolder | undefined,
  signal: AbortSignal,
): Promise<void> {
  building.add(projectFolder);
  try {
    await runTask(projectFolder, folder, signal);
  } finally {
    building.delete(projectFolder);
  }
}

async function runTask(projectFolder: string, folder: WorkspaceFolder | undefined, signal: AbortSignal): Promise<void> {
  const task = buildTask(projectFolder, folder, { type: TASK_TYPE, task: 'build' });
  const ended = new Promise<number | undefined>((resolve, reject) => {
    let execution: TaskExecution | undefined;
    const stop = (): void => {
      // what has not started yet is ended as soon as it has
      if (execution === undefined) finish();
      else execution.terminate();
    };
    const subscriptions = [
      tasks.onDidEndTaskProcess((event) => {
        if (event.execution === execution) finish(event.exitCode);
      }),
      // a task whose process never started ends without a process event
      tasks.onDidEndTask((event) => {
        if (event.execution === execution) setTimeout(finish, 200);
      }),
    ];
    const release = (): void => {
      for (const subscription of subscriptions) subscription.dispose();
      signal.removeEventListener('abort', stop);
    };
    const finish = (exitCode?: number): void => {
      release();
      resolve(exitCode);
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    tasks.executeTask(task).then(
      (started) => {
        execution = started;
        if (signal.aborted) started.terminate();
      },
      (error: unknown) => {
        release();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
  const exitCode = await ended;
  if (signal.aborted) throw new OtaError('cancelled', { what: 'build' });
  if (exitCode !== 0) throw new OtaError('build.failed', { exitCode: exitCode ?? -1, path: projectFolder });
}
