/** How much a finding stands in the way: an `error` makes the next update fail, a `warning` may or will hurt later, `information` is worth knowing. */
export type Severity = 'error' | 'warning' | 'information';

/** What a finding is about, in the order in which groups are shown. */
export const FINDING_GROUPS = [
  'project',
  'layout',
  'url',
  'http',
  'certificate',
  'version',
  'image',
  'behaviour',
  'host',
] as const;

export type FindingGroup = (typeof FINDING_GROUPS)[number];

export type DetailValue = string | number | boolean;
type NoDetails = Readonly<Record<string, never>>;

interface FindingKind<Details> {
  readonly group: FindingGroup;
  /** The usual one; a check may say another where the case is milder or worse. */
  readonly severity: Severity;
  /** Never set: carries the type of the details. */
  readonly details?: Details;
}

function kind<Details extends Readonly<Record<keyof Details, DetailValue>> = NoDetails>(
  group: FindingGroup,
  severity: Severity,
): FindingKind<Details> {
  return { group, severity };
}

/** Every finding there is, with its group, its usual severity and its details. `docs/findings.md` has a heading for each, whose anchor is the id. Sizes and
 * offsets are in bytes, dates in milliseconds since 1970. */
export const FINDINGS = {
  /** A problem in one of the project's files, told by its own code (`src/idf/errors.ts`). */
  'project-file': kind<{ code: string }>('project', 'warning'),

  'layout-no-ota-slots': kind<{ table: string }>('layout', 'error'),
  'layout-no-otadata': kind<{ slots: number }>('layout', 'error'),
  /** One OTA slot, which can not be written while it runs. */
  'layout-one-slot': kind<{ slot: string; hasFactory: boolean }>('layout', 'error'),
} as const;

export type FindingId = keyof typeof FINDINGS;
export type FindingDetails<Id extends FindingId> = NonNullable<(typeof FINDINGS)[Id]['details']>;

/** What a fix does, for its title. */
export const FIXES = ['build', 'useTwoOtaTable'] as const;

export type FixId = (typeof FIXES)[number];
