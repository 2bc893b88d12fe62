import './errors.ts';
import { throwIfCancelled } from '../base/abort.ts';
import { OtaError } from '../base/ota-error.ts';
import { bytesIn, type Run } from './changed-runs.ts';
import type { ChipSession } from './chip-session.ts';
import { compareFlash, firstDifference, md5Hex } from './compare-flash.ts';
import { flashMd5, setFlashSize } from './commands.ts';
import type { FlashPlan, PlannedFile } from './flash-plan.ts';
import type { FlashLedger } from './flash-state.ts';
import { type FlashRegion } from './flash-state.ts';
import type { ImageCache } from './image-cache.ts';
import { lineBytes, prepareRuns } from './prepare-runs.ts';
import { ByteMeter, type OnProgress } from './progress.ts';
import { prepareRun, writeRun, type RunToWrite } from './write-run.ts';

export interface WriteOptions {
  /** Write only what is not in flash already. Default true. */
  readonly isFastReflash?: boolean;
  readonly cache?: ImageCache;
  readonly onProgress?: OnProgress;
}

/** What became of one file. */
export interface WrittenFile {
  readonly name: string;
  readonly offset: number;
  readonly lengthBytes: number;
  /** Of those, what was sent; 0 when the flash had it already. */
  readonly writtenBytes: number;
  readonly lineBytes: number;
  /** How it was known what to write: nothing to, from the last image, from the chip's digests, or all of it. */
  readonly how: 'identical' | 'cache' | 'digests' | 'all';
  /** Of all its bytes, hex: what the chip computed of its flash, where `isVerified`. */
  readonly md5: string;
  /** False when the chip can't be asked (secure download mode). */
  readonly isVerified: boolean;
}

/** Share of a full write's bytes above which writing the pieces is not worth it. */
const WORTHWHILE = 0.9;
/** Share of an image below which nobody needs to ask. */
const SURELY_WORTHWHILE = 0.25;
const ROUND_TRIPS_A_RUN = 3;
const USUAL_FLASH_BYTES = 4 * 1024 * 1024;
const WRITES = 2;

/** Writes the files of a plan, in its order, each read back as a digest before the next is begun. `ledger` keeps account of the flash, so that its
 * state is known however this ends.
 * @throws {OtaError} `flash.notProgrammed`, `flash.verifyFailed`, `flash.lineTooNoisy`, `flash.command*`, `serial.*`, `cancelled` */
export async function writeFiles(
  session: ChipSession,
  plan: FlashPlan,
  ledger: FlashLedger,
  regions: ReadonlyMap<PlannedFile, FlashRegion>,
  options: WriteOptions = {},
  signal?: AbortSignal,
): Promise<readonly WrittenFile[]> {
  const { link, facts } = session;
  const meter = new ByteMeter('writing', plan.totalBytes, options.onProgress, () => link.clock.now());
  if (!link.isStub && facts.flashSizeBytes === undefined) {
    const neededBytes = Math.max(...plan.files.map(({ offset, bytes }) => offset + bytes.length));
    await setFlashSize(link, Math.max(USUAL_FLASH_BYTES, 2 ** Math.ceil(Math.log2(neededBytes))), signal);
  }
  const written: WrittenFile[] = [];
  for (const file of plan.files) {
    throwIfCancelled(signal, 'flash');
    const region = regions.get(file) ?? { offset: file.offset, lengthBytes: file.bytes.length };
    written.push(await new FileWriter(session, file, region, ledger, meter, options, signal).run());
  }
  return written;
}

class FileWriter {
  readonly #session: ChipSession;
  readonly #file: PlannedFile;
  readonly #region: FlashRegion;
  readonly #ledger: FlashLedger;
  readonly #meter: ByteMeter;
  readonly #options: WriteOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #startBytes: number;

  constructor(
    session: ChipSession,
    file: PlannedFile,
    region: FlashRegion,
    ledger: FlashLedger,
    meter: ByteMeter,
    options: WriteOptions,
    signal: AbortSignal | undefined,
  ) {
    this.#session = session;
    this.#file = file;
    this.#region = region;
    this.#ledger = ledger;
    this.#meter = meter;
    this.#options = options;
    this.#signal = signal;
    this.#startBytes = meter.doneBytes;
    meter.beginFile(file.bytes.length);
  }

