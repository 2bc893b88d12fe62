import { systemClock } from './base/clock.ts';
import { DisposableStore } from './base/disposable.ts';
import { diskFiles } from './base/files.ts';
import type { Esp32OtaExports } from './editor/api/api.ts';
import { createExports } from './editor/api/exports.ts';
import { registerBuildTasks } from './editor/build-task.ts';
import { registerCommands } from './editor/commands/command-table.ts';
import { setContext } from './editor/context.ts';
import { VIEWS } from './texts/contributions.ts';
import { describeGit } from './ota/describe-git.ts';
import type { Panels } from './editor/panels/panels.ts';
import { BoardSession, virtualRow } from './editor/sessions/board-session.ts';
import { CertificateSession } from './editor/sessions/certificate-session.ts';
import { CrashSession } from './editor/sessions/crash-session.ts';
import { DeliverSession } from './editor/sessions/deliver-session.ts';
import { registerFindingActions } from './editor/doctor-actions.ts';
import { registerLogHelp } from './editor/log-help.ts';
import { DoctorSession } from './editor/sessions/doctor-session.ts';
import { FaultSession } from './editor/sessions/fault-session.ts';
import { FlashSession } from './editor/sessions/flash-session.ts';
import { MonitorSession } from './editor/sessions/monitor-session.ts';
import { virtualNumberOf } from './ota/virtual-port.ts';
import { PortSession } from './editor/sessions/port-session.ts';
import { ProjectSession } from './editor/sessions/project-session.ts';
import { ServerSession } from './editor/sessions/server-session.ts';
import { SlotSession } from './editor/sessions/slot-session.ts';
import { createFaultItem } from './editor/fault-item.ts';
import { reportError } from './editor/report-error.ts';
import { reportInvalidSettings } from './editor/setting-problems.ts';
import { createPortItem, createStatusBarItem } from './editor/status-bar.ts';
import { watchPortUse } from './editor/interop/port-handover.ts';
import { TextPages } from './editor/text-pages.ts';
import { registerTools } from './editor/tools/tool-table.ts';
import { resumeWalkthrough, watchWalkthrough } from './editor/walkthrough.ts';
import { NodeView } from './editor/views/tree-node.ts';
import type { CreateVirtualDevice } from './ota/virtual-device.ts';
import { useLanguage } from './texts/language.ts';
import type { WindowSession } from './editor/window-session.ts';
import type { PortLeases } from './serial/port-lease.ts';
import type { CertificateStore } from './server/certificate-store.ts';
import { join } from 'node:path';
import { l10n, window, workspace, type ExtensionContext, type OutputChannel, env } from 'vscode';

/** What VS Code gives a window that closes is 5 s; a board is restarted and a port closed in less.
 * @see VS Code, `AbstractExtHostExtensionService.terminate` */
const END_MS = 3000;

let endWindow: (() => Promise<unknown>) | undefined;

/** Leaves nothing behind: no board in its loader, no port taken, no server. */
export async function deactivate(): Promise<void> {
  await endWindow?.();
}

