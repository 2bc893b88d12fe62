import * as l10n from '@vscode/l10n';
import { withoutControls } from '../base/plain-text.ts';
import type { Release } from '../server/release-store.ts';
import type { TransferEvent, TransferEventOf } from '../server/transfer-events.ts';
import { causeText } from '../texts/cause-texts.ts';
import { faultText } from '../texts/fault-texts.ts';
import { bytesText, clockText, durationText, percentText, rateText } from '../texts/text.ts';
import type { CommandContext } from './command.ts';

export interface TransferOutput {
  readonly show: (event: TransferEvent) => void;
  end(): void;
  /** For the end of the output: how often what happened. */
  counts(): { readonly requests: number; readonly complete: number; readonly aborted: number; readonly failed: number };
}

/** Says who comes to the server and how far each client is: a line for each request and each end, and a bar for the download that moved last. */
export function transferOutput(
  context: CommandContext,
  releaseOf: (id: string) => Release | undefined,
): TransferOutput {
  const { print, style, emit } = context;
  const progress = context.progress('');
  const running = new Map<string, TransferEventOf<'progress'>>();
  const counts = { requests: 0, complete: 0, aborted: 0, failed: 0 };
  const line = (event: TransferEvent, text: string): void => {
    print(`${style.dim(clockText(event.atMs))} ${event.client.address}  ${text}`);
  };

  const tellProgress = (event: TransferEventOf<'progress'>): void => {
    running.set(event.id, event);
    const more = running.size > 1 ? ` (+${running.size - 1})` : '';
    const name = releaseOf(event.releaseId)?.name ?? '';
    progress.update({
      doneBytes: event.offsetBytes,
      totalBytes: event.totalBytes,
      bytesPerSecond: event.bytesPerSecond,
      label: `${event.client.address} ${name}${more}`,
    });
  };

  const tellEnd = (event: TransferEventOf<'ended'>): void => {
    counts[event.outcome] += 1;
    const last = running.get(event.id);
    running.delete(event.id);
    const [next] = running.values();
    if (next !== undefined) tellProgress(next);
    else progress.clear();
    if (event.releaseId === undefined || event.outcome === 'failed' || event.totalBytes === undefined) return;
    const at = (event.startBytes ?? 0) + event.sentBytes;
    const rate = event.durationMs > 0 ? (1000 * event.sentBytes) / event.durationMs : 0;
    const took = durationText(event.durationMs);
    const facts = [bytesText(event.sentBytes), rateText(rate), took].join(' · ');
    if (event.outcome === 'complete') {
      // a HEAD request has no bytes
      if (event.sentBytes > 0)
        line(event, `${style.green('✔')} ${l10n.t('received everything it asked for: {0}', facts)}`);
      return;
    }
    const share = percentText(last?.offsetBytes ?? at, event.totalBytes);
    line(event, `${style.red('✖')} ${l10n.t('the download broke off at {0}: {1}', share, facts)}`);
  };

  return {
    show: (event) => {
      emit({ event: 'transfer', transfer: event });
      switch (event.kind) {
        case 'requested': {
          counts.requests += 1;
          const range = event.range === undefined ? '' : ` (${event.range})`;
          const text = withoutControls(`${event.method} ${event.path}${range} → ${event.status}`);
          const who = event.announced?.runningVersion;
          const runs = who === undefined ? '' : ` ${style.dim(l10n.t('runs {0}', withoutControls(who)))}`;
          line(event, `${event.status >= 400 ? style.red(text) : text}${runs}`);
          return;
        }
        case 'progress':
          if (!context.isJson || context.stderr.isTTY === true) tellProgress(event);
          return;
        case 'ended':
          tellEnd(event);
          return;
        case 'tlsFailed':
          line(event, `${style.red('✖')} ${causeText(`tls.${event.cause}`)}`);
          return;
        case 'refused':
          line(event, `${style.red('✖')} ${causeText(`client.${event.reason}`)}`);
          return;
        case 'fault':
          line(event, style.yellow(l10n.t('gets the fault “{0}”', faultText(event.fault).name)));
      }
    },
    end: () => {
      progress.end();
    },
    counts: () => counts,
  };
}
