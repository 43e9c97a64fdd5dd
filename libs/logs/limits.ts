/** Limits of CloudWatch Logs (spec/companion-services.md 5). */
export const MAX_BATCH_BYTES = 1_048_576;
export const MAX_EVENT_BYTES = 1_048_576;
export const MAX_BATCH_EVENTS = 10_000;
/** Counted for each event beside its UTF-8 bytes. */
export const EVENT_OVERHEAD_BYTES = 26;
export const MAX_BATCH_SPAN_MS = 24 * 3_600_000;
export const MAX_AGE_MS = 14 * 24 * 3_600_000;
export const MAX_AHEAD_MS = 2 * 3_600_000;
export const DAY_MS = 24 * 3_600_000;
/** Answers of GetLogEvents and FilterLogEvents. */
export const MAX_PAGE_EVENTS = 10_000;
export const MAX_PAGE_BYTES = 1_048_576;
/** Describe operations. */
export const MAX_DESCRIBED = 50;
export const MAX_TAGS = 50;
export const RETENTION_DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];