/** Builds the rooms, connects them and registers what the editor shows. Heavy parts load when they are needed for the first time. */
export function activate(context: ExtensionContext): Esp32OtaExports {
  useLanguage({ tag: env.language, bundle: l10n.bundle });
  const store = new DisposableStore();
  context.subscriptions.push(store);
  const log = store.add(window.createOutputChannel('ESP32 OTA', { log: true }));

  const consoles = new Map<number, OutputChannel>();
  const consoleChannel = (number: number): OutputChannel => {
    const name = number === 1 ? l10n.t('ESP32 OTA: Virtual Board') : l10n.t('ESP32 OTA: Virtual Board {0}', number);
    const channel = consoles.get(number) ?? store.add(window.createOutputChannel(name));
    consoles.set(number, channel);
    return channel;
  };

  let certificates: Promise<CertificateStore> | undefined;
  const certificateStore = (): Promise<CertificateStore> =>
    (certificates ??= import('./server/certificate-store.ts').then(
      (room) => new room.CertificateStore(context.globalStorageUri.fsPath, diskFiles),
    ));

  const projects = store.add(new ProjectSession(diskFiles, context.workspaceState, log, describeGit));
  const certificateSession = store.add(new CertificateSession(certificateStore, context.globalState, projects));
  const server = store.add(new ServerSession(projects, certificateSession, diskFiles, log));
  const create: CreateVirtualDevice = async (plan) =>
    new (await import('./virtual-board/wired-board.ts')).WiredBoard(plan);
  const board = store.add(
    new BoardSession({
      create,
      projects,
      files: diskFiles,
      log,
      console: consoleChannel,
    }),
  );
  const deliver = store.add(
    new DeliverSession({
      projects,
      server,
      boards: board,
      isTesting: (): boolean => faults.isTesting,
      files: diskFiles,
      log,
      folder: join(context.globalStorageUri.fsPath, 'updates'),
    }),
  );
  const ports = store.add(new PortSession(context.globalState, log));
  let portLeases: Promise<PortLeases> | undefined;
  // windows of one user, of any editor, and the command line lock each other out through files
  const leases = (): Promise<PortLeases> =>
    (portLeases ??= Promise.all([import('./serial/port-lease.ts'), import('./serial/lock-folder.ts')]).then(
      ([room, { portLockFolder }]) =>
        new room.PortLeases({ windows: { directory: portLockFolder(), windowId: env.sessionId }, logger: log }),
    ));
  const flash = store.add(
    new FlashSession({
      ports,
      leases,
      binding: (name) => board.bindingOf(name),
      cache: async () =>
        (await import('./flash/image-cache.ts')).directoryCache(
          join(context.globalStorageUri.fsPath, 'flashed'),
          diskFiles,
        ),
      log,
    }),
  );
  const crashes = new CrashSession(projects, diskFiles, log);
  const monitors = store.add(
    new MonitorSession({
      ports,
      projects,
      leases,
      binding: (name) => board.bindingOf(name),
      decode: (crash, view, what) => crashes.decode(crash, view, what),
      logFolder: join(context.globalStorageUri.fsPath, 'logs'),
      log,
    }),
  );
  const faults = store.add(
    new FaultSession({
      create,
      projects,
      certificates: certificateSession,
      server,
      monitors,
      delivered: (): string | undefined =>
        deliver.isRunning ? (deliver.running?.project ?? projects.project?.name ?? '') : undefined,
      files: diskFiles,
      log,
    }),
  );
  store.add(
    monitors.onCrash((crash) => {
      crashes.tell(crash).catch((error: unknown) => {
        reportError(error, log);
      });
    }),
  );
  store.add(crashes.registerLinks());
  const slots = store.add(new SlotSession({ flash, ports, projects, server, monitors }));
  const doctor = store.add(
    new DoctorSession({
      files: diskFiles,
      projects,
      certificates: certificateSession,
      server,
      ports,
      slots,
      board,
      monitors,
      log,
      extensionUri: context.extensionUri,
    }),
  );
  store.add(registerFindingActions(doctor));
  store.add(registerLogHelp(() => projects.project?.idfVersion));
  const pages = store.add(new TextPages());
  let openPanels: Promise<Panels> | undefined;
  const panels = (): Promise<Panels> =>
    (openPanels ??= import('./editor/panels/panels.ts').then((room) =>
      store.add(new room.Panels(session, context.extensionUri)),
    ));
  const session: WindowSession = {
    files: diskFiles,
    log,
    extensionFolder: context.extensionUri.fsPath,
    memento: context.globalState,
    projects,
    certificates: certificateSession,
    certificateStore,
    server,
    board,
    deliver,
    faults,
    ports,
    flash,
    slots,
    monitors,
    doctor,
    showSetup: () => firmware.reveal('setup', 'setup-ready'),
    showText: (name, text) => pages.show(name, text),
    showPort: async (address) => {
      const number = virtualNumberOf(address);
      await devices.reveal(number === undefined ? `port/${address}` : virtualRow(number));
    },
    showDifference: (title, name, before, after) => pages.showDifference(title, name, before, after),
    showFlashMap: async (address) => {
      (await panels()).showFlashMap(address);
    },
    showTimeline: async (timeline, before = []) => {
      (await panels()).showTimeline(timeline, before);
    },
    showConsole: () => {
      consoleChannel(board.boards[0]?.number ?? 1).show(true);
    },
  };

  endWindow = () =>
    Promise.race([
      Promise.allSettled([flash.end(), deliver.end(), monitors.end(), server.stop()]).then(async () =>
        (await portLeases)?.releaseAll(),
      ),
      new Promise<void>((resolve) => systemClock.after(END_MS, resolve)),
    ]);

  store.add(registerCommands(session));
  store.add(registerTools(session));
  store.add(watchPortUse({ leases, monitored: () => monitors.monitors.map(({ address }) => address), log }));
  store.add(
    registerBuildTasks(() => selectedProject(session), {
      run: async (say) => (await import('./editor/commands/deliver-commands.ts')).deliverAsTask(session, say),
      cancel: () => {
        deliver.cancel();
      },
    }),
  );
  store.add(createStatusBarItem(server, certificateSession));
  store.add(createFaultItem(server));
  store.add(createPortItem(projects, ports, flash));
  const rows = () => import('./editor/views/rows.ts');
  const firmware = store.add(
    new NodeView(VIEWS.firmware, async () => (await rows()).firmware(session), [
      projects.onChange,
      server.onChange,
      certificateSession.onChange,
      doctor.onChange,
    ]),
  );
  const devices = store.add(
    new NodeView(VIEWS.devices, async () => (await rows()).devices(session), [
      board.onChange,
      server.onChange,
      ports.onChange,
      flash.onChange,
      slots.onChange,
      projects.onChange,
      monitors.onChange,
    ]),
  );
  const updates = store.add(
    new NodeView(VIEWS.updates, async () => (await rows()).updates(session), [deliver.onChange, projects.onChange]),
  );
  const loadUpdates = (): void => {
    if (updates.view.visible) void deliver.load();
  };
  store.add(updates.view.onDidChangeVisibility(loadUpdates));
  store.add(projects.onChange(loadUpdates));
  // ports are looked for while somebody may look at them
  const watchPorts = (): void => {
    if (devices.view.visible && workspace.isTrusted) void ports.watch();
  };
  store.add(devices.view.onDidChangeVisibility(watchPorts));
  store.add(workspace.onDidGrantWorkspaceTrust(watchPorts));
  watchPorts();

  const updateContext = (): void => {
    setContext('hasProject', projects.project !== undefined);
    setContext('hasImage', projects.project?.app !== undefined);
    setContext('serverState', server.state.kind);
    setContext('hasRelease', server.releases.newest().length > 0);
    setContext('hasAddedImage', server.addedImages.length > 0);
    setContext('hasVirtualBoard', board.board !== undefined);
    setContext('isUpdating', deliver.isRunning);
    setContext('hasUpdates', deliver.deliveries.length > 0);
    setContext('hasFault', server.fault !== undefined);
    setContext('isTestingFaults', faults.isTesting);
    setContext('isFlashing', flash.activity !== undefined);
    setContext('hasMonitor', monitors.monitors.length > 0);
    setContext(
      'hasRemotePort',
      ports.ports.some((port) => port.kind === 'remote'),
    );
  };
  for (const event of [
    projects.onChange,
    server.onChange,
    board.onChange,
    deliver.onChange,
    faults.onChange,
    ports.onChange,
    flash.onChange,
    monitors.onChange,
  ])
    store.add(event(updateContext));
  // a virtual board that was attached again is there at once
  store.add(
    board.onChange(() => {
      monitors.lookAgain();
    }),
  );
  store.add(
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration('esp32Ota')) reportInvalidSettings(log);
    }),
  );
  updateContext();
  setContext('isActive', true);
  reportInvalidSettings(log);
  const watchSteps = async (): Promise<void> => {
    store.add((await import('./editor/first-steps.ts')).watchFirstSteps(session));
  };
  void projects
    .refresh()
    .catch((error: unknown) => {
      reportError(error, log);
    })
    .then(() => {
      setContext('hasLooked', true);
      store.add(watchWalkthrough(watchSteps));
      return resumeWalkthrough(context.globalState);
    })
    .catch((error: unknown) => {
      log.debug(String(error)); // an editor without walkthroughs
    });
  return store.add(
    createExports({
      session,
      leases,
      isTrusted: () => workspace.isTrusted,
      folder: join(context.globalStorageUri.fsPath, 'trust'),
    }),
  ).exports;
}

function selectedProject({ projects }: WindowSession): ReturnType<Parameters<typeof registerBuildTasks>[0]> {
  return projects.project === undefined
    ? undefined
    : { folder: projects.project.folder, workspaceFolder: projects.workspaceFolder() };
}
