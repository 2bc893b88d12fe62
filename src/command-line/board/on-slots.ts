import type { ChipSlots } from '../../flash/slots.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { CommandContext } from '../command.ts';
import type { OnChip } from './with-board.ts';

export interface SlotsOptions {
  readonly port: string | undefined;
  readonly 'reset-by': 'auto' | 'classic' | 'usb-jtag' | 'none';
  readonly project: string | undefined;
  readonly 'table-offset': number | undefined;
  readonly rollback: boolean;
  readonly baud: number;
  readonly full: boolean;
  readonly yes: boolean;
}

/** A board whose slots were read. */
export interface OnSlots extends OnChip {
  readonly context: CommandContext;
  readonly options: SlotsOptions;
  readonly address: string;
  readonly project: IdfProject | undefined;
  readonly slots: ChipSlots;
}

/** What an action did, beside the slots as they are then. */
export interface SlotsDone {
  readonly slots: ChipSlots;
  readonly data: Readonly<Record<string, unknown>>;
}
