import * as l10n from '@vscode/l10n';
import type { Clock } from '../base/clock.ts';
import { forTerminal } from '../base/plain-text.ts';
import { bytesText, durationText, percentText, rateText } from '../texts/text.ts';
import type { OutputStream } from './streams.ts';
import { clipped } from './text-width.ts';
import type { Style } from './style.ts';

/** How far something is, in a terminal. */
export interface Progress {
  /** @param label what is being done at the moment; the title when left out
   * @param bytesPerSecond as measured by who knows; else over the whole time so far */
  update(now: {
    readonly doneBytes: number;
    readonly totalBytes: number;
    readonly label?: string;
    readonly bytesPerSecond?: number;
  }): void;
  /** What is being done where there are no bytes to count. */
  say(label: string): void;
  /** Takes the line away until the next of the above, so that another can be written. */
  clear(): void;
  /** Takes the bar away for ever; what it last said stays where it is not redrawn. Twice is once. */
  end(): void;
}

const BAR_CELLS = 24;
const REDRAW_MS = 100;
/** Where lines stay, one for every so many parts of a hundred. */
const STEP_PERCENT = 25;

/** A bar for a stream: one line that is redrawn in a terminal, a few lines elsewhere. */
export function createProgress(title: string, stream: OutputStream, clock: Clock, style: Style): Progress {
  return stream.isTTY === true ? redrawn(title, stream, clock, style) : plain(title, stream, clock);
}

type Bytes = Parameters<Progress['update']>[0];

function redrawn(title: string, stream: OutputStream, clock: Clock, style: Style): Progress {
  let drawnMs = -Infinity;
  let startedMs: number | undefined;
  let drawn = '';
  let isEnded = false;
  const draw = (line: string): void => {
    if (isEnded || line === drawn) return;
    drawn = line;
    drawnMs = clock.now();
    stream.write(`\r${forTerminal(line).replaceAll('\n', ' ')}\u001b[K`);
  };
  const clear = (): void => {
    if (drawn !== '') stream.write('\r\u001b[K');
    drawn = '';
    drawnMs = -Infinity;
  };
  const room = (): number => Math.max(20, (stream.columns ?? 80) - 1);
  return {
    update: (now) => {
      startedMs ??= clock.now();
      // the last state is always drawn
      if (clock.now() - drawnMs < REDRAW_MS && now.doneBytes < now.totalBytes) return;
      const share = now.totalBytes > 0 ? Math.min(1, now.doneBytes / now.totalBytes) : 0;
      const full = Math.floor(share * BAR_CELLS);
      const numbers = numbersOf(now, clock.now() - startedMs);
      const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)}`;
      const label = clipped(now.label ?? title, Math.max(8, room() - BAR_CELLS - numbers.length - 4));
      const isWide = room() >= label.length + BAR_CELLS + numbers.length + 4;
      draw(isWide ? `${label}  ${style.cyan(bar)}  ${numbers}` : clipped(`${label}  ${numbers}`, room()));
    },
    say: (label) => {
      draw(clipped(label, room()));
    },
    clear,
    end: () => {
      if (!isEnded) clear();
      isEnded = true;
    },
  };
}

function plain(title: string, stream: OutputStream, clock: Clock): Progress {
  let startedMs: number | undefined;
  let said = '';
  let step = -1;
  let stepped = '';
  return {
    update: (now) => {
      startedMs ??= clock.now();
      const label = now.label ?? title;
      if (label !== stepped) step = -1;
      stepped = label;
      const next = now.totalBytes > 0 ? Math.floor((100 * now.doneBytes) / now.totalBytes / STEP_PERCENT) : 0;
      if (next <= step) return;
      step = next;
      if (next > 0) stream.write(`${forTerminal(label)}: ${numbersOf(now, clock.now() - startedMs)}\n`);
    },
    say: (label) => {
      if (label !== said) stream.write(`${forTerminal(label)}\n`);
      said = label;
    },
    clear: () => undefined,
    end: () => undefined,
  };
}

/** `42%  384 KB / 912 KB  310 KB/s  2 s left` */
function numbersOf({ doneBytes, totalBytes, bytesPerSecond }: Bytes, elapsedMs: number): string {
  const rate = bytesPerSecond ?? (elapsedMs > 0 ? (1000 * doneBytes) / elapsedMs : 0);
  const isTold = rate > 0 && doneBytes > 0;
  const left = totalBytes - doneBytes;
  return [
    percentText(doneBytes, totalBytes).padStart(4),
    `${bytesText(doneBytes)} / ${bytesText(totalBytes)}`,
    ...(isTold ? [rateText(rate)] : []),
    ...(isTold && left > 0
      ? [l10n.t('{0} left', durationText(Math.ceil(left / rate) * 1000).replace(/\.00/, ''))]
      : []),
  ].join('  ');
}
