import { ProgressLocation, workspace, type LogOutputChannel } from 'vscode';
import { showProgress } from '../messages.ts';
import { Emitter } from '../../base/emitter.ts';
import type { Disposable } from '../../base/disposable.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { ChipFacts as FoundFacts, ChipOptions, ChipSession } from '../../flash/chip-session.ts';
import type { FlashBoardOptions, FlashOutcome } from '../../flash/flash-board.ts';
import type { FlashRequest } from '../../flash/flash-plan.ts';
import type { ImageCache } from '../../flash/image-cache.ts';
import type { WriteOptions } from '../../flash/write-files.ts';
import { revisionText } from '../../image/chips.ts';
import type { FlashPhase, OnProgress } from '../../flash/progress.ts';
import type { FlashBehaviour } from '../../ota/flash-project.ts';
import type { PortLeases } from '../../serial/port-lease.ts';
import type { ResetSequence } from '../../serial/reset.ts';
import type { LineBinding, SerialTransport } from '../../serial/serial-transport.ts';
import { readSettings } from '../settings.ts';
import { signalOf } from '../signal.ts';
import { activityText, type FlashActivity } from '../../texts/flash-texts.ts';
import type { PortSession } from './port-session.ts';

/** Work with a chip: takes the port from whoever has it, shows how far it is, restarts the board and gives the port back, on every path. */
export class FlashSession implements Disposable {
  readonly #ports: PortSession;
  readonly #leases: () => Promise<PortLeases>;
  readonly #binding: (name: string) => LineBinding | undefined;
  readonly #cache: () => Promise<ImageCache>;
  readonly #log: LogOutputChannel;
  readonly #changed = new Emitter<undefined>();
  readonly #written = new Emitter<string>();
  #activity: FlashActivity | undefined;
  #stop: AbortController | undefined;
  #settled: Promise<unknown> = Promise.resolve();

  readonly onChange = this.#changed.event;
  /** The address of a port whose board is about to be written to, or erased. */
  readonly onWrite = this.#written.event;

  constructor(options: {
    readonly ports: PortSession;
    readonly leases: () => Promise<PortLeases>;
    readonly binding: (name: string) => LineBinding | undefined;
    /** What was written to which board last, so that only changes are written the next time. */
    readonly cache: () => Promise<ImageCache>;
    readonly log: LogOutputChannel;
  }) {
    this.#ports = options.ports;
    this.#leases = options.leases;
    this.#binding = options.binding;
    this.#cache = options.cache;
    this.#log = options.log;
  }

  get activity(): FlashActivity | undefined {
    return this.#activity;
  }

  cancel(): void {
    this.#stop?.abort();
  }

  /** Gets hold of the chip at the port, does the work, restarts the board and lets go of the port.
   * @param caller cancels it too, beside the notification
   * @throws {OtaError} `command.busy`, `command.untrusted`, `flash.*`, `serial.*`, `cancelled` */
  async withChip<T>(
    address: string,
    title: string,
    work: (chip: ChipSession, signal: AbortSignal, report: OnProgress) => Promise<T>,
    caller?: AbortSignal,
  ): Promise<T> {
    const onTransport = async (
      transport: SerialTransport,
      options: ChipOptions & { readonly onProgress: OnProgress },
      signal: AbortSignal,
    ): Promise<T> => {
      const { openChip } = await import('../../flash/chip-session.ts');
      const chip = await openChip(transport, options, signal);
      try {
        await this.remember(address, chip.facts);
        return await work(chip, signal, options.onProgress);
      } finally {
        const { isRestarted } = await chip.close();
        this.#log.info(`${address}: the board was ${isRestarted ? '' : 'not '}restarted`);
      }
    };
    return this.withTransport(address, title, onTransport, caller);
  }

  /** Flashes the board at the port. Ends with what is in flash now, also when it was cancelled or failed.
   * @throws {OtaError} `command.busy`, `command.untrusted`, `serial.*`; `cancelled` before the port was open */
  async flash(
    address: string,
    title: string,
    request: FlashRequest,
    options: Partial<FlashBehaviour> & Pick<FlashBoardOptions, 'isFastReflash' | 'inspect'> = {},
  ): Promise<FlashOutcome> {
    this.#written.fire(address);
    return this.withTransport(address, title, async (transport, chipOptions, signal) => {
      const [{ flashBoard }, write] = await Promise.all([import('../../flash/flash-board.ts'), this.writeOptions()]);
      const outcome = await flashBoard(transport, request, { ...write, ...chipOptions, ...options }, signal);
      if (outcome.chip !== undefined) await this.remember(address, outcome.chip);
      return outcome;
    });
  }

