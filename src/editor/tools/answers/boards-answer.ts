import type { DeviceState } from '../../../ota/virtual-device.ts';
import type { BoardView } from '../../../monitor/board-view.ts';
import type { ToolValue } from '../output.ts';

export interface PortFacts {
  readonly address: string;
  readonly name: string;
  readonly kind: 'device' | 'remote';
  readonly isLikelyBoard: boolean;
  readonly isSelected: boolean;
  readonly usbId: string | undefined;
  readonly chip: { readonly chip: string; readonly revision: string; readonly mac: string } | undefined;
}

export interface BoardsFacts {
  readonly ports: readonly PortFacts[];
  readonly virtual: readonly { readonly address: string; readonly state: DeviceState; readonly isSelected: boolean }[];
  readonly monitors: readonly { readonly address: string; readonly state: string; readonly view: BoardView }[];
  /** Whose slots are known. */
  readonly hasSlots: (address: string) => boolean;
  /** The port whose chip is being worked with. */
  readonly busy: string | undefined;
}

/** Ports and virtual boards, with what is known of the board behind each without asking it. */
export function boardsAnswer(facts: BoardsFacts, limit: number): ToolValue {
  const { ports, virtual, monitors, hasSlots, busy } = facts;
  const common = (address: string): Record<string, ToolValue> => {
    const monitor = monitors.find((one) => one.address === address);
    return {
      ...(monitor === undefined ? {} : { monitor: monitor.state, ...seen(monitor.view) }),
      hasSlots: hasSlots(address),
      isBusy: busy === address,
    };
  };
  return {
    boards: [
      ...virtual.map(({ address, state, isSelected }) => ({
        port: address,
        kind: 'virtual',
        isSelected,
        chip: state.chip,
        phase: state.phase,
        runs: state.running === undefined ? null : `${state.running.projectName} ${state.running.version}`,
        slot: state.running?.label ?? null,
        ...common(address),
      })),
      ...ports.slice(0, limit).map(({ address, name, kind, isLikelyBoard, isSelected, usbId, chip }) => ({
        port: address,
        name,
        kind,
        isLikelyBoard,
        isSelected,
        ...(usbId === undefined ? {} : { usbId }),
        ...(chip === undefined ? {} : { chip: chip.chip, revision: chip.revision, mac: chip.mac }),
        ...common(address),
      })),
    ],
    leftOut: Math.max(0, ports.length - limit),
  };
}

/** What a console told of the board. */
export function seen({ phase, app, runningLabel, ip, crash }: BoardView): Record<string, ToolValue> {
  return {
    phase,
    ...(app?.version === undefined ? {} : { runs: `${app.project ?? ''} ${app.version}`.trim() }),
    ...(runningLabel === undefined ? {} : { slot: runningLabel }),
    ...(ip === undefined ? {} : { ip }),
    ...(crash === undefined ? {} : { hasCrashed: true }),
  };
}
