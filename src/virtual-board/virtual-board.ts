import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { isOtaError } from '../base/ota-error.ts';
import type { AppOutcome, AppRun } from './app-run.ts';
import { trustOf } from './app-trust.ts';
import { BoardConsole } from './board-console.ts';
import {
  completeSetup,
  withAppDefaults,
  type AppOptions,
  type BoardSetup,
  type FlashPart,
  type FullSetup,
} from './board-setup.ts';
import {
  runningView,
  viewFlash,
  type BoardPhase,
  type BoardState,
  type RunningView,
  type UpdateView,
} from './board-state.ts';
import { runBootloader, type Booted, type SecureVersionFuse } from './bootloader.ts';
import type { ResetCause } from './chip-profile.ts';
import { ConsoleInput } from './console-input.ts';
import { ConsoleReader, type LineMatch, type WaitOptions } from './console-reader.ts';
import { isAtLeast, parseIdfVersion, type IdfVersion } from './idf-version.ts';
import { layoutOf, type FlashLayout } from './flash-layout.ts';
import { descriptionInFlash, type Description } from './image-in-flash.ts';
import type { BoardKnobs } from './knobs.ts';
import { NorFlash } from './nor-flash.ts';
import { panicLines } from './panic.ts';
import { DATA_NVS, findRow, TYPE_DATA, type Row } from './partition-rows.ts';
import { findBootloader, runRom } from './rom.ts';
import { RecentPorts } from './recent-ports.ts';
import { runApp } from './run-app.ts';

const DEFAULT_IDF: IdfVersion = { major: 5, minor: 5, patch: 0 };
const PROGRESS_STEP_BYTES = 64 * 1024;

/** How a life from one reset to the next ended. */
type LifeEnd = { readonly next: ResetCause; readonly pauseMs: number } | 'stays';

/** A simulated ESP32 that runs what lies in its flash: ROM and bootloader by the rules of the flashed bytes, then the application in the chosen
 * slot as one of ESP-IDF's OTA examples, on real sockets. Off until {@link VirtualBoard.powerOn}. Disposing it leaves nothing behind.
 * @throws {OtaError} `board.badSetup`, `board.flashOutOfRange` from the constructor. */
export class VirtualBoard implements Disposable {
  readonly flash: NorFlash;
  readonly #setup: FullSetup;
  readonly #clock: Clock;
  readonly #out: BoardConsole;
  readonly #input = new ConsoleInput();
  readonly #reader: ConsoleReader;
  readonly #changes = new Emitter<BoardState>();
  readonly #store = new DisposableStore();
  readonly #nvs = new Map<string, string | number>();
  readonly #fuse: SecureVersionFuse;
  /** Images that came by an update: digest by slot offset, and whether they have run. */
  readonly #updated = new Map<number, { readonly sha256: string; hasRun: boolean }>();
  #app: AppOptions;
  #knobs: BoardKnobs;
  #idfVersion: IdfVersion | undefined;
  #phase: BoardPhase = 'off';
  #bootCount = 0;
  #running: RunningView | undefined;
  #update: UpdateView | undefined;
  #nvsRow: Row | undefined;
  #life: AbortController | undefined;
  #wantsUpdate = false;
  #hasLostWifi = false;
  readonly #localPorts = new RecentPorts();
  #reportedBytes = 0;

  constructor(setup: BoardSetup) {
    this.#setup = completeSetup(setup);
    this.#clock = this.#setup.clock;
    this.#app = this.#setup.app;
    this.#knobs = setup.knobs ?? {};
    this.#idfVersion = this.#setup.idfVersion;
    this.#fuse = { value: setup.secureVersion ?? 0 };
    this.flash = new NorFlash(this.#setup.flashSizeBytes);
    for (const part of setup.parts) this.flash.replace(part.offset, part.bytes);
    this.#out = this.#store.add(new BoardConsole(this.#clock));
    this.#reader = this.#store.add(new ConsoleReader(this.#out.onLine, this.#clock));
    this.#store.add(
      this.flash.onOperation(({ kind, offsetBytes, lengthBytes }) => {
        const row = this.#nvsRow;
        if (kind !== 'erase' || row === undefined) return;
        if (offsetBytes < row.offset + row.size && offsetBytes + lengthBytes > row.offset) this.#nvs.clear();
      }),
    );
    this.#store.add(this.#changes);
  }

