import type { Command } from '../command.ts';
import { check } from './check.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [check];
