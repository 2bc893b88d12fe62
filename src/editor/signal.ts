import { CancellationTokenSource, type CancellationToken } from 'vscode';

/** The editor's token as a signal. */
export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => {
    controller.abort();
  });
  return controller.signal;
}

/** Gives work of the editor's a token that the signal cancels: a question is closed by it. */
export async function withToken<T>(
  signal: AbortSignal | undefined,
  work: (token: CancellationToken) => Thenable<T>,
): Promise<T> {
  const source = new CancellationTokenSource();
  const cancel = (): void => {
    source.cancel();
  };
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted === true) cancel();
  try {
    return await work(source.token);
  } finally {
    signal?.removeEventListener('abort', cancel);
    source.dispose();
  }
}
