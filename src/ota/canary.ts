import type { Held } from './delivery.ts';
import type { Timeline, Verdict } from './update-state.ts';

export interface SeveralOptions<Board extends { readonly id: string; readonly name: string }> {
  /** In the order in which they are told; in canary mode the first one is the canary. */
  readonly boards: readonly Board[];
  /** The first board has to confirm before any other is told, and nobody else is told once one has rolled back. */
  readonly isCanary: boolean;
  /** Updates one board and gives its timeline with the verdict. */
  readonly update: (board: Board) => Promise<Timeline>;
  readonly signal: AbortSignal;
  /** How many are updated side by side behind the canary. Default 4. */
  readonly atOnce?: number;
}

/** Updates several boards. Gives which of them were never told, and why; undefined when all were.
 * An error of one board's update is thrown when the others that were told have come to their end. */
export async function updateSeveral<Board extends { readonly id: string; readonly name: string }>(
  options: SeveralOptions<Board>,
): Promise<Held | undefined> {
  const { isCanary, update, signal } = options;
  const waiting = [...options.boards];
  let because: Held['because'] | undefined;
  const errors: unknown[] = [];

  const one = async (board: Board, stopsAt: (verdict: Verdict) => boolean): Promise<void> => {
    try {
      const { verdict } = await update(board);
      if (verdict !== undefined && stopsAt(verdict)) because ??= reasonOf(board, verdict);
    } catch (error) {
      errors.push(error);
    }
  };
  const goesOn = (): boolean => because === undefined && errors.length === 0 && !signal.aborted;

  if (isCanary) {
    const canary = waiting.shift();
    if (canary !== undefined) await one(canary, (verdict) => verdict.outcome !== 'confirmed');
  }
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = goesOn() ? waiting.shift() : undefined;
      if (next === undefined) return;
      await one(next, (verdict) => isCanary && verdict.outcome === 'rolledBack');
    }
  };
  const side = isCanary ? Math.max(1, options.atOnce ?? 4) : waiting.length;
  await Promise.all(Array.from({ length: Math.min(side, waiting.length) }, worker));
  if (errors.length > 0) throw errors[0];
  return because === undefined || waiting.length === 0
    ? undefined
    : { boards: waiting.map(({ id, name }) => ({ id, name })), because };
}

function reasonOf(board: { readonly id: string; readonly name: string }, verdict: Verdict): Held['because'] {
  const { id, name } = board;
  return {
    id,
    name,
    outcome: verdict.outcome,
    ...('failure' in verdict ? { cause: verdict.failure.cause } : {}),
  };
}
