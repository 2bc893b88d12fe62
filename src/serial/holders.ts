/** What our monitors are called as holders of a port, in leases and in the locks of other windows. */
export const MONITOR_HOLDER = 'monitor';
/** Ids of holders that are ours, in every language; what people read is in `texts/holder-texts.ts`. */
export const OWN_HOLDERS = [MONITOR_HOLDER, 'flash', 'slots'] as const;
export type OwnHolder = (typeof OWN_HOLDERS)[number];
