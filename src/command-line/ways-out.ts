import * as l10n from '@vscode/l10n';
import type { CommandName } from '../texts/contributions.ts';
import type { WayOut } from '../texts/error-texts/error-text.ts';

/** Something that can be done about an error or a finding, where there are no buttons. */
export interface WayOutInTerminal {
  readonly kind: 'command' | 'setting' | 'file' | 'link';
  /** What to do, in the user's language. */
  readonly message: string;
  /** For the shell, where a command of ours does it. */
  readonly run?: string;
  readonly path?: string;
  readonly url?: string;
}

/** What does in a terminal what a command of the editor does; the others have no place here. */
const IN_TERMINAL: Partial<Record<CommandName, { readonly run: string }>> = {
  buildFirmware: { run: 'idf.py build' },
  checkSetup: { run: 'esp32-ota check' },
  buildMetadata: { run: 'esp32-ota metadata' },
  installCertificate: { run: 'esp32-ota serve --install-certificate' },
  createCertificate: { run: 'esp32-ota serve' },
  startServer: { run: 'esp32-ota serve' },
  changePort: { run: 'esp32-ota serve --port N' },
  rehearseUpdate: { run: 'esp32-ota rehearse' },
  flashProject: { run: 'esp32-ota flash' },
  flashProjectFully: { run: 'esp32-ota flash --full' },
  flashApp: { run: 'esp32-ota flash --app' },
  flashIntoSpareSlot: { run: 'esp32-ota flash --spare-slot' },
  readSlots: { run: 'esp32-ota slots' },
  bootPreviousVersion: { run: 'esp32-ota slots previous' },
  openMonitor: { run: 'esp32-ota monitor' },
};

/** Settings of the editor that are an option here. */
const OPTION_OF_SETTING: Readonly<Record<string, string>> = {
  'server.port': '--port',
  'server.bindAddress': '--bind',
  'server.advertisedHost': '--host',
  'server.protocol': '--protocol',
  'serial.port': '--port',
  'flash.baud': '--baud',
  'monitor.baud': '--baud',
};

/** What was typed, for commands that are proposed: they have to mean the same project, port and folder. */
export interface Typed {
  /** Name of the command that runs, and all that stood behind it. */
  readonly command: string;
  readonly argv: readonly string[];
  readonly project?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly keyType?: string | undefined;
  /** Of a board. */
  readonly port?: string | undefined;
}

const PROGRAM = 'esp32-ota ';
/** Commands that keep something in the folder of `--data-dir`. */
const WITH_DATA: ReadonlySet<string> = new Set(['serve', 'rehearse', 'flash', 'slots', 'monitor']);
const WITH_BOARD: ReadonlySet<string> = new Set(['flash', 'slots', 'monitor']);

/** The command for the shell that does what an editor's command does, in the same way as what was typed. */
export function shellCommandOf(command: CommandName, typed?: Typed): string | undefined {
  const run = IN_TERMINAL[command]?.run;
  if (run === undefined || typed === undefined) return run;
  const { project, dataDir, keyType, port } = typed;
  if (!run.startsWith(PROGRAM))
    return project === undefined ? run : run.replace(/^idf\.py/, `$& -C ${quoted(project)}`);
  const [name = ''] = run.slice(PROGRAM.length).split(' ');
  const isAgain = name === 'serve' && typed.command === 'serve';
  const same = isAgain ? repeated(typed.argv, run) : [];
  const parts = isAgain
    ? same
    : [
        ...(project === undefined ? [] : [name === 'slots' ? '--project' : '', project].filter(Boolean)),
        ...(dataDir === undefined || !WITH_DATA.has(name) ? [] : ['--data-dir', dataDir]),
        ...(name === 'serve' && keyType === 'ec' ? ['--key-type', keyType] : []),
        ...(port === undefined || !WITH_BOARD.has(name) ? [] : ['--port', port]),
      ];
  return [run, ...parts.map(quoted)].join(' ');
}

/** What was typed without what the new command says itself, and without what only shapes the output. */
function repeated(argv: readonly string[], run: string): readonly string[] {
  const isReplaced = (name: string): boolean => name === '--json' || run.split(' ').includes(name);
  return argv.filter((one, index) => {
    const before = argv[index - 1];
    const isValueOfPort = before === '--port' && isReplaced('--port');
    return !isReplaced(one.replace(/=.*$/s, '')) && !isValueOfPort;
  });
}

/** As a shell takes it: `?` in an address stands for any letter there. */
export function quoted(word: string): string {
  if (/^[\w./:@+,=-]+$/.test(word)) return word;
  return /["$`]/.test(word) ? `'${word.replaceAll("'", `'\\''`)}'` : `"${word}"`;
}

export function waysOutOf(waysOut: readonly WayOut[], typed?: Typed): readonly WayOutInTerminal[] {
  return waysOut.flatMap((way): readonly WayOutInTerminal[] => {
    switch (way.kind) {
      case 'command': {
        const run = shellCommandOf(way.command, typed);
        return run === undefined ? [] : [{ kind: 'command', message: `${way.title.replace(/…$/, '')}: ${run}`, run }];
      }
      case 'setting': {
        const option = OPTION_OF_SETTING[way.key];
        return option === undefined
          ? []
          : [{ kind: 'setting', message: l10n.t('Give another value with {0}.', option) }];
      }
      case 'file':
        return [{ kind: 'file', message: way.path, path: way.path }];
      case 'link':
        return [{ kind: 'link', message: `${way.title}: ${way.url}`, url: way.url }];
    }
  });
}
