import { OtaError } from '../../base/ota-error.ts';
import type { ToolName } from '../../texts/contributions.ts';
import { SEVERITIES } from './answers/findings-answer.ts';
import { toolInput } from './input.ts';

/** The input of every tool, checked: the same that package.json declares for it. All throw {@link OtaError} `tool.badInput`. */
export const INPUTS = {
  list_boards: (given: unknown) => {
    const input = toolInput(given, ['limit']);
    return { limit: input.integer('limit', { least: 1, most: 100, usual: 20 }) };
  },
  check_setup: (given: unknown) => {
    const input = toolInput(given, ['severity', 'limit']);
    return {
      severity: input.oneOf('severity', SEVERITIES) ?? 'information',
      limit: input.integer('limit', { least: 1, most: 100, usual: 30 }),
    };
  },
  server_status: (given: unknown) => {
    const input = toolInput(given, ['limit']);
    return { limit: input.integer('limit', { least: 1, most: 50, usual: 10 }) };
  },
  start_server: nothing,
  stop_server: nothing,
  rehearse_update: evidence,
  deliver_update: evidence,
  last_update: (given: unknown) => {
    const input = toolInput(given, ['id', 'kind', 'evidence', 'history']);
    return {
      id: input.text('id'),
      kind: input.oneOf('kind', ['delivery', 'rehearsal']),
      hasEvidence: input.flag('evidence'),
      history: input.integer('history', { least: 0, most: 50, usual: 5 }),
    };
  },
  read_slots: (given: unknown) => {
    const input = toolInput(given, ['port', 'refresh']);
    return { port: input.text('port'), refresh: input.flag('refresh') };
  },
  boot_slot: (given: unknown) => {
    const input = toolInput(given, ['port', 'slot']);
    const slot = input.text('slot');
    // nobody guesses what a board shall boot
    if (slot === undefined) {
      throw new OtaError('tool.badInput', { field: 'slot', allowed: 'the label of a slot, or previous' });
    }
    return { port: named(input.text('port')), slot };
  },
  monitor_tail: (given: unknown) => {
    const input = toolInput(given, ['port', 'lines', 'bytes', 'contains', 'after']);
    return {
      port: input.text('port'),
      lines: input.integer('lines', { least: 1, most: 500, usual: 100 }),
      bytes: input.integer('bytes', { least: 200, most: 32_768, usual: 8192 }),
      contains: input.text('contains'),
      after: input.integer('after', { least: 0, most: Number.MAX_SAFE_INTEGER, usual: 0 }),
    };
  },
} as const satisfies Record<ToolName, (given: unknown) => object>;

/** What reads or writes a board is not left to what is selected meanwhile.
 * @throws {OtaError} `tool.badInput` */
export function named(port: string | undefined): string {
  if (port === undefined) throw new OtaError('tool.badInput', { field: 'port', allowed: 'the address of a board' });
  return port;
}

function nothing(given: unknown): object {
  toolInput(given, []);
  return {};
}

function evidence(given: unknown): { readonly hasEvidence: boolean } {
  return { hasEvidence: toolInput(given, ['evidence']).flag('evidence') };
}
