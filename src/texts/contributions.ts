/** Every id that package.json declares, in one typed place. A test compares the two both ways. */

export const COMMANDS = [
  'getStarted',
  'openExample',
  'selectProject',
  'bumpVersion',
  'buildFirmware',
  'buildMetadata',
  'setUpForOta',
  'checkSetup',
  'applyFix',
  'showFinding',
  'explainFinding',
  'createCertificate',
  'installCertificate',
  'showCertificate',
  'useOwnCertificate',
  'startServer',
  'stopServer',
  'toggleServer',
  'changePort',
  'serveImage',
  'stopServing',
  'serveWithFault',
  'stopFault',
  'testAgainstFaults',
  'selectAdvertisedAddress',
  'copyFirmwareUrl',
  'showServerLog',
  'deliverUpdate',
  'rehearseUpdate',
  'cancelUpdate',
  'attachVirtualBoard',
  'attachAnotherVirtualBoard',
  'misbehaveVirtualBoard',
  'detachVirtualBoard',
  'exportUpdateMarkdown',
  'exportUpdateJson',
  'clearUpdates',
  'showBoardConsole',
  'refresh',
  'selectPort',
  'addRemotePort',
  'removeRemotePort',
  'flashProject',
  'flashProjectFully',
  'flashApp',
  'flashImageToPartition',
  'eraseFlash',
  'readFlash',
  'chipInformation',
  'resetBoard',
  'cancelFlash',
  'readSlots',
  'bootSlot',
  'bootPreviousVersion',
  'bootFlashed',
  'flashIntoSpareSlot',
  'saveSlot',
  'restoreSlot',
  'eraseOtadata',
  'openVirtualLine',
  'openMonitor',
  'closeMonitor',
  'sendFirmwareUrl',
  'crashVirtualBoard',
  'showFlashMap',
  'showTimeline',
] as const;

export type CommandName = (typeof COMMANDS)[number];

/** The id VS Code knows a command by. */
export function commandId(name: CommandName): `esp32Ota.${CommandName}` {
  return `esp32Ota.${name}`;
}

/** What a language model may call, by the names that follow `esp32ota_`. */
export const TOOLS = [
  'list_boards',
  'check_setup',
  'server_status',
  'start_server',
  'stop_server',
  'rehearse_update',
  'deliver_update',
  'last_update',
  'read_slots',
  'boot_slot',
  'monitor_tail',
] as const;

export type ToolName = (typeof TOOLS)[number];

/** The name VS Code knows a tool by. */
export function toolId(name: ToolName): `esp32ota_${ToolName}` {
  return `esp32ota_${name}`;
}

export const VIEWS = {
  container: 'esp32Ota',
  firmware: 'esp32Ota.firmware',
  devices: 'esp32Ota.devices',
  updates: 'esp32Ota.updates',
} as const;

/** What leads a newcomer to the first update; each step is done when the context key of its completion event is true. */
export const WALKTHROUGH = {
  id: 'firstUpdate',
  steps: ['openProject', 'installCertificate', 'build', 'attachBoard', 'deliver', 'updateBoard'],
} as const;

export const TASK_TYPE = 'esp32Ota';

/** The `when` keys that menus and palette use, with their values' types. */
export interface ContextKeys {
  /** The extension runs in this window. */
  isActive: boolean;
  /** The workspace was searched for projects. */
  hasLooked: boolean;
  hasProject: boolean;
  /** The selected project has a built application. */
  hasImage: boolean;
  /** The selected project holds the certificate that its server is checked with. */
  hasCertificate: boolean;
  /** The built application holds it. */
  isServerTrusted: boolean;
  serverState: 'off' | 'starting' | 'on';
  hasRelease: boolean;
  /** An image outside the selected project is served. */
  hasAddedImage: boolean;
  hasVirtualBoard: boolean;
  isUpdating: boolean;
  /** The server serves with a fault. */
  hasFault: boolean;
  isTestingFaults: boolean;
  /** A chip is being talked to. */
  isFlashing: boolean;
  hasRemotePort: boolean;
  hasMonitor: boolean;
  /** The history of the selected project has something in it. */
  hasUpdates: boolean;
  /** True for a moment, whenever the walkthrough may have been opened; see `walkthrough.ts`. */
  isGuided: boolean;
  /** One of them ended confirmed. */
  hasConfirmedUpdate: boolean;
  /** One that ended confirmed was of a real board. */
  hasUpdatedBoard: boolean;
}

export const CONTEXT_KEYS = [
  'isActive',
  'hasLooked',
  'hasProject',
  'hasImage',
  'hasCertificate',
  'isServerTrusted',
  'serverState',
  'hasRelease',
  'hasAddedImage',
  'hasVirtualBoard',
  'isUpdating',
  'hasFault',
  'isTestingFaults',
  'isFlashing',
  'hasRemotePort',
  'hasMonitor',
  'hasUpdates',
  'isGuided',
  'hasConfirmedUpdate',
  'hasUpdatedBoard',
] as const satisfies readonly (keyof ContextKeys)[];

/** Settings below `esp32Ota.`, with the types package.json promises. */
export interface SettingTypes {
  'build.command': string;
  'build.idfPath': string;
  'metadata.releaseNotes': string;
  'server.protocol': 'https' | 'http';
  'server.port': number;
  'server.bindAddress': string;
  'server.advertisedHost': string;
  'server.allowPublicClients': boolean;
  'server.keepReleases': number;
  'certificate.mode': 'authority' | 'selfSigned' | 'own';
  'certificate.keyType': 'rsa' | 'ec';
  'certificate.ownCertificate': string;
  'certificate.ownKey': string;
  'serial.port': string;
  'serial.remotePorts': readonly string[];
  'serial.reset': 'auto' | 'classic' | 'usbSerialJtag' | 'custom' | 'none';
  'serial.resetSequence': string;
  'flash.baud': number;
  'flash.onlyChangedBlocks': boolean;
  'deliver.trigger': 'wait' | 'reset' | 'sendUrl' | 'http' | 'virtual';
  'deliver.httpRequest': readonly string[];
  'deliver.allowPublicBoards': boolean;
  'deliver.canary': boolean;
  'deliver.bumpVersion': 'ask' | 'always' | 'never';
  'deliver.build': boolean;
  'deliver.waitMinutes': number;
  'deliver.keepHistory': number;
  'monitor.baud': number;
  'monitor.timestamps': boolean;
  'monitor.filter': string;
  'monitor.lineEnd': 'cr' | 'lf' | 'crlf';
  'monitor.logToFile': boolean;
  'monitor.logFile': string;
  'monitor.logFileMegabytes': number;
  'monitor.logFilesKept': number;
  'virtualBoard.client': 'auto' | 'simple' | 'advanced' | 'native';
  'virtualBoard.kilobytesPerSecond': number;
}

export type SettingKey = keyof SettingTypes;

export const SETTINGS_SECTION = 'esp32Ota';
