import type { ConsoleSession } from './console-session.ts';
import type { LogFile } from './log-file.ts';
import type { KeyAction } from './monitor-keys.ts';
import { parsePrintFilter } from './print-filter.ts';

/** What a key needs beyond the monitor itself: whoever shows it has a way to ask, to clear the screen, and to flash. */
export interface KeyHost {
  clear(): void;
  /** Ends the monitor. */
  end(): Promise<void>;
  /** Undefined when nothing was entered after all. A filter comes back as one that can be read.
   * @param value what stands there to begin with */
  ask(what: 'line' | 'filter', value: string): Promise<string | undefined>;
  /** @throws {OtaError} `file.unwritable` */
  openLog(): Promise<LogFile>;
  run(what: 'sendUrl' | 'flashProject' | 'flashApp'): Promise<void>;
}

/** Does what a key is for.
 * @throws {OtaError} `monitor.*`, `serial.*`, `file.unwritable`, and what the host throws */
export async function actOnKey(session: ConsoleSession, action: KeyAction, host: KeyHost): Promise<void> {
  switch (action.kind) {
    case 'send':
      return session.type(action.text);
    case 'exit':
      return host.end();
    case 'help':
      session.notify({ kind: 'help' });
      return;
    case 'reset':
      return session.reset();
    case 'resetToLoader':
      return session.reset('loader');
    case 'togglePause':
      if (session.isPaused) session.continue();
      else session.pause();
      return;
    case 'toggleTimestamps': {
      const isOn = session.render.hasTimestamps !== true;
      session.configure({ hasTimestamps: isOn });
      session.notify({ kind: 'timestamps', isOn });
      return;
    }
    case 'toggleLog':
      return session.logTo(session.logPath === undefined ? await host.openLog() : undefined);
    case 'filter': {
      const text = await host.ask('filter', session.render.filter?.text ?? '');
      if (text === undefined) return;
      const filter = parsePrintFilter(text);
      session.configure({ filter });
      session.notify({ kind: 'filter', filter: filter.text });
      return;
    }
    case 'clear':
      host.clear();
      return;
    case 'sendLine': {
      const line = await host.ask('line', '');
      return line === undefined ? undefined : session.sendLine(line);
    }
    case 'sendUrl':
    case 'flashProject':
    case 'flashApp':
      return host.run(action.kind);
  }
}
