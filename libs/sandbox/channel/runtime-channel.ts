import type { ResponseSink } from '../response-sink.js';

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
  /** How many events may be sent ahead of their turn; 0 or absent: none, each waits for the answer to the one before. */
  readonly maxAhead?: number;
  /**
   * Hands an event over while others are under way: the runtime begins it as soon as they are answered, unless it is taken back. Its deadline counts from
   * then: `deadlineMs` is the time it has, in ms. Never rejects. `undelivered`: it was taken back, or the runtime went away before it began.
   */
  sendAhead?(event: ChannelEvent): Promise<ChannelAnswer>;
  /** Takes an event back that was sent ahead. @returns false when it has begun */
  takeBack?(id: string): boolean;
  /** Nobody waits for this invocation any more: what still comes of it is dropped. */
  expire(id: string): void;
  /**
   * The runtime's processes are gone: reads what they still sent, for at most LAST_WORDS_MS, then closes to the runtime. The news of
   * an exit overtakes the last bytes, and those say why it happened. Extensions may still be served, until `close`.
   */
  runtimeEnded(): Promise<void>;
  /** From now on the runtime's process has work between invocations: it waits for the next event without blocking. */
  keepAwake(): void;
  close(): void;
}

/** Only a process that survived its sandbox's first one can hold a connection open longer than its bytes take. */
export const LAST_WORDS_MS = 1_000;

/** Long enough for a connection made before the exit to be accepted: one turn ends the poll that told of the exit, the next one polls. */
export async function twoTurns(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
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
  /** Of events sent ahead: what the runtime writes into its log when it begins. */
  mark?: string;
  /** JSON text: `{"cognitoIdentityId","cognitoIdentityPoolId"}`. */
  cognitoIdentity?: string;
  tenantId?: string;
  body: Uint8Array;
  /** Absent: the response is wanted whole. */
  response?: ResponseSink;
}

export type ChannelAnswer =
  | { kind: 'response'; body: Buffer }
  /** It went to the event's `response`. */
  | { kind: 'streamed'; bytes: number }
  /** `exits`: the runtime announced that it ends after this error. */
  | { kind: 'error'; errorType: string; body: Buffer; exits: boolean }
  /** The response was larger than its limit, by default MAX_RESPONSE_BYTES. The runtime goes on, but not out of the middle of a stream. */
  | { kind: 'too-large'; limitBytes?: number; streaming?: boolean }
  | { kind: 'closed'; undelivered: boolean };

/** 6 MiB + 100 (invoke.md section 1.1). */
export const MAX_RESPONSE_BYTES = 6_291_556;
/** 200 MiB (invoke.md section 1.1). */
export const MAX_STREAM_BYTES = 209_715_200;
/** An error object larger than this is cut off by no one but us: the caller could not be given it either. */
export const MAX_ERROR_BYTES = MAX_RESPONSE_BYTES;

const ERROR_TYPE = /^(Runtime|Function)\.[A-Z][a-zA-Z]+$/;

/** runtime-api.md section 1.2: what the header of an own runtime may say; anything else becomes unknown. */
export function headerErrorType(value: string | undefined): string {
  if (value !== undefined && ERROR_TYPE.test(value)) return value;
  return value?.startsWith('Function.') ? 'Function.Unknown' : 'Runtime.Unknown';
}
