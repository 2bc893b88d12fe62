import { FINDINGS, type FindingDetails, type FindingId, type FixId, type Severity } from './finding-ids.ts';

/** 1-based, columns in UTF-16 units; `endColumn` is the first one behind. */
export interface FindingRange {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** What has to be done after a fix for it to count: build again, let menuconfig recompute what depends on it, or flash everything by cable once
 * (an update over the air changes neither bootloader nor partition table). */
export type Need = 'rebuild' | 'menuconfig' | 'fullFlash';

/** A replacement in a text file; 1-based, the end is exclusive. */
export interface TextEdit {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly text: string;
}

/** Commands of the extension that a fix may run. */
export type FixCommand =
  | 'buildFirmware'
  | 'setUpForOta'
  | 'checkSetup'
  | 'copyFirmwareUrl'
  | 'bumpVersion'
  | 'createCertificate'
  | 'installCertificate'
  | 'flashProjectFully'
  | 'selectAdvertisedAddress'
  | 'changePort'
  | 'startServer'
  | 'showServerLog';

/** Value of a Kconfig symbol as in an sdkconfig: bool, number or text; `null` takes the symbol out, so that its default counts. */
export type OptionValue = boolean | number | string | null;

export type Fix = { readonly id: FixId; readonly needs: readonly Need[] } & (
  | {
      /** Sets options in `sdkconfig` and in its defaults, by name without `CONFIG_`; of a choice, the member to turn on. */
      readonly kind: 'setOptions';
      readonly options: Readonly<Record<string, OptionValue>>;
      /** A value of this computer (an address): into the defaults only where they set the option already. */
      readonly isLocal?: boolean;
    }
  | { readonly kind: 'command'; readonly command: FixCommand }
  | { readonly kind: 'editFile'; readonly path: string; readonly edits: readonly TextEdit[] }
  | { readonly kind: 'writeFile'; readonly path: string; readonly content: string }
);

export interface FindingOf<Id extends FindingId> {
  readonly id: Id;
  readonly severity: Severity;
  /** The file to blame, absolute. Without one the finding is about the whole setup. */
  readonly path?: string;
  readonly range?: FindingRange;
  readonly details: Readonly<FindingDetails<Id>>;
  /** The best one first. */
  readonly fixes: readonly Fix[];
}

/** Something that was noticed before an update: what (by id and details), where, and what can be done. Plain data. */
export type Finding = { [Id in FindingId]: FindingOf<Id> }[FindingId];

export interface FindingPlace {
  readonly path?: string | undefined;
  readonly range?: FindingRange | undefined;
}

/** A finding, with the severity of the table unless another is given. */
export function finding<Id extends FindingId>(
  id: Id,
  details: FindingDetails<Id>,
  options: {
    readonly at?: FindingPlace | undefined;
    readonly fixes?: readonly Fix[];
    readonly severity?: Severity;
  } = {},
): FindingOf<Id> {
  const { at, fixes = [], severity = FINDINGS[id].severity } = options;
  return {
    id,
    severity,
    ...(at?.path === undefined ? {} : { path: at.path }),
    ...(at?.path === undefined || at.range === undefined ? {} : { range: at.range }),
    details,
    fixes,
  };
}
