import { readSettings } from '../settings.ts';
import { devicesItems, type DevicesState } from './devices-items.ts';
import { firmwareItems, type FirmwareState } from './firmware-items.ts';
import type { TreeNode } from './tree-node.ts';
import { updatesItems } from './updates-items.ts';
import type { WindowSession } from '../window-session.ts';

/** The rows of the Firmware view. */
export function firmware(session: WindowSession): readonly TreeNode[] {
  return firmwareItems(firmwareState(session));
}

/** The rows of the Devices view. */
export function devices(session: WindowSession): readonly TreeNode[] {
  return devicesItems(devicesState(session));
}

/** The rows of the Updates view. */
export function updates({ deliver }: WindowSession): readonly TreeNode[] {
  return updatesItems(deliver.deliveries);
}

function firmwareState({ projects, server, certificates, doctor }: WindowSession): FirmwareState {
  const { project } = projects;
  return {
    project,
    folderName: project === undefined ? '' : projects.nameOf(project.folder),
    projectCount: projects.folders.length,
    server: server.state,
    releases: server.releases.newest().map((release) => ({
      release,
      url: server.urlOf(release),
      added: server.addedImages.find((one) => one.name === release.name),
    })),
    setup: doctor.items,
    certificate: certificates.current,
    certificateMode: readSettings(projects.workspaceFolder()).values['certificate.mode'],
  };
}

function devicesState({ board, server, ports, flash, monitors, slots }: WindowSession): DevicesState {
  return {
    boards: board.boards,
    clients: server.clients,
    // a built-in UART that nobody selected is no board; the list to select from has it
    ports: ports.ports.filter((port) => port.kind === 'remote' || port.usbId !== undefined || port.isSelected),
    factsOf: (address) => ports.factsOf(address),
    selected: ports.selected,
    activity: flash.activity,
    slotsOf: (address) => slots.slotsOf(address),
    build: slots.build,
    monitors: monitors.monitors,
  };
}
