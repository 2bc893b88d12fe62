import type { Command } from '../command.ts';
import { check } from './check.ts';
import { flash } from './flash.ts';
import { metadata } from './metadata.ts';
import { monitor } from './monitor.ts';
import { serve } from './serve.ts';
import { ports } from './ports.ts';
import { rehearse } from './rehearse.ts';
import { slots } from './slots.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [check, metadata, serve, rehearse, slots, flash, monitor, ports];
