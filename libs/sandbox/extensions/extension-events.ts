/** Events an extension may register for (runtime-api.md section 2). */
export const EXTENSION_EVENTS = ['INVOKE', 'SHUTDOWN'] as const;
export type ExtensionEventType = (typeof EXTENSION_EVENTS)[number];

export type ShutdownReason = 'spindown' | 'timeout' | 'failure';

export interface InvokeEvent {
  eventType: 'INVOKE';
  /** Epoch ms of the function's timeout. */
  deadlineMs: number;
  requestId: string;
  invokedFunctionArn: string;
  tracing: { type: 'X-Amzn-Trace-Id'; value: string };
}

export interface ShutdownEvent {
  eventType: 'SHUTDOWN';
  shutdownReason: ShutdownReason;
  /** Epoch ms at which the extension is killed. */
  deadlineMs: number;
}

export type ExtensionEvent = InvokeEvent | ShutdownEvent;

/** Why the environment has to be reset, as the caller is told (invoke.md section 2). */
export interface ExtensionFailure {
  errorType: 'Extension.Crash' | 'Extension.InitError' | 'Extension.ExitError' | 'Extension.LaunchError';
  /** Stands behind `RequestId: ID Error: `, like `exit status 1`. */
  reason: string;
}