  /** How the settings have images written. */
  async writeOptions(): Promise<Required<Pick<WriteOptions, 'isFastReflash' | 'cache'>>> {
    const isFastReflash = readSettings(undefined).values['flash.onlyChangedBlocks'];
    return { isFastReflash, cache: await this.#cache() };
  }

  /** Says that something else than `flash` is about to change what is in flash. */
  announceWrite(address: string): void {
    this.#written.fire(address);
  }

  /** Opens the port, taken from whoever has it and can yield it, and gives it back on every path.
   * @throws {OtaError} `command.busy`, `command.untrusted`, `serial.*`, `cancelled` */
  async withTransport<T>(
    address: string,
    title: string,
    work: (
      transport: SerialTransport,
      options: ChipOptions & { readonly onProgress: OnProgress },
      signal: AbortSignal,
    ) => Promise<T>,
    caller?: AbortSignal,
  ): Promise<T> {
    const onPort = async (signal: AbortSignal, onProgress: OnProgress): Promise<T> => {
      const [{ openLeasedPort }, leases, chipOptions] = await Promise.all([
        import('../../serial/open-port.ts'),
        this.#leases(),
        this.#chipOptions(),
      ]);
      const port = await openLeasedPort(
        leases,
        address,
        { holder: title, lockedAs: 'flash', signal },
        { virtual: this.#binding, signal },
      );
      try {
        return await work(port.transport, { ...chipOptions, onProgress }, signal);
      } finally {
        await port.close();
      }
    };
    const working = this.#withProgress(address, title, onPort, caller);
    this.#settled = Promise.allSettled([this.#settled, working]);
    return working;
  }

  /** Cancels what goes on at a port, and resolves when the board was restarted and the port is free. */
  async end(): Promise<void> {
    this.#stop?.abort();
    await this.#settled;
  }

  /** Shows how far it is, in a notification that cancels and in the view; one at a time. */
  async #withProgress<T>(
    address: string,
    title: string,
    work: (signal: AbortSignal, report: OnProgress) => Promise<T>,
    caller: AbortSignal | undefined,
  ): Promise<T> {
    if (!workspace.isTrusted) throw new OtaError('command.untrusted', {});
    if (this.#stop !== undefined) throw new OtaError('command.busy', { what: title });
    const stop = new AbortController();
    this.#stop = stop;
    const cancel = (): void => {
      stop.abort();
    };
    caller?.addEventListener('abort', cancel, { once: true });
    if (caller?.aborted === true) cancel();
    try {
      return await showProgress(
        { location: ProgressLocation.Notification, title, cancellable: true },
        async (notification, token) => {
          signalOf(token).addEventListener('abort', () => {
            stop.abort();
          });
          let shown = 0;
          let phase: FlashPhase | undefined;
          const report: OnProgress = (progress) => {
            this.#activity = { address, progress };
            const { doneBytes = 0, totalBytes = 0 } = progress;
            const percent = totalBytes > 0 ? (100 * doneBytes) / totalBytes : 0;
            const increment = progress.phase === phase ? percent - shown : 0;
            phase = progress.phase;
            shown = percent;
            notification.report({ message: activityText({ address, progress }), increment });
            this.#changed.fire(undefined);
          };
          report({ phase: 'connecting' });
          return await work(stop.signal, report);
        },
      );
    } finally {
      caller?.removeEventListener('abort', cancel);
      this.#stop = undefined;
      this.#activity = undefined;
      this.#changed.fire(undefined);
    }
  }

  dispose(): void {
    this.#stop?.abort();
    this.#changed.dispose();
    this.#written.dispose();
  }

  async #chipOptions(): Promise<ChipOptions> {
    const { values } = readSettings(undefined);
    const reset = values['serial.reset'];
    const custom: ResetSequence | undefined =
      reset === 'custom'
        ? (await import('../../serial/reset-string.ts')).parseResetSequence(values['serial.resetSequence'])
        : undefined;
    return {
      baud: values['flash.baud'],
      ...(custom === undefined ? {} : { customReset: custom }),
      ...(reset === 'auto' || reset === 'custom' ? {} : { reset }),
      logger: this.#log,
    };
  }

  async remember(address: string, facts: FoundFacts): Promise<void> {
    await this.#ports.remember(address, {
      chip: facts.name,
      revision: facts.revision === undefined ? '' : revisionText(facts.revision),
      mac: facts.mac ?? '',
      flashSizeBytes: facts.flashSizeBytes,
      atMs: Date.now(),
    });
  }
}
