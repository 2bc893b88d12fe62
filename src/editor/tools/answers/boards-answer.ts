import { chipByName, chipByTarget } from '../../../image/chips.ts';
import { portJson } from '../../../json/port-json.ts';
import type { PortEntry } from '../../../serial/ports.ts';
import type { DeviceState } from '../../../ota/virtual-device.ts';
import type { BoardView } from '../../../monitor/board-view.ts';
import type { ToolValue } from '../output.ts';

export interface PortFacts {
  readonly entry: PortEntry;
  readonly kind: 'device' | 'remote';
  readonly isSelected: boolean;
  readonly chip: StoredChip | undefined;
}

/** What a chip said of itself the last time, for people; empty where it did not. */
interface StoredChip {
  readonly chip: string;
  readonly revision: string;
  readonly mac: string;
  readonly flashSizeBytes: number | undefined;
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
        chip: { name: chipByTarget(state.chip)?.name ?? state.chip, target: state.chip },
        phase: state.phase,
        runs: state.running === undefined ? null : `${state.running.projectName} ${state.running.version}`,
        slot: state.running?.label ?? null,
        ...common(address),
      })),
      ...ports.slice(0, limit).map(({ entry, kind, isSelected, chip }) => ({
        ...portAnswer(entry),
        kind,
        isSelected,
        ...(chip === undefined ? {} : { chip: chipAnswer(chip) }),
        ...common(entry.address),
      })),
    ],
    leftOut: Math.max(0, ports.length - limit),
  };
}

/** A port as `--json` has it, with as much of its USB identity as says what is behind it. */
function portAnswer(entry: PortEntry): Record<string, ToolValue> {
  const { usb, ...port } = portJson(entry);
  return { ...port, ...(usb === undefined ? {} : { usb: { vendorId: usb.vendorId, productId: usb.productId } }) };
}

/** The fields of `chipJson`, of what was kept. */
function chipAnswer({ chip: name, revision, mac, flashSizeBytes }: StoredChip): ToolValue {
  const target = chipByName(name)?.target;
  return {
    name,
    ...(target === undefined ? {} : { target }),
    ...(revision === '' ? {} : { revision }),
    ...(mac === '' ? {} : { mac }),
    ...(flashSizeBytes === undefined ? {} : { flashSizeBytes }),
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
