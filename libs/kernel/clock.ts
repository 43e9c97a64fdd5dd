/** Time as an argument: logic takes a clock so that tests can move it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Lambda's ISO style, `YYYY-MM-DDThh:mm:ss.sss+0000` (spec/lambda-api.md 1). */
export function lambdaTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '+0000');
}
