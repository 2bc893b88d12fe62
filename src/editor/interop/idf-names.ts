// What the ESP-IDF extension is known by. Only names: nothing of it is imported, and nothing of ours begins as its ids do.

export const IDF_EXTENSION = 'espressif.esp-idf-extension';

/** Its tasks, since version 1.7: `{ type: 'esp-idf', command: 'ESP-IDF Flash', taskId: 'idf-flash-task' }`.
 * @see espressif/vscode-esp-idf-extension v2 `src/taskManager/taskManager.ts` */
const TASK_TYPE = 'esp-idf';
/** Its monitor runs in a terminal of this name, with a blank or `(--ws enabled)` behind it.
 * @see espressif/vscode-esp-idf-extension v2 `src/espIdf/monitor/terminal.ts` */
const MONITOR_TERMINAL = /^ESP-IDF Monitor\b/;

const TOOL =
  /\b(?:idf\.py|esptool(?:\.py)?|idf_monitor(?:\.py)?|esp_idf_monitor|espefuse(?:\.py)?|parttool(?:\.py)?|otatool(?:\.py)?)\b/;
/** What needs the port. A build does not, and takes long: the monitor goes on meanwhile. */
const AT_PORT =
  /(?:^|[\s_-])(?:app-|bootloader-|partition-table-|encrypted-)?(?:flash|erase|monitor|read|write|dump|efuse|coredump)(?=$|[\s_:-])/i;
/** `-p /dev/ttyUSB0`, `--port=COM5`; one that a variable stands for is not known. */
const PORT_OPTION = /(?:^|\s)(?:-p|--port)[\s=]+["']?([^\s"'$]+)["']?(?=\s|$)/;

export interface SeenTask {
  readonly type: string;
  readonly source: string;
  readonly name: string;
  /** Of a shell or a process; empty for what runs inside an extension. */
  readonly commandLine: string;
}

/** What a task does with a port: nothing that is known, or something with the one it names, or with the one in the settings. */
export interface PortUse {
  readonly port: string | undefined;
}

/** Whether a task of the ESP-IDF extension, or one of tasks.json that runs ESP-IDF's tools, needs the board's port. */
export function portUseOfTask({ type, source, name, commandLine }: SeenTask): PortUse | undefined {
  const isTheirs = type === TASK_TYPE || source === IDF_EXTENSION;
  const isTool = TOOL.test(commandLine);
  if (isTheirs ? !AT_PORT.test(name) : !isTool || !AT_PORT.test(commandLine)) return undefined;
  return { port: PORT_OPTION.exec(commandLine)?.[1] };
}

export function isMonitorTerminal(name: string): boolean {
  return MONITOR_TERMINAL.test(name);
}

/** Whether a command that was typed into a terminal is a monitor, or flashes. */
export function portUseOfCommand(commandLine: string): PortUse | undefined {
  const usesPort = commandLine.includes('idf_monitor') || (TOOL.test(commandLine) && AT_PORT.test(commandLine));
  return usesPort ? { port: PORT_OPTION.exec(commandLine)?.[1] } : undefined;
}

/** What the settings of the ESP-IDF extension may have in place of a port: it looks for one itself. */
const NO_PORT = new Set(['', 'detect', 'auto']);

export function portOf(value: string | undefined): string | undefined {
  const port = value?.trim() ?? '';
  return NO_PORT.has(port.toLowerCase()) ? undefined : port;
}

/** `460800` as text, as the extension keeps it.
 * @returns undefined for what is no rate */
export function baudOf(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{4,7}$/.test(text.trim())) return undefined;
  const baud = Number(text);
  return baud >= 9600 && baud <= 4_000_000 ? baud : undefined;
}

/** Of a value and its variant for Windows, the one that counts here: versions before 2 kept both, and later ones only the first.
 * @param plain `idf.port`; a path of another system in it is not for Windows */
export function variantFor(
  platform: NodeJS.Platform,
  plain: string | undefined,
  windows: string | undefined,
): string | undefined {
  if (platform !== 'win32') return plain;
  return plain === undefined || plain.startsWith('/') ? windows : plain;
}

export interface Variables {
  readonly workspaceFolder: string | undefined;
  readonly userHome: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A setting with its variables replaced; undefined when one of them is not known, because half a path is none. */
export function withVariables(text: string, { workspaceFolder, userHome, environment }: Variables): string | undefined {
  const unknown: string[] = [];
  const replaced = text.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value =
      name === 'workspaceFolder' || name === 'workspaceRoot'
        ? workspaceFolder
        : name === 'userHome'
          ? userHome
          : name.startsWith('env:')
            ? environment[name.slice(4)]
            : undefined;
    if (value === undefined || value === '') unknown.push(name);
    return value ?? '';
  });
  return unknown.length === 0 && replaced.trim() !== '' ? replaced.trim() : undefined;
}
