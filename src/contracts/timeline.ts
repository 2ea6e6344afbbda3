/** What a job spends its time on: see `TimeSplit`. */
export const TIME_KINDS = ['compute', 'provider', 'retry', 'queue', 'orchestration'] as const;
export type TimeKind = (typeof TIME_KINDS)[number];
