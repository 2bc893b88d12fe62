import type { CommandContext } from '../command.ts';

export interface FlashOptions {
  readonly port: string | undefined;
  readonly 'reset-by': 'auto' | 'classic' | 'usb-jtag' | 'none';
  readonly app: boolean;
  readonly 'spare-slot': boolean;
  readonly partition: string | undefined;
  readonly project: string | undefined;
  readonly erase: boolean;
  readonly full: boolean;
  readonly baud: number | undefined;
  readonly 'no-restart': boolean;
  readonly yes: boolean;
}

export type WhatToFlash = 'project' | 'app' | 'partition' | 'spareSlot';

/** What `--baud` and the environment say, as esptool and idf.py read it. */
export function baudOf({ env }: Pick<CommandContext, 'env'>, { baud }: Pick<FlashOptions, 'baud'>): number {
  const ofEnvironment = Number(env['ESPBAUD']);
  return baud ?? (Number.isSafeInteger(ofEnvironment) && ofEnvironment > 0 ? ofEnvironment : 921_600);
}
