import type { Command } from '../command.ts';
import { check } from './check.ts';
import { ports } from './ports.ts';
import { rehearse } from './rehearse.ts';
import { slots } from './slots.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [check, rehearse, slots, ports];
