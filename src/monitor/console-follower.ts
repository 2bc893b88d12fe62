import type { BoardView, ConsolePartition } from './board-view.ts';
import { MOST_CRASH_LINES, startCrash, withCrashLine, type CrashReport } from './crash-report.ts';
import { parseLogLine, withoutColours } from './log-line.ts';
import { stageOf, type Stage, type StageEvent } from './stages.ts';

/** A board that was told to start another slot, until it has confirmed it. Offsets, as far as they were seen. */
interface Expectation {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly hasBooted: boolean;
}

/** More rows than a partition table can have. */
const MOST_PARTITIONS = 95;

const START_STAGES: ReadonlySet<Stage> = new Set([
  'rom',
  'reset',
  'downloadMode',
  'bootloader',
  'loadedApp',
  'handover',
  'appInfo',
  'appStarted',
  'exampleStarted',
]);

const APP_FIELDS = ['project', 'version', 'secureVersion', 'compiled', 'elfSha256', 'idfVersion'];

/** Follows one console and keeps what several lines say together. Give it every line once, in order. */
export class ConsoleFollower {
  #view: BoardView = { phase: 'unknown' };
  #listing: ConsolePartition[] | undefined;
  #target: number | undefined;
  #expectation: Expectation | undefined;

  /** What is known now; a new value after each change. */
  get view(): BoardView {
    return this.#view;
  }

  /** What this line proves, in order; mostly nothing. */
  line(text: string): readonly StageEvent[] {
    const event = stageOf(parseLogLine(text), { appIsRunning: this.#view.phase === 'app' });
    if (this.#view.phase === 'panic') {
      const more = this.#inPanic(text, event);
      if (more !== undefined) return more;
    }
    return event === undefined ? [] : this.#after(event);
  }

  #set(change: Partial<BoardView>): void {
    this.#view = { ...this.#view, ...change };
  }

  /** Everything that was true of the application which no longer runs goes. */
  #startOver(phase: 'rom' | 'bootloader' | 'downloadMode'): void {
    const {
      app: _app,
      appSha256: _digest,
      ip: _ip,
      runningOffset: _offset,
      runningLabel: _label,
      ...kept
    } = this.#view;
    this.#view = { ...kept, phase };
    this.#listing = undefined;
    this.#target = undefined;
  }

