import { withDeadline } from '../base/abort.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { OtaError } from '../base/ota-error.ts';
import { applicationReset, loaderResets, playReset, type ResetChoice, type ResetSequence } from '../serial/reset.ts';
import type { BoardView } from './board-view.ts';
import { ConsoleFollower } from './console-follower.ts';
import { ConsolePort, type ConsolePortChange, type ConsolePortOptions, type ConsoleState } from './console-port.ts';
import { ConsoleRenderer, noticeText, timeOfDay, type RenderOptions } from './console-renderer.ts';
import { startCrash, withCrashLine, type CrashReport } from './crash-report.ts';
import { createLineSplitter } from './line-splitter.ts';
import type { LogFile } from './log-file.ts';
import type { MonitorNotice, NoticeWords } from './notices.ts';
import { OutputGate } from './output-gate.ts';
import { plainLine } from './plain-line.ts';
import { stageOf, type StageEvent } from './stages.ts';

export type { ConsoleState } from './console-port.ts';

/** Tells addresses of a crash, or of a `Backtrace:` line, as places in the source. Gives the lines to show below; none when nothing is known.
 * `file` asks only for a warning when the file with the symbols is not that of the firmware, whose digest was printed after the addresses. */
export type DecodeAddresses = (crash: CrashReport, what: 'frames' | 'file') => Promise<readonly string[]>;

export interface ConsoleSessionOptions extends ConsolePortOptions {
  readonly words: NoticeWords;
  readonly render?: RenderOptions;
  /** What Enter sends. Default CR, as idf_monitor. */
  readonly lineEnd?: '\r' | '\n' | '\r\n';
  readonly reset?: ResetChoice;
  /** In place of what `reset` chooses, to start the loader. */
  readonly loaderReset?: ResetSequence;
  readonly decode?: DecodeAddresses;
  /** What is kept of the output while it is paused, in characters. Default 1 Mi. */
  readonly keptCharacters?: number;
}

const LINE_FEED = 0x0a;
/** An unfinished line is shown after this. */
const PART_MS = 50;
/** What comes behind a backtrace waits so long for the file with its symbols. */
const DECODE_MS = 5000;
/** So many lines in a row that are no text. */
const UNDECODABLE_LINES = 3;

/** One monitor: what a board prints, as text for a terminal, as lines, and as what the lines prove; and what is sent to it. */
export class ConsoleSession implements Disposable {
  readonly #options: ConsoleSessionOptions;
  readonly #clock: Clock;
  readonly #port: ConsolePort;
  readonly #splitter = createLineSplitter();
  readonly #follower = new ConsoleFollower();
  readonly #renderer: ConsoleRenderer;
  readonly #gate: OutputGate;
  readonly #lines = new Emitter<string>();
  readonly #events = new Emitter<readonly StageEvent[]>();
  readonly #crashes = new Emitter<CrashReport>();
  readonly #changed = new Emitter<undefined>();
  readonly #store = new DisposableStore();
  #log: LogFile | undefined;
  #partTimer: Disposable | undefined;
  #isDecoded = false;
  /** Crashes that are looked up in the file with the symbols. */
  readonly #decoding = new Set<Promise<void>>();
  /** What the lines proved whose end was not shown yet. */
  readonly #late: StageEvent[] = [];
  #undecodable = 0;
  #receivedBytes = 0;
  #stateBefore: ConsoleState = 'closed';

  /** Text for a terminal, in pieces; a piece ends where it likes. */
  readonly onOutput: Event<string>;
  /** Every line as it came, with its colours, filtered or not. */
  readonly onLine = this.#lines.event;
  readonly onEvents = this.#events.event;
  /** A crash, once all of it was printed. */
  readonly onCrash = this.#crashes.event;
  /** State, view, log or pause changed. */
  readonly onChange = this.#changed.event;

