import { l10n, workspace } from 'vscode';
import { virtualAddress } from '../../ota/virtual-port.ts';
import { boardsAnswer } from './answers/boards-answer.ts';
import { INPUTS } from './inputs.ts';
import { says, type Tool } from './tool.ts';

/** Which boards there are. */
export const tool: Tool = {
  prepare: () => says(l10n.t('Looking for boards')),
  run: async ({ ports, board, monitors, slots, flash }, input) => {
    const { limit } = INPUTS.list_boards(input);
    // what lists the ports of this computer is not run without trust
    if (workspace.isTrusted) await ports.refresh();
    const { selected } = ports;
    return boardsAnswer(
      {
        ports: ports.ports.map(({ address, name, kind, isLikelyBoard, isSelected, facts }) => ({
          entry: ports.devices.find((one) => one.address === address) ?? {
            address,
            name,
            isLikelyBoard,
            usb: undefined,
            interfaceNumber: undefined,
          },
          kind,
          isSelected,
          chip: facts,
        })),
        virtual: board.boards.map(({ number, device }) => ({
          address: virtualAddress(number),
          state: device.state,
          isSelected: virtualAddress(number) === selected,
        })),
        monitors: monitors.monitors,
        hasSlots: (address) => slots.slotsOf(address) !== undefined,
        busy: flash.activity?.address,
      },
      limit,
    );
  },
};