  /** Lines between the first of a panic and the next start; undefined for one that belongs to what comes after. */
  #inPanic(text: string, event: StageEvent | undefined): readonly StageEvent[] | undefined {
    const { crash } = this.#view;
    if (crash === undefined || crash.isComplete) return undefined;
    const isNewStart = startsAnew(crash, event);
    const collected = isNewStart ? crash : withCrashLine(crash, withoutColours(text), event);
    const isEnd = isNewStart || event?.stage === 'rebooting' || event?.values['halted'] !== undefined;
    if (!isEnd) {
      if (collected !== crash) this.#set({ crash: collected });
      return event === undefined || event.stage === 'crashed' ? [] : [event];
    }
    this.#set({ crash: { ...collected, isComplete: true } });
    const { reason, elfSha256 } = collected;
    const ended: StageEvent = {
      stage: 'crashEnded',
      line: text,
      values: { reason, ...(elfSha256 === undefined ? {} : { elfSha256 }) },
    };
    return event === undefined ? [ended] : [ended, ...(isNewStart ? this.#after(event) : [event])];
  }

  #after(event: StageEvent): readonly StageEvent[] {
    const { values } = event;
    switch (event.stage) {
      case 'rom':
        this.#startOver('rom');
        break;
      case 'reset':
        if (this.#view.phase !== 'rom') this.#startOver('rom');
        this.#set({ reset: { code: values['code'] ?? '', name: values['reset'] ?? '' } });
        break;
      case 'downloadMode':
        this.#startOver('downloadMode');
        // whoever flashes decides what boots next
        this.#expectation = undefined;
        break;
      case 'bootloader':
        this.#startOver('bootloader');
        if (values['idfVersion'] !== undefined) this.#set({ bootloaderIdfVersion: values['idfVersion'] });
        break;
      case 'bootInfo':
        if (values['flashSize'] !== undefined) this.#set({ flashSize: values['flashSize'] });
        if (values['chipRevision'] !== undefined) this.#set({ chipRevision: values['chipRevision'] });
        break;
      case 'partitionTable':
        this.#listing = [];
        break;
      case 'partition':
        if (this.#listing !== undefined && this.#listing.length < MOST_PARTITIONS)
          this.#listing.push(partitionOf(values));
        break;
      case 'partitionTableEnd':
        if (this.#listing !== undefined) this.#set({ partitions: this.#listing });
        this.#listing = undefined;
        break;
      case 'loadedApp':
        return this.#afterLoadedApp(event);
      case 'appInfo':
        this.#set({ phase: 'app', app: { ...this.#view.app, ...only(APP_FIELDS, values) } });
        break;
      case 'handover':
      case 'appStarted':
      case 'exampleStarted':
        this.#set({ phase: 'app' });
        break;
      case 'slots':
        this.#runs(Number.parseInt(values['offset'] ?? '', 16));
        break;
      case 'digest':
        if (values['appSha256'] !== undefined) this.#set({ appSha256: values['appSha256'] });
        break;
      case 'gotIp':
        if (values['ip'] !== undefined) this.#set({ ip: values['ip'] });
        break;
      case 'otaStarted':
        this.#target = undefined;
        break;
      case 'writing':
        if (values['offset'] !== undefined) this.#target = Number.parseInt(values['offset'], 16);
        break;
      case 'succeeded':
        this.#expectation = { from: this.#view.runningOffset, to: this.#target, hasBooted: false };
        break;
      case 'rollingBack':
        this.#expectation = { from: undefined, to: this.#view.runningOffset, hasBooted: true };
        break;
      case 'confirmed':
        this.#expectation = undefined;
        break;
      case 'crashed':
        this.#set({ phase: 'panic', crash: startCrash(event) });
        break;
      default:
        break;
    }
    return [event];
  }

  #runs(offset: number): void {
    if (Number.isNaN(offset)) return;
    const label = this.#labelAt(offset);
    this.#set({ runningOffset: offset, ...(label === undefined ? {} : { runningLabel: label }) });
  }

  #labelAt(offset: number): string | undefined {
    return this.#view.partitions?.find((partition) => partition.offset === offset)?.label;
  }

  #afterLoadedApp(event: StageEvent): readonly StageEvent[] {
    const offset = Number.parseInt(event.values['offset'] ?? '', 16);
    this.#runs(offset);
    const label = this.#labelAt(offset);
    const loaded = label === undefined ? event : { ...event, values: { ...event.values, label } };
    const expected = this.#expectation;
    if (expected === undefined) return [loaded];
    const isOld = expected.to === undefined ? offset === expected.from : offset !== expected.to;
    if (!isOld) {
      this.#expectation = { ...expected, to: offset, hasBooted: true };
      return [loaded];
    }
    this.#expectation = undefined;
    const rejected = expected.to === undefined ? undefined : (this.#labelAt(expected.to) ?? expected.to.toString(16));
    const rolledBack: StageEvent = {
      stage: 'rolledBack',
      line: event.line,
      values: {
        runs: label ?? offset.toString(16),
        ...(rejected === undefined ? {} : { rejected }),
        reason: expected.hasBooted ? 'notConfirmed' : 'notBooted',
      },
    };
    return [loaded, rolledBack];
  }
}

/** Whether this line cannot belong to the panic that was collected so far, even when the end of that one was lost. */
function startsAnew(crash: CrashReport, event: StageEvent | undefined): boolean {
  if (event === undefined) return false;
  if (event.stage === 'crashed') return crash.elfSha256 !== undefined || crash.lines.length >= MOST_CRASH_LINES;
  return START_STAGES.has(event.stage);
}

function partitionOf(values: Readonly<Record<string, string>>): ConsolePartition {
  const hex = (name: string): number => Number.parseInt(values[name] ?? '', 16);
  return {
    label: values['label'] ?? '',
    usage: values['usage'] ?? '',
    type: hex('type'),
    subtype: hex('subtype'),
    offset: hex('offset'),
    size: hex('size'),
  };
}

function only(names: readonly string[], values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}
