import { DisposableStore, type Disposable } from '../base/disposable.ts';
import type { Clock } from '../base/clock.ts';
import type { Event } from '../base/emitter.ts';
import { ConsoleFollower } from '../monitor/console-follower.ts';
import { withoutColours } from '../monitor/log-line.ts';
import type { StageEvent } from '../monitor/stages.ts';
import type { TransferEvent } from '../server/transfer-events.ts';

/** One start of the board, as its console told it. */
export interface Boot {
  readonly offset: string | undefined;
  readonly version: string | undefined;
  readonly project: string | undefined;
  /** The line that tells its version, or where it was loaded from. */
  readonly line: string;
}

/** What one update let see: which applications started, in order, and the lines that prove the rest. */
export interface Watched {
  /** The start in which the update began, where it was seen: a board that is told by a reset starts for it. */
  readonly startedIn: Boot | undefined;
  /** Every start after that. */
  readonly laterBoots: readonly Boot[];
  /** The board said that the update has succeeded. */
  readonly succeededLine: string | undefined;
  /** The first line that says why it has failed. */
  readonly failedLine: string | undefined;
  readonly crashedLine: string | undefined;
  /** The application began an update. */
  readonly hasStarted: boolean;
  /** Faults that the server served it. */
  readonly faultsMet: number;
  readonly requests: number;
  /** It asked for the size first, or for a part. */
  readonly usesParts: boolean;
  readonly lastLine: string;
}

export interface Watch extends Disposable {
  readonly seen: Watched;
  /** The board was told to update: what came before its last start, or before it fell silent for it, was an update of its own. */
  begin(): void;
  /** From {@link begin} until the board is through with this update and has begun another one by itself. */
  readonly isOn: boolean;
}

/** A board that is held in reset is silent for longer than this. */
const SILENCE_OF_RESET_MS = 50;

type Found = { -readonly [Key in keyof Omit<Watched, 'startedIn' | 'laterBoots'>]: Watched[Key] };

const NOTHING: Found = {
  succeededLine: undefined,
  failedLine: undefined,
  crashedLine: undefined,
  hasStarted: false,
  faultsMet: 0,
  requests: 0,
  usesParts: false,
  lastLine: '',
};
const NOT_YET: Boot = { offset: undefined, version: undefined, project: undefined, line: '' };

/** Watches a board's console and what the server sees of it. */
export function watchBoard(onLine: Event<string>, onTransfer: Event<TransferEvent>, clock: Clock): Watch {
  const store = new DisposableStore();
  const follower = new ConsoleFollower();
  const boots: { -readonly [Key in keyof Boot]: Boot[Key] }[] = [];
  let bootsAtStart: number | undefined;
  let hasFailed = false;
  let isThrough = false;
  let isTold = false;
  let heardMs = -Infinity;
  let found: Found = { ...NOTHING };
  const startOver = (): void => {
    found = { ...NOTHING };
    bootsAtStart = undefined;
    hasFailed = false;
  };
  const hear = (event: StageEvent): void => {
    const text = withoutColours(event.line);
    const { offset, version, project } = event.values;
    switch (event.stage) {
      case 'rom':
      case 'bootloader':
        if (!isTold) startOver();
        if (boots.length === 0 || boots.at(-1)?.version !== undefined) boots.push({ ...NOT_YET });
        break;
      case 'loadedApp':
      case 'appInfo': {
        const last = boots.at(-1) ?? { ...NOT_YET };
        if (boots.length === 0) boots.push(last);
        if (event.stage === 'loadedApp' && offset !== undefined) last.offset = offset;
        if (version !== undefined) last.version = version;
        if (project !== undefined) last.project = project;
        if (version !== undefined || last.line === '') last.line = text;
        break;
      }
      case 'otaStarted':
        isThrough = isTold && (hasFailed || boots.length > (bootsAtStart ?? boots.length));
        if (isThrough) break;
        found.hasStarted = true;
        bootsAtStart ??= boots.length;
        break;
      case 'succeeded':
        found.succeededLine ??= text;
        break;
      case 'failed':
        found.failedLine ??= text;
        // what a bootloader says of a slot is no failure of the update
        hasFailed = bootsAtStart !== undefined;
        break;
      case 'crashed':
        found.crashedLine ??= text;
        break;
      default:
    }
  };
  store.add(
    onLine((line) => {
      if (isThrough) return;
      heardMs = clock.now();
      if (line.trim() !== '') found.lastLine = withoutColours(line);
      for (const event of follower.line(line)) hear(event);
    }),
  );
  store.add(
    onTransfer((event) => {
      if (isThrough) return;
      if (event.kind === 'fault') found.faultsMet += 1;
      if (event.kind !== 'requested') return;
      found.requests += 1;
      if (event.method === 'HEAD' || event.range !== undefined) found.usesParts = true;
    }),
  );
  return {
    get seen() {
      const before = bootsAtStart ?? boots.length;
      return { ...found, startedIn: boots[before - 1], laterBoots: boots.slice(before) };
    },
    begin: () => {
      if (clock.now() - heardMs > SILENCE_OF_RESET_MS) startOver();
      isTold = true;
    },
    get isOn() {
      return isTold && !isThrough;
    },
    dispose: () => {
      store.dispose();
    },
  };
}

/** Whether two starts are of one application in one slot, as far as both tell. */
export function isSameApp(a: Boot | undefined, b: Boot | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  const agrees = (left: string | undefined, right: string | undefined): boolean =>
    left === undefined || right === undefined || left === right;
  return agrees(a.offset, b.offset) && agrees(a.version, b.version) && agrees(a.project, b.project);
}
