import type { FindingDetails, FindingId } from '../../doctor/finding-ids.ts';

/** The words for some findings: the cause, in one sentence, with what is seen in it. */
export type FindingTexts<Id extends FindingId> = {
  readonly [One in Id]: (details: Readonly<FindingDetails<One>>) => string;
};

/** Ids of findings whose name begins with a word. */
export type IdsOf<Word extends string> = Extract<FindingId, `${Word}-${string}`>;
