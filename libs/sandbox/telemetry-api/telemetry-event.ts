/** Streams an extension may subscribe to (runtime-api.md section 3). */
export const TELEMETRY_TYPES = ['platform', 'function', 'extension'] as const;
export type TelemetryType = (typeof TELEMETRY_TYPES)[number];

/** As subscribers get it. */
export interface TelemetryEvent {
  /** ISO 8601 with milliseconds. */
  time: string;
  /** `function`, `extension` or `platform.X`. */
  type: string;
  record: unknown;
}

export function streamOf(type: string): TelemetryType {
  return type.startsWith('platform.') ? 'platform' : (type as TelemetryType);
}
