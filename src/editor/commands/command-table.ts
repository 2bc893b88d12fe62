import { commands } from 'vscode';
import { DisposableStore, type Disposable } from '../../base/disposable.ts';
import { commandId, COMMANDS, type CommandName } from '../contributions.ts';
import { reportError } from '../report-error.ts';
import type { WindowSession } from '../window-session.ts';
import * as board from './board-commands.ts';
import * as certificate from './certificate-commands.ts';
import * as flash from './flash-commands.ts';
import * as port from './port-commands.ts';
import * as project from './project-commands.ts';
import type { Handler } from './run.ts';
import * as server from './server-commands.ts';

/** Every command, with what it does. */
const HANDLERS = {
  selectProject: project.selectProject,
  bumpVersion: project.bumpVersion,
  buildFirmware: project.buildFirmware,
  buildMetadata: project.buildMetadata,
  refresh: project.refresh,
  createCertificate: certificate.createCertificate,
  installCertificate: certificate.installCertificate,
  showCertificate: certificate.showCertificate,
  useOwnCertificate: certificate.useOwnCertificate,
  startServer: server.startServer,
  stopServer: server.stopServer,
  toggleServer: server.toggleServer,
  changePort: server.changePort,
  serveImage: server.serveImage,
  stopServing: server.stopServing,
  selectAdvertisedAddress: server.selectAdvertisedAddress,
  copyFirmwareUrl: server.copyFirmwareUrl,
  showServerLog: server.showServerLog,
  rehearseUpdate: board.rehearseUpdate,
  cancelUpdate: board.cancelUpdate,
  attachVirtualBoard: board.attachVirtualBoard,
  detachVirtualBoard: board.detachVirtualBoard,
  showBoardConsole: board.showBoardConsole,
  selectPort: port.selectPort,
  addRemotePort: port.addRemotePort,
  removeRemotePort: port.removeRemotePort,
  openVirtualLine: port.openVirtualLine,
  flashProject: flash.flashProject,
  flashProjectFully: flash.flashProjectFully,
  flashApp: flash.flashApp,
  flashImageToPartition: flash.flashImageToPartition,
  eraseFlash: flash.eraseFlash,
  readFlash: flash.readFlash,
  chipInformation: flash.chipInformation,
  resetBoard: flash.resetBoard,
  cancelFlash: flash.cancelFlash,
} as const satisfies Record<CommandName, Handler>;

/** Registers every command behind the one error boundary. */
export function registerCommands(session: WindowSession): Disposable {
  const store = new DisposableStore();
  for (const name of COMMANDS) {
    const handler: Handler = HANDLERS[name];
    const run = async (...args: readonly unknown[]): Promise<void> => {
      try {
        await handler(session, ...args);
      } catch (error) {
        reportError(error, session.log);
      }
    };
    store.add(commands.registerCommand(commandId(name), run));
  }
  return store;
}
