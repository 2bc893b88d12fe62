// Which tabs show planned changes. Knows no VS Code.

/** Of the texts that planned changes would come to. */
export const PLAN_SCHEME = 'esp32-ota-plan';

/** A tab, as far as extensions know what is in it. */
export interface LabelledTab {
  readonly label: string;
  /** Undefined where VS Code does not tell. */
  readonly input: unknown;
}

/** Whether a tab shows the plan of a title, and is no file that is called alike.
 * @see VS Code 1.100 `src/vs/workbench/api/common/extHostTypes.ts`, `TextMultiDiffTabInput` */
export function showsPlan({ label, input }: LabelledTab, title: string): boolean {
  // the editor adds how many files there are
  if (!label.startsWith(title)) return false;
  if (input === undefined) return true;
  const diffs: unknown =
    typeof input === 'object' && input !== null && 'textDiffs' in input ? input.textDiffs : undefined;
  return Array.isArray(diffs) && diffs.every(isOfPlan);
}

function isOfPlan(diff: { readonly modified?: { readonly scheme?: unknown } } | null): boolean {
  return diff?.modified?.scheme === PLAN_SCHEME;
}
