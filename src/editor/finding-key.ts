import type { Finding } from '../doctor/finding.ts';

/** Names a finding, and one of its fixes, for a command: they are looked up again when it runs, because the setup may have changed since. */
export interface FixChoice {
  readonly finding: string;
  readonly fix?: string;
}

/** Stable while the finding stands. */
export function findingKey({ id, path = '', range }: Finding): string {
  return `${id}|${path}|${range?.line ?? 0}|${range?.column ?? 0}`;
}

export function isFixChoice(value: unknown): value is FixChoice {
  return typeof value === 'object' && value !== null && 'finding' in value && typeof value.finding === 'string';
}