  /** UART bytes, with colours where the firmware has them; one event a line, CR LF at its end. */
  get onConsole(): Event<Uint8Array> {
    return this.#out.onBytes;
  }

  /** The same as text, without colours and line end. */
  get onLine(): Event<string> {
    return this.#out.onLine;
  }

  /** Fires when the phase changes, and every 64 KB of an update. */
  get onStateChange(): Event<BoardState> {
    return this.#changes.event;
  }

  /** The last 2000 console lines, oldest first. */
  get recentLines(): readonly string[] {
    return this.#out.recentLines;
  }

  /** Whether a connection of this board has, or recently had, the TCP port on its own side: what tells boards on one computer apart. */
  ownsPort(port: number): boolean {
    return this.#localPorts.has(port);
  }

  /** Anti-rollback version in the eFuse. */
  get secureVersion(): number {
    return this.#fuse.value;
  }

  /** Of the chip, major * 100 + minor. */
  get chipRevision(): number {
    return this.#setup.chip.revision;
  }

  /** Lower-case, with colons. */
  get macAddress(): string {
    return this.#setup.macAddress;
  }

  get state(): BoardState {
    return {
      phase: this.#phase,
      bootCount: this.#bootCount,
      address: this.#setup.address,
      chip: this.#setup.chip.profile.target,
      running: this.#running,
      update: this.#update,
      ...viewFlash(this.flash, this.#setup.partitionTableOffset, this.#running?.offsetBytes),
    };
  }

  /** What lies where in its flash at this moment. */
  get layout(): FlashLayout {
    const { partitionTableOffset, chip, bootloader } = this.#setup;
    const hasRollback = bootloader.hasRollback || bootloader.hasAntiRollback;
    return layoutOf(this.flash, partitionTableOffset, chip.profile.bootloaderOffset, hasRollback);
  }

  powerOn(): void {
    if (this.#phase === 'off') this.reset();
  }

  /** The EN button. */
  reset(): void {
    if (this.#app.updateOnBoot === 'once') this.#wantsUpdate = true;
    this.#start('powerOn');
  }

  /** Resets the board and lets the application try an update after this boot, whatever `updateOnBoot` says. */
  triggerUpdate(): void {
    this.#wantsUpdate = true;
    this.#start('powerOn');
  }

  /** The application reads through a null pointer, wherever it is. Nothing happens while none runs. */
  crash(): void {
    const running = this.#running;
    if (running === undefined || this.#phase === 'crashed') return;
    this.#life?.abort();
    const life = new AbortController();
    this.#life = life;
    const idf = this.#idfVersion ?? parseIdfVersion(running.idfVersion) ?? DEFAULT_IDF;
    const image = this.flash.view(running.offsetBytes, this.flash.sizeBytes - running.offsetBytes);
    for (const line of panicLines(this.#setup.chip.profile, image, running.elfSha256, idf)) this.#out.raw(line);
    this.#setPhase('crashed');
    sleep(Math.max(1, this.#setup.delays.bootLoopMs), life.signal, this.#clock).then(
      () => {
        this.#start('panic');
      },
      () => undefined, // reset or switched off meanwhile
    );
  }

  /** Everything in RAM and every socket is gone, and with them a triggered update; the flash keeps what it has. */
  powerOff(): void {
    this.#life?.abort();
    this.#life = undefined;
    this.#wantsUpdate = false;
    this.#running = undefined;
    this.#setPhase('off');
  }

  /** Types at the console. CR, LF or both end a line. */
  sendConsole(text: string): void {
    this.#input.send(text);
  }

  /** Writes parts as a flash tool does (whole sectors) and resets the board if it was on.
   * @throws {OtaError} `board.flashOutOfRange` */
  flashParts(parts: readonly FlashPart[]): void {
    const wasOn = this.#phase !== 'off';
    if (wasOn) this.powerOff();
    for (const part of parts) this.flash.replace(part.offset, part.bytes);
    if (wasOn) this.powerOn();
  }

  /** Changes the configuration of the firmware or the knobs; what is not given stays. In force from the next boot on, knobs at once. */
  configure(changes: {
    readonly app?: Partial<AppOptions>;
    readonly knobs?: BoardKnobs;
    readonly idfVersion?: string;
  }): void {
    this.#app = withAppDefaults(changes.app, this.#app);
    this.#knobs = { ...this.#knobs, ...changes.knobs };
    if (changes.idfVersion !== undefined) this.#idfVersion = parseIdfVersion(changes.idfVersion) ?? this.#idfVersion;
  }

  /** Waits for a console line. Waits follow each other: each goes on behind the line that ended the last one.
   * @throws {OtaError} `timeout` (default after 10 s; its cause has the lines that came instead), `cancelled` */
  runUntil(match: LineMatch, options: WaitOptions = {}): Promise<string> {
    return this.#reader.until(match, options);
  }

  dispose(): void {
    this.powerOff();
    this.#store.dispose();
  }

  #start(cause: ResetCause): void {
    if (this.#store.isDisposed) return;
    this.#life?.abort();
    const life = new AbortController();
    this.#life = life;
    this.#running = undefined;
    this.#setPhase('booting');
    void this.#live(cause, life.signal);
  }

  /** Boots again and again until the board is reset from outside or stays where it is. */
  async #live(first: ResetCause, signal: AbortSignal): Promise<void> {
    let cause = first;
    // whoever switched the board on may still want to listen
    await Promise.resolve();
    try {
      for (;;) {
        const end = await this.#boot(cause, signal);
        if (end === 'stays') return;
        cause = end.next;
        if (end.pauseMs > 0) await sleep(end.pauseMs, signal, this.#clock);
      }
    } catch (error) {
      if (!isOtaError(error, 'cancelled')) throw error;
    }
  }

  async #boot(cause: ResetCause, signal: AbortSignal): Promise<LifeEnd> {
    try {
      return await this.#bootOnce(cause, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      this.#running = undefined;
      if (isOtaError(error, 'board.powerCut')) return { next: 'powerOn', pauseMs: 0 };
      if (!isOtaError(error, 'board.flashOutOfRange')) throw error;
      // something in flash leads beyond the chip: the watchdog resets what hangs there
      return this.#cannotBoot();
    }
  }

  async #bootOnce(cause: ResetCause, signal: AbortSignal): Promise<LifeEnd> {
    const { chip, delays, bootloader, partitionTableOffset } = this.#setup;
    if (signal.aborted) return 'stays';
    this.#bootCount++;
    this.#running = undefined;
    this.#input.clear();
    this.#setPhase('booting');
    this.#out.restart();
    const bootIdf = this.#idfVersion ?? findBootloader(this.flash, chip)?.idfVersion ?? DEFAULT_IDF;
    this.#out.hasColours = !isAtLeast(bootIdf, 5, 4);
    const found = runRom(this.flash, chip, cause, this.#out);
    const booted =
      found === undefined
        ? undefined
        : runBootloader({
            flash: this.flash,
            chip,
            tableOffset: partitionTableOffset,
            options: bootloader,
            knobs: this.#knobs,
            found,
            idf: bootIdf,
            out: this.#out,
            fuse: this.#fuse,
          });
    if (booted === undefined) return this.#cannotBoot();
    await this.#sleep(delays.bootMs, signal);
    return this.#runApplication(booted, signal);
  }

  #cannotBoot(): LifeEnd {
    this.#setPhase('bootFailed');
    return { next: 'bootloader', pauseMs: Math.max(1, this.#setup.delays.bootLoopMs) };
  }

  async #runApplication(booted: Booted, signal: AbortSignal): Promise<LifeEnd> {
    const { row, image, rows } = booted;
    const description = descriptionInFlash(this.flash, row.offset);
    this.#running = runningView(row, description, image.sha256);
    this.#nvsRow = findRow(rows, TYPE_DATA, DATA_NVS);
    const record = this.#updated.get(row.offset);
    const isUpdated = record?.sha256 === image.sha256;
    const isFirstBoot = isUpdated && !record.hasRun;
    if (isUpdated) record.hasRun = true;
    const wantsUpdate = this.#app.updateOnBoot === 'always' || this.#wantsUpdate;
    const run = this.#makeRun(booted, description, signal);
    this.#out.hasColours = !isAtLeast(run.idf, 5, 4);
    const outcome = await runApp(run, {
      isFirstBoot,
      isUpdated,
      wantsUpdate,
      onPhase: (phase) => {
        // an application that was reset in the middle of something has no say any more
        if (!signal.aborted) this.#setPhase(phase);
      },
    });
    return this.#after(outcome, wantsUpdate);
  }

  #after(outcome: AppOutcome, hasTriedUpdate: boolean): LifeEnd {
    if (outcome === 'crash') {
      this.#setPhase('crashed');
      return { next: 'panic', pauseMs: Math.max(1, this.#setup.delays.bootLoopMs) };
    }
    if (hasTriedUpdate) this.#wantsUpdate = false;
    if (outcome === 'idle') return 'stays';
    this.#setPhase('rebooting');
    return { next: 'software', pauseMs: 0 };
  }

  #makeRun({ row, rows }: Booted, description: Description | undefined, signal: AbortSignal): AppRun {
    const { chip, address, hosts, delays } = this.#setup;
    const idf = this.#idfVersion ?? parseIdfVersion(description?.idfVersion ?? '') ?? DEFAULT_IDF;
    const log: AppRun['log'] = (level, tag, message) => {
      if (!signal.aborted) this.#out.log(level, tag, message);
    };
    const knobsNow = (): BoardKnobs => this.#knobs;
    return {
      idf,
      log,
      raw: (line) => {
        if (!signal.aborted) this.#out.raw(line);
      },
      options: this.#app,
      get knobs() {
        return knobsNow();
      },
      delays,
      description,
      address,
      nvs: this.#nvs,
      ota: {
        flash: this.flash,
        chip,
        idf,
        rows,
        running: row,
        hasRollback: this.#app.hasRollback || this.#app.hasAntiRollback,
        hasAntiRollback: this.#app.hasAntiRollback,
        fuse: this.#fuse,
        log,
        signing: this.#app.signing,
        skipsImageChecks: this.#knobs.skipsImageChecks === true,
        onSlotSet: (slot, sha256) => {
          this.#updated.set(slot.offset, { sha256, hasRun: false });
        },
      },
      network: {
        clock: this.#clock,
        signal,
        idf,
        log,
        hosts,
        failsDns: this.#knobs.failsDns === true,
        onSocket: (localPort) => {
          this.#localPorts.add(localPort);
        },
      },
      tls: trustOf(
        this.flash.read(row.offset, Math.min(row.size, this.flash.sizeBytes - row.offset)),
        this.#app,
        this.#knobs.trustsAnyServer === true,
      ),
      readLine: async () => {
        this.#setPhase('waitingForUrl');
        const line = await this.#input.readLine(signal);
        this.#setPhase('updating');
        return line;
      },
      sleep: (delayMs) => this.#sleep(delayMs, signal),
      useUp: (knob) => {
        this.#knobs = { ...this.#knobs, [knob]: undefined };
        if (knob === 'dropWifiAfterBytes') this.#hasLostWifi = true;
      },
      hasLostWifi: () => {
        const hasLost = this.#hasLostWifi;
        this.#hasLostWifi = false;
        return hasLost;
      },
      onUpdateBegins: (slot, totalBytes) => {
        this.#reportedBytes = 0;
        this.#update = { slotLabel: slot.label, writtenBytes: 0, totalBytes };
        this.#changes.fire(this.state);
      },
      onWritten: (writtenBytes) => {
        if (this.#update !== undefined) this.#update = { ...this.#update, writtenBytes };
        if (writtenBytes - this.#reportedBytes < PROGRESS_STEP_BYTES) return;
        this.#reportedBytes = writtenBytes;
        this.#changes.fire(this.state);
      },
    };
  }

  async #sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    if (delayMs > 0) await sleep(delayMs, signal, this.#clock);
  }

  #setPhase(phase: BoardPhase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#changes.fire(this.state);
  }
}
