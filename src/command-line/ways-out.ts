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

/** The command for the shell that does what an editor's command does. */
export function shellCommandOf(command: CommandName): string | undefined {
  return IN_TERMINAL[command]?.run;
}

export function waysOutOf(waysOut: readonly WayOut[]): readonly WayOutInTerminal[] {
  return waysOut.flatMap((way): readonly WayOutInTerminal[] => {
    switch (way.kind) {
      case 'command': {
        const run = shellCommandOf(way.command);
        return run === undefined ? [] : [{ kind: 'command', message: `${way.title}: ${run}`, run }];
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
