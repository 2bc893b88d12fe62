/** How a virtual board can be made to misbehave, to see what an update does then. Plain values, in the shape of the board's knobs. */
export interface BoardTrouble {
  readonly neverConfirms: boolean | undefined;
  readonly failsDiagnostics: boolean | undefined;
  readonly crashAfterUpdate: 'firstBoot' | 'everyBoot' | undefined;
  readonly dropWifiAfterBytes: number | undefined;
  readonly resetAtImageByte: number | undefined;
}

/** Ways to misbehave, by name. */
export const TROUBLES = {
  none: {},
  crash: { crashAfterUpdate: 'firstBoot' },
  neverConfirm: { neverConfirms: true },
  failDiagnostics: { failsDiagnostics: true },
  dropWifi: { dropWifiAfterBytes: 20_000 },
  powerCut: { resetAtImageByte: 20_000 },
} as const satisfies Readonly<Record<string, Partial<BoardTrouble>>>;

export type TroubleName = keyof typeof TROUBLES;

/** The knobs for a way to misbehave; all others are turned off. */
export function troubleOf(name: TroubleName): BoardTrouble {
  return {
    neverConfirms: undefined,
    failsDiagnostics: undefined,
    crashAfterUpdate: undefined,
    dropWifiAfterBytes: undefined,
    resetAtImageByte: undefined,
    ...TROUBLES[name],
  };
}

/** Whether the board does it in one update only. */
export function isOnce(name: TroubleName): boolean {
  return name === 'dropWifi' || name === 'powerCut';
}
