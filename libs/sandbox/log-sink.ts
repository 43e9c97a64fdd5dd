import type { FunctionSpec } from './function-spec.js';

/**
 * Where a sandbox's log goes, off the answer's path. A lower domain's port: the app binds it (to files or the platform log now, to the CloudWatch store later).
 */
export interface LogSink {
  /** `lines` are complete records without their final newline, in order. Must not throw and must not block. */
  write(spec: FunctionSpec, logStream: string, lines: readonly LogLine[]): void;
}

export interface LogLine {
  /** Epoch ms. */
  time: number;
  text: string;
}
