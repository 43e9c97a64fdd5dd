/**
 * How the worker talks to the runtime of one sandbox. Two implementations: Hearth's socket (frames) and the HTTP Runtime
 * API. One invocation at a time; a channel that closed stays closed.
 */
export interface RuntimeChannel {
  /** Settles once: the runtime asked for its first event, reported a failed init, or went away before. */
  readonly init: Promise<InitResult>;
  /** Settles when the runtime's connection is gone for good (socket channel), or when `close` was called. */
  readonly closed: Promise<void>;
  /** Never rejects. `undelivered`: the runtime was gone before the event was handed over. */
  invoke(event: ChannelEvent): Promise<ChannelAnswer>;
  close(): void;
}

export type InitResult = { kind: 'ready' } | { kind: 'error'; errorType: string; body: Buffer } | { kind: 'closed' };

export interface ChannelEvent {
  id: string;
  /** Epoch ms of the timeout. */
  deadlineMs: number;
  arn: string;
  traceId: string;
  /** Decoded JSON text. */
  clientContext?: string;
  body: Uint8Array;
}

export type ChannelAnswer =
  | { kind: 'response'; body: Buffer }
  /** `exits`: the runtime announced that it ends after this error. */
  | { kind: 'error'; errorType: string; body: Buffer; exits: boolean }
  /** The response was larger than MAX_RESPONSE_BYTES; the runtime goes on. */
  | { kind: 'too-large' }
  | { kind: 'closed'; undelivered: boolean };

/** 6 MiB + 100 (invoke.md section 1.1). */
export const MAX_RESPONSE_BYTES = 6_291_556;
/** An error object larger than this is cut off by no one but us: the caller could not be given it either. */
export const MAX_ERROR_BYTES = MAX_RESPONSE_BYTES;

const ERROR_TYPE = /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/;

/** runtime-api.md section 1.2: what the header of an own runtime may say; anything else becomes unknown. */
export function headerErrorType(value: string | undefined): string {
  if (value !== undefined && ERROR_TYPE.test(value)) return value;
  return value?.startsWith('Function.') ? 'Function.Unknown' : 'Runtime.Unknown';
}
