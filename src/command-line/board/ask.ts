import * as l10n from '@vscode/l10n';
import { forTerminal } from '../../base/plain-text.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { CommandContext } from '../command.ts';
import type { InputStream, OutputStream } from '../streams.ts';
import { LineInput } from './line-input.ts';
import './errors.ts';

/** Where a question is asked: keys come from the one, the question is written to the other. */
interface Terminal {
  readonly stdin: InputStream;
  readonly output: OutputStream;
  readonly signal: AbortSignal;
}

/** Asks for a line. Undefined when the user wants none after all (Escape).
 * @param value what stands there to begin with
 * @throws {OtaError} `cancelled` for Ctrl+C and when the signal is aborted */
export function askLine(
  { stdin, output, signal }: Terminal,
  prompt: string,
  value = '',
  isRawAlready = false,
): Promise<string | undefined> {
  const input = new LineInput(prompt, value);
  const decoder = new TextDecoder();
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      stdin.off('data', onData);
      signal.removeEventListener('abort', onAbort);
      if (!isRawAlready) {
        stdin.setRawMode?.(false);
        stdin.pause();
      }
      output.write('\r\n');
      settle();
    };
    const cancelled = (): void => {
      reject(new OtaError('cancelled', { what: 'question' }));
    };
    const onAbort = (): void => {
      end(cancelled);
    };
    const onData = (bytes: Uint8Array): void => {
      const typed = input.push(decoder.decode(bytes, { stream: true }));
      if (typed.kind === 'typing') {
        output.write(input.shown(output.columns));
        return;
      }
      end(() => {
        if (typed.kind === 'entered') resolve(typed.text);
        else if (typed.key === 'escape') resolve(undefined);
        else cancelled();
      });
    };
    if (signal.aborted) {
      cancelled();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    if (!isRawAlready) stdin.setRawMode?.(true);
    stdin.on('data', onData);
    stdin.resume();
    output.write(input.shown(output.columns));
  });
}

/** Whether there is somebody to ask. */
export function canAsk({ stdin, stderr }: Pick<CommandContext, 'stdin' | 'stderr'>): boolean {
  return stdin.isTTY === true && stderr.isTTY === true;
}

/** Asks whether to go on; only y (or yes) does.
 * @param isAgreed it was agreed to beforehand, with `--yes`
 * @throws {OtaError} `commandLine.notAgreed`, `cancelled` for Ctrl+C */
export async function agree(context: CommandContext, question: string, isAgreed: boolean): Promise<void> {
  if (isAgreed) return;
  if (!canAsk(context)) throw new OtaError('commandLine.notAgreed', { canAsk: false });
  const { stdin, stderr, signal, noteStyle } = context;
  const prompt = `${noteStyle.bold(forTerminal(question))} [y/N] `;
  const answer = (await askLine({ stdin, output: stderr, signal }, prompt))?.trim().toLowerCase();
  const isYes = answer === 'y' || answer === 'yes' || answer === l10n.t('yes');
  if (!isYes) throw new OtaError('commandLine.notAgreed', { canAsk: true });
}