  constructor(options: ConsoleSessionOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#port = new ConsolePort(options);
    this.#renderer = new ConsoleRenderer(options.render);
    this.#gate = this.#store.add(
      new OutputGate({
        clock: this.#clock,
        tellDropped: (dropped) => noticeText(options.words({ kind: 'dropped', ...dropped })),
        ...(options.keptCharacters === undefined ? {} : { keptCharacters: options.keptCharacters }),
      }),
    );
    this.onOutput = this.#gate.onOutput;
    this.#store.add(
      this.#port.onData((bytes) => {
        this.#hear(bytes);
      }),
    );
    this.#store.add(
      this.#port.onChange((change) => {
        this.#tellState(change);
      }),
    );
  }

  get state(): ConsoleState {
    return this.#port.state;
  }
  get address(): string {
    return this.#port.address;
  }
  /** What is known of the board from its lines. */
  get view(): BoardView {
    return this.#follower.view;
  }
  get render(): RenderOptions {
    return this.#renderer.options;
  }
  get isPaused(): boolean {
    return this.#gate.isClosed;
  }
  get logPath(): string | undefined {
    return this.#log?.path;
  }
  /** Since it was opened. */
  get receivedBytes(): number {
    return this.#receivedBytes;
  }

  /** Opens the port; a board that runs goes on running.
   * @throws {OtaError} `serial.*`, `cancelled` */
  open(): Promise<void> {
    return this.#port.open();
  }

  /** Ends the monitor: the port is free, the log complete, and all that came is shown when it resolves, which may take until a crash is decoded.
   * Never rejects. */
  async close(): Promise<void> {
    await this.#port.close();
    this.#finishLine();
    const log = this.#log;
    this.#log = undefined;
    await log?.close();
    // what came behind a backtrace waits for its places in the source
    await Promise.all(this.#decoding);
    this.#gate.flush();
  }

  dispose(): void {
    void this.close().then(() => {
      this.#store.dispose();
    });
  }

  /** A board that is away may be back. */
  lookAgain(): void {
    this.#port.lookAgain();
  }

  /** @throws {OtaError} `monitor.notConnected`, `serial.*` */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#port.connected().write(bytes);
  }

  /** As if it were typed: a line end becomes the one that the board wants.
   * @throws {OtaError} `monitor.notConnected`, `serial.*` */
  async type(text: string): Promise<void> {
    await this.write(new TextEncoder().encode(text.replace(/\r\n?|\n/g, this.#options.lineEnd ?? '\r')));
  }

  /** Sends a line with its end, and says so, as nothing is echoed but by the board.
   * @throws {OtaError} `monitor.notConnected`, `serial.*` */
  async sendLine(text: string): Promise<void> {
    await this.type(`${text}\n`);
    this.notify({ kind: 'sent', text });
  }

  /** Starts the application anew, or the loader of the ROM.
   * @throws {OtaError} `monitor.notConnected`, `serial.noModemLines`, `serial.*` */
  async reset(into: 'application' | 'loader' = 'application'): Promise<void> {
    const transport = this.#port.connected();
    const { reset = 'auto', loaderReset } = this.#options;
    const sequence =
      into === 'application'
        ? applicationReset(transport, reset)
        : (loaderReset ?? loaderResets(transport, reset, process.platform)[0]);
    if (sequence === undefined || !transport.hasModemLines) {
      throw new OtaError('serial.noModemLines', { address: this.address });
    }
    this.notify({ kind: into === 'application' ? 'reset' : 'resetToLoader' });
    await playReset(transport, sequence, undefined, this.#clock);
  }

  configure(change: RenderOptions): void {
    this.#renderer.configure(change);
    this.#changed.fire(undefined);
  }

  /** Keeps the output back, as much of it as `keptCharacters`; lines, log and events go on. */
  pause(): void {
    if (this.isPaused) return;
    this.notify({ kind: 'paused' });
    this.#gate.close();
    this.#changed.fire(undefined);
  }

  /** Lets out what was kept, and says what did not fit. */
  continue(): void {
    if (!this.isPaused) return;
    this.#gate.open(noticeText(this.#options.words({ kind: 'continued' })));
    this.#changed.fire(undefined);
  }

  /** From now on every line goes into the log too, without colours, filtered or not. The former log is closed. */
  async logTo(log: LogFile | undefined): Promise<void> {
    const before = this.#log;
    this.#log = log;
    if (before !== undefined) this.notify({ kind: 'loggingEnded', path: before.path });
    if (log !== undefined) {
      log.append(`--- ${new Date(this.#clock.now()).toISOString()} ${this.address}`);
      this.notify({ kind: 'logging', path: log.path });
    }
    this.#changed.fire(undefined);
    await before?.close();
  }

  /** Says something on lines of its own. */
  notify(notice: MonitorNotice): void {
    this.#gate.write(this.#renderer.notice(this.#options.words(notice)));
  }

  #hear(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length;
    const phase = this.view.phase;
    const nowMs = this.#clock.now();
    // line by line, so that what is said about a line stands below it
    for (let from = 0; from < bytes.length;) {
      const end = bytes.indexOf(LINE_FEED, from);
      const to = end < 0 ? bytes.length : end + 1;
      const piece = bytes.subarray(from, to);
      from = to;
      for (const line of this.#splitter.push(piece)) this.#late.push(...this.#follow(line));
      this.#gate.write(
        this.#renderer.push(piece, {
          nowMs,
          isPanic: this.#isPanic(),
        }),
      );
      // a line that ends with CR LF may come in two
      if (this.#late.length > 0 && !this.#renderer.hasPart) this.#afterLines();
    }
    this.#partTimer?.dispose();
    this.#partTimer = this.#renderer.hasPart
      ? this.#clock.after(PART_MS, () => {
          this.#showPart();
        })
      : undefined;
    if (phase !== this.view.phase) this.#changed.fire(undefined);
  }

  #follow(line: string): readonly StageEvent[] {
    const log = this.#log;
    if (log !== undefined) {
      const text = plainLine(line);
      log.append(this.render.hasTimestamps === true ? `${timeOfDay(this.#clock.now())} ${text}` : text);
    }
    this.#checkRate(line);
    this.#lines.fire(line);
    const events = this.#follower.line(line);
    if (events.length > 0) this.#events.fire(events);
    return events;
  }

  #isPanic(): boolean {
    return this.view.phase === 'panic';
  }

  #afterLines(): void {
    for (const { stage, values, line } of this.#late.splice(0)) {
      const { crash } = this.view;
      if (stage === 'crashed') this.#isDecoded = false;
      const isDigest = stage === 'crashDetail' && values['elfSha256'] !== undefined;
      if (stage === 'crashDetail' && values['backtrace'] !== undefined) {
        this.#decode(crash?.isComplete === false ? crash : backtraceOnly(line), 'frames');
      } else if (crash !== undefined && !this.#isDecoded && (isDigest || stage === 'crashEnded')) {
        // without a backtrace the registers and the stack are all there is, and they stand before these lines
        this.#decode(crash, 'frames');
      } else if (crash !== undefined && isDigest && this.view.app?.elfSha256 === undefined) {
        this.#decode(crash, 'file');
      }
      if (stage === 'crashEnded' && crash !== undefined) this.#crashes.fire(crash);
      if (stage === 'appInfo') this.#changed.fire(undefined);
    }
  }

  #decode(crash: CrashReport, what: 'frames' | 'file'): void {
    const { decode } = this.#options;
    this.#isDecoded = true;
    if (decode === undefined) return;
    const place = this.#gate.reserve();
    const decoding: Promise<void> = withDeadline(decode(crash, what), DECODE_MS, 'decode', undefined, this.#clock)
      .catch(() => [])
      .then((lines) => {
        place.fill(lines.length === 0 ? '' : noticeText(lines.join('\n')));
      })
      .finally(() => this.#decoding.delete(decoding));
    this.#decoding.add(decoding);
  }

  #checkRate(line: string): void {
    this.#undecodable = line.includes('\ufffd') ? this.#undecodable + 1 : 0;
    if (this.#undecodable !== UNDECODABLE_LINES) return;
    this.notify({ kind: 'undecodable', baud: this.#port.transport?.baud ?? 0 });
  }

  #showPart(): void {
    this.#partTimer = undefined;
    this.#gate.write(this.#renderer.flush({ nowMs: this.#clock.now(), isPanic: this.#isPanic() }));
    this.#afterLines();
  }

  /** What has come of a line whose end will not come. */
  #finishLine(): void {
    this.#partTimer?.dispose();
    const line = this.#splitter.flush();
    if (line !== undefined) this.#follow(line);
    this.#showPart();
  }

  #tellState({ state, yieldedTo }: ConsolePortChange): void {
    const { address } = this;
    const baud = this.#port.transport?.baud ?? 0;
    const before = this.#stateBefore;
    this.#stateBefore = state;
    switch (state) {
      case 'open':
        this.#undecodable = 0;
        this.notify({
          kind: before === 'yielded' ? 'resumed' : before === 'lost' ? 'foundAgain' : 'opened',
          address,
          baud,
        });
        break;
      case 'lost':
        this.#finishLine();
        this.notify({ kind: 'lost', address });
        break;
      case 'yielded':
        this.#finishLine();
        this.notify({ kind: 'yielded', to: yieldedTo ?? '' });
        break;
      case 'opening':
      case 'closed':
        break;
    }
    this.#changed.fire(undefined);
  }
}

/** A backtrace that no panic printed, such as the task watchdog's. */
function backtraceOnly(line: string): CrashReport {
  const start: StageEvent = { stage: 'crashed', line, values: { reason: '' } };
  return withCrashLine(startCrash(start), line, stageOf(line));
}
