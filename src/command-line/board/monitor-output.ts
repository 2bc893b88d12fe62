import { DisposableStore } from '../../base/disposable.ts';
import type { CrashPlaces } from '../../monitor/crash-decoder.ts';
import { parseLogLine } from '../../monitor/log-line.ts';
import { plainLine } from '../../monitor/plain-line.ts';
import { withoutDots } from '../../monitor/source-path.ts';
import type { StageEvent } from '../../monitor/stages.ts';
import type { Monitoring } from './monitoring.ts';

/** Shows a monitor until it is ended. */
export interface MonitorOutput {
  /** Everything that came before is shown when it resolves. */
  end(): Promise<void>;
}

/** Lines, one after the other, for a file, a pipe or a log of a build: colours only where they are wanted, nothing that moves. */
export function showPlain({ context, session }: Monitoring): MonitorOutput {
  const { stdout, style } = context;
  const isColoured = style.bold('') !== '';
  let part = '';
  const subscription = session.onOutput((text) => {
    const lines = (part + text).split('\n');
    part = lines.pop() ?? '';
    for (const line of lines) stdout.write(`${shown(line)}\n`);
  });
  const shown = (line: string): string => (isColoured ? line.replace(/\r$/, '') : plainLine(line));
  return {
    end: () => {
      subscription.dispose();
      if (part !== '') stdout.write(`${shown(part)}\n`);
      return Promise.resolve();
    },
  };
}

interface LineEvent {
  readonly line: string;
  readonly atMs: number;
  readonly stages: StageEvent[];
}

/** A line of JSON for each line of the board, for each change of the port and for each crash. */
export function showAsJson({ context, session, places }: Monitoring): MonitorOutput {
  const { emit, clock } = context;
  const store = new DisposableStore();
  const waiting: LineEvent[] = [];
  const crashes: Promise<void>[] = [];
  let { state } = session;
  const flush = (): void => {
    for (const { line, atMs, stages } of waiting.splice(0)) {
      const isShown = session.render.filter?.shows(line) !== false || session.view.phase === 'panic';
      if (isShown) emit({ event: 'line', atMs, ...lineJson(line), ...stagesJson(stages) });
    }
  };
  store.add(
    session.onLine((line) => {
      // what the line proves is told right after it
      flush();
      waiting.push({ line, atMs: clock.now(), stages: [] });
      queueMicrotask(flush);
    }),
  );
  store.add(
    session.onEvents((events) => {
      waiting.at(-1)?.stages.push(...events);
    }),
  );
  store.add(
    session.onChange(() => {
      if (session.state === state) return;
      ({ state } = session);
      flush();
      emit({ event: 'port', atMs: clock.now(), state, port: session.address });
    }),
  );
  store.add(
    session.onCrash((crash) => {
      const atMs = clock.now();
      const { reason, core, elfSha256, registers } = crash;
      const told = places(crash)
        .catch(() => undefined)
        .then((found) => {
          flush();
          emit({
            event: 'crash',
            atMs,
            reason,
            ...(core === undefined ? {} : { core }),
            ...(elfSha256 === undefined ? {} : { elfSha256 }),
            registers,
            frames: framesJson(found),
            ...(found?.isSameElf === undefined ? {} : { isSameElf: found.isSameElf }),
          });
        });
      crashes.push(told);
    }),
  );
  return {
    end: async () => {
      flush();
      await Promise.all(crashes);
      store.dispose();
    },
  };
}

function lineJson(raw: string): Record<string, unknown> {
  const line = plainLine(raw);
  const { level, timestamp, tag, message } = parseLogLine(line);
  return level === undefined
    ? { line }
    : {
        line,
        level,
        ...(timestamp === undefined ? {} : { timestamp }),
        ...(tag === undefined ? {} : { tag }),
        message,
      };
}

/** A call for each function, the innermost first; what the compiler put into another one has the same address. */
function framesJson(found: CrashPlaces | undefined): readonly Record<string, unknown>[] {
  return (found?.frames ?? []).flatMap(({ address: at, isGuess, frames }) => {
    const address = `0x${at.toString(16).padStart(8, '0')}`;
    if (frames.length === 0) return [{ address, isGuess }];
    return frames.map(({ function: name, file, line, isInlined }) => ({
      address,
      isGuess,
      function: name,
      ...(file === undefined ? {} : { file: withoutDots(file) }),
      ...(line === undefined ? {} : { line }),
      isInlined,
    }));
  });
}

function stagesJson(events: readonly StageEvent[]): Record<string, unknown> {
  if (events.length === 0) return {};
  return { stages: events.map(({ stage, values }) => ({ stage, values: plainValues(values) })) };
}

function plainValues(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plainLine(value)]));
}
