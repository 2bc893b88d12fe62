import type { OnProgress } from '../../flash/progress.ts';
import { phaseName } from '../../texts/flash-texts.ts';
import type { CommandContext } from '../command.ts';
import type { Progress } from '../progress.ts';

export interface ShownProgress {
  readonly report: OnProgress;
  /** Until the next report. */
  readonly hide: () => void;
  readonly end: () => void;
}

/** How far work with a chip is: one bar a file where bytes are counted, else what is being done. */
export function showProgress(context: CommandContext, title: string): ShownProgress {
  let bar: Progress | undefined;
  let isEnded = false;
  const hide = (): void => {
    bar?.end();
    bar = undefined;
  };
  return {
    report: ({ phase, file, doneBytes = 0, totalBytes = 0, fileDoneBytes, fileBytes, bytesPerSecond }) => {
      if (isEnded || phase === 'waiting') return;
      bar ??= context.progress(title);
      const label = [phaseName(phase), file].filter(Boolean).join(' ');
      if (totalBytes <= 0) {
        bar.say(label);
        return;
      }
      bar.update({
        label,
        doneBytes: fileDoneBytes ?? doneBytes,
        totalBytes: fileBytes ?? totalBytes,
        ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
      });
    },
    hide,
    end: () => {
      hide();
      isEnded = true;
    },
  };
}
