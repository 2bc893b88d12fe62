import type { Disposable } from '../base/disposable.ts';
import type { AppOptions, BoardDelays } from './board-setup.ts';
import type { Network, TlsOptions } from './connect.ts';
import type { BodyRead, HttpClient } from './http-client.ts';
import { isAtLeast, type IdfVersion } from './idf-version.ts';
import type { Description, Log } from './image-in-flash.ts';
import type { BoardKnobs } from './knobs.ts';
import type { OtaContext, OtaWrite } from './ota-ops.ts';
import type { Row } from './partition-rows.ts';

/** How the application's run ended: it sits there, restarts by itself, or has crashed. */
export type AppOutcome = 'idle' | 'restart' | 'crash';

/** What a running application has around it. One of these lives from one boot to the next reset. */
export interface AppRun {
  readonly idf: IdfVersion;
  readonly log: Log;
  /** A line without level and tag. */
  readonly raw: (line: string) => void;
  readonly options: AppOptions;
  readonly knobs: BoardKnobs;
  readonly delays: BoardDelays;
  readonly description: Description | undefined;
  readonly ota: OtaContext;
  readonly network: Network;
  readonly tls: TlsOptions;
  readonly address: string;
  /** Non-volatile storage of the application: survives resets, lost when its partition is erased. */
  readonly nvs: Map<string, string | number>;
  /** One line from the console, without its end.
   * @throws {OtaError} `cancelled` at a reset. */
  readonly readLine: () => Promise<string>;
  /** @throws {OtaError} `cancelled` at a reset. */
  readonly sleep: (delayMs: number) => Promise<void>;
  /** Takes a knob that works once. */
  readonly useUp: (knob: 'dropWifiAfterBytes' | 'resetAtImageByte') => void;
  /** Whether the radio link was lost since the last call. */
  readonly hasLostWifi: () => boolean;
  readonly onUpdateBegins: (slot: Row, totalBytes: number | undefined) => void;
  readonly onWritten: (writtenBytes: number) => void;
}

/** The knob that lets the supply fail at an image byte, armed for the update that begins. Dispose what it gives when the update ends. */
export function armPowerCut(run: AppRun, write: OtaWrite): Disposable | undefined {
  const at = run.knobs.resetAtImageByte;
  if (at === undefined || at < write.writtenBytes) return undefined;
  run.useUp('resetAtImageByte');
  return run.ota.flash.cutPower({ afterProgrammedBytes: at - write.writtenBytes });
}

/** Reads body bytes as the firmware would, with the knobs of a bad link in between. */
export class BodyReader {
  readonly #run: AppRun;
  #bytes = 0;
  #owedMs = 0;

  constructor(run: AppRun) {
    this.#run = run;
  }

  async read(client: HttpClient, maxBytes: number): Promise<BodyRead> {
    const { knobs, idf, log } = this.#run;
    const limit = knobs.dropWifiAfterBytes;
    const allowed = limit === undefined ? maxBytes : Math.min(maxBytes, Math.max(0, limit - this.#bytes));
    if (allowed === 0 && limit !== undefined) {
      this.#run.useUp('dropWifiAfterBytes');
      const reason = isAtLeast(idf, 5, 3) ? ' 200,' : ',';
      log('I', 'example_connect', `Wi-Fi disconnected${reason} trying to reconnect...`);
      client.dropLink();
    }
    const result = await client.read(allowed === 0 ? maxBytes : allowed);
    if (result.kind === 'data') {
      this.#bytes += result.bytes.length;
      await this.#slowDown(result.bytes.length);
    }
    return result;
  }

  async #slowDown(bytes: number): Promise<void> {
    const rate = this.#run.knobs.drainBytesPerSecond;
    if (rate === undefined || rate <= 0) return;
    this.#owedMs += (bytes / rate) * 1000;
    if (this.#owedMs < 10) return;
    const waitMs = this.#owedMs;
    this.#owedMs = 0;
    await this.#run.sleep(waitMs);
  }
}
