import { openChip, type ChipOptions, type ChipSession } from '../../flash/chip-session.ts';
import type { OnProgress } from '../../flash/progress.ts';
import type { OwnHolder } from '../../serial/holders.ts';
import { openLeasedPort } from '../../serial/open-port.ts';
import type { SerialTransport } from '../../serial/serial-transport.ts';
import type { CommandContext } from '../command.ts';
import { notRestartedText } from '../../texts/flash-texts.ts';
import { showProgress, type ShownProgress } from './show-progress.ts';

export interface BoardWork {
  readonly address: string;
  /** What is done with it, for whoever wants the port meanwhile. */
  readonly holder: OwnHolder;
  /** Over the bar. */
  readonly title: string;
  readonly options: ChipOptions;
}

/** An open port that is held against everybody else. It is free again when the promise settles, whatever happens.
 * @throws {OtaError} `serial.*`, `cancelled` */
export async function withPort<T>(
  context: CommandContext,
  { address, holder, title, options }: BoardWork,
  work: (
    transport: SerialTransport,
    options: ChipOptions & { readonly onProgress: OnProgress },
    bar: ShownProgress,
  ) => Promise<T>,
): Promise<T> {
  const { signal, log, makers } = context;
  const leases = await makers.portLeases();
  const port = await openLeasedPort(leases, address, { holder, signal }, { signal });
  const bar = showProgress(context, title);
  try {
    return await work(port.transport, { logger: log, ...options, onProgress: bar.report }, bar);
  } finally {
    bar.end();
    await port.close();
  }
}

/** What is done to a chip, with how to show how far it is. */
export interface OnChip {
  readonly chip: ChipSession;
  readonly report: OnProgress;
  /** Takes the bar away, for something that is printed or asked. The next report draws it again. */
  readonly hideProgress: () => void;
}

/** Hold of the chip at a port. The board is restarted and the port free when the promise settles, whatever happens. Says so when the board could
 * not be restarted.
 * @throws {OtaError} `flash.*`, `serial.*`, `cancelled` */
export async function withChip<T>(
  context: CommandContext,
  work: BoardWork,
  use: (on: OnChip) => Promise<T>,
): Promise<{ readonly value: T; readonly isRestarted: boolean }> {
  return withPort(context, work, async (transport, options, bar) => {
    const chip = await openChip(transport, options, context.signal);
    let isRestarted = false;
    let value: T;
    try {
      value = await use({ chip, report: options.onProgress, hideProgress: bar.hide });
    } finally {
      ({ isRestarted } = await chip.close());
      bar.end();
      if (!isRestarted) context.note(notRestartedText());
    }
    return { value, isRestarted };
  });
}