  async run(): Promise<WrittenFile> {
    const { facts } = this.#session;
    const { bytes } = this.#file;
    const canAsk = !facts.isSecureDownload;
    const pieces = canAsk && this.#options.isFastReflash !== false ? await this.#piecesToWrite() : undefined;
    if (pieces?.how === 'identical') return this.#done('identical', [], true);
    if (pieces !== undefined) {
      await this.#write(pieces.runs);
      if (await this.#isRight()) return this.#done(pieces.how, pieces.runs, true);
      // the digests were right about the pieces, or the last image was not what it seemed: the whole then
    }
    const run = await this.#prepare({ from: 0, end: bytes.length });
    if (!canAsk) {
      await this.#write([run]);
      return this.#done('all', [run], false);
    }
    for (let attempt = 1; attempt <= WRITES; attempt++) {
      await this.#write([run]);
      if (await this.#isRight()) return this.#done('all', [run], true);
    }
    throw await this.#verifyError();
  }

  #prepare(run: Run): Promise<RunToWrite> {
    const { name, offset, bytes } = this.#file;
    return prepareRun(this.#session, name, offset, bytes, run);
  }

  /** Undefined when all of it is to be written. */
  async #piecesToWrite(): Promise<{ how: 'identical' | 'cache' | 'digests'; runs: readonly RunToWrite[] } | undefined> {
    const { cache, onProgress } = this.#options;
    const { offset, bytes, name } = this.#file;
    const { mac } = this.#session.facts;
    onProgress?.({ phase: 'comparing', file: name });
    const last = mac === undefined ? undefined : await cache?.read(mac, offset);
    const found = await compareFlash(this.#session, offset, bytes, last, this.#signal);
    if (found.kind === 'all') return undefined;
    if (found.kind === 'identical') return { how: 'identical', runs: [] };
    let mostBytes = Number.POSITIVE_INFINITY;
    if (bytesIn(found.runs) > SURELY_WORTHWHILE * bytes.length) {
      const whole = await this.#prepare({ from: 0, end: bytes.length });
      mostBytes = WORTHWHILE * (lineBytes(whole) + this.#overheadBytes(1)) - this.#overheadBytes(found.runs.length);
    }
    const runs = await prepareRuns(found.runs, (run) => this.#prepare(run), mostBytes);
    if (runs === undefined) return undefined;
    this.#meter.add(bytes.length - bytesIn(found.runs), name, true);
    return { how: found.by, runs };
  }

  /** What the round trips of so many runs cost, in bytes of the line. */
  #overheadBytes(runs: number): number {
    const { link, facts } = this.#session;
    const bytesPerMs = (facts.baud > 0 ? facts.baud : 921_600) / 10_000;
    return runs * ROUND_TRIPS_A_RUN * (Number.isFinite(link.roundTripMs) ? link.roundTripMs : 10) * bytesPerMs;
  }

  async #write(runs: readonly RunToWrite[]): Promise<void> {
    const { name } = this.#file;
    const toWrite = runs.reduce((sum, run) => sum + run.bytes.length, 0);
    const before = this.#startBytes + this.#file.bytes.length - toWrite;
    this.#meter.setDone(before, name);
    for (const run of runs) {
      let reported = 0;
      await writeRun(
        this.#session,
        run,
        {
          onTouch: (offset, lengthBytes) => {
            this.#ledger.touch(offset, lengthBytes);
          },
          onBytes: (doneBytes) => {
            if (doneBytes > reported) this.#meter.add(doneBytes - reported, name);
            reported = Math.max(reported, doneBytes);
          },
        },
        this.#signal,
      );
    }
    this.#ledger.wrote(this.#region);
  }

  async #isRight(): Promise<boolean> {
    const { name, offset, bytes } = this.#file;
    this.#options.onProgress?.({ phase: 'verifying', file: name });
    const expected = md5Hex(bytes);
    if ((await flashMd5(this.#session.link, offset, bytes.length, this.#signal)) === expected) return true;
    // an answer that was damaged on its way says nothing of the flash
    return (await flashMd5(this.#session.link, offset, bytes.length, this.#signal)) === expected;
  }

  async #verifyError(): Promise<OtaError> {
    const { name, offset, bytes } = this.#file;
    const found = await flashMd5(this.#session.link, offset, bytes.length, this.#signal);
    const at = await firstDifference(this.#session, offset, bytes, this.#signal);
    return new OtaError('flash.verifyFailed', {
      name,
      offset: at === undefined ? -1 : offset + at,
      expected: md5Hex(bytes),
      found,
    });
  }

  async #done(how: WrittenFile['how'], runs: readonly RunToWrite[], isVerified: boolean): Promise<WrittenFile> {
    const { name, offset, bytes } = this.#file;
    if (isVerified) {
      this.#ledger.verified(this.#region);
      const { mac } = this.#session.facts;
      if (mac !== undefined) await this.#options.cache?.write(mac, offset, bytes);
    }
    this.#meter.setDone(this.#startBytes + bytes.length, name);
    return {
      name,
      offset,
      lengthBytes: bytes.length,
      writtenBytes: runs.reduce((sum, run) => sum + run.bytes.length, 0),
      lineBytes: runs.reduce((sum, run) => sum + lineBytes(run), 0),
      how,
      md5: md5Hex(bytes),
      isVerified,
    };
  }
}
