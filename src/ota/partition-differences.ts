import type { Partition } from '../image/partition-table.ts';

export type PartitionChange = 'renamed' | 'retyped' | 'moved' | 'resized';

/** How a board's table differs from the project's in one partition. */
export interface PartitionDifference {
  readonly kind: 'onlyOnBoard' | 'onlyInProject' | 'changed';
  /** What changed, of `changed`. */
  readonly changes: readonly PartitionChange[];
  readonly onBoard?: Partition;
  readonly inProject?: Partition;
}

/** What a board's partition table has otherwise than the project's: flashing the project would change it so. A partition is recognised by its
 * label, and where no label fits by its place and type. In the order of the offsets; empty when the tables are the same. */
export function comparePartitions(
  onBoard: readonly Partition[],
  inProject: readonly Partition[],
): readonly PartitionDifference[] {
  const open = new Set(inProject);
  const pairs = new Map<Partition, Partition>();
  const pair = (isSame: (one: Partition, other: Partition) => boolean): void => {
    for (const one of onBoard) {
      if (pairs.has(one)) continue;
      const other = [...open].find((candidate) => isSame(one, candidate));
      if (other === undefined) continue;
      pairs.set(one, other);
      open.delete(other);
    }
  };
  pair((one, other) => one.label === other.label);
  pair((one, other) => one.offset === other.offset && one.type === other.type && one.subtype === other.subtype);

  const differences = onBoard.flatMap((one): PartitionDifference[] => {
    const other = pairs.get(one);
    if (other === undefined) return [{ kind: 'onlyOnBoard', changes: [], onBoard: one }];
    const changes = changesOf(one, other);
    return changes.length === 0 ? [] : [{ kind: 'changed', changes, onBoard: one, inProject: other }];
  });
  const missing = [...open].map((one): PartitionDifference => ({ kind: 'onlyInProject', changes: [], inProject: one }));
  return [...differences, ...missing].sort((a, b) => offsetOf(a) - offsetOf(b));
}

function offsetOf({ onBoard, inProject }: PartitionDifference): number {
  return onBoard?.offset ?? inProject?.offset ?? 0;
}

function changesOf(one: Partition, other: Partition): readonly PartitionChange[] {
  return [
    ...(one.label === other.label ? [] : (['renamed'] as const)),
    ...(one.type === other.type && one.subtype === other.subtype ? [] : (['retyped'] as const)),
    ...(one.offset === other.offset ? [] : (['moved'] as const)),
    ...(one.size === other.size ? [] : (['resized'] as const)),
  ];
}
