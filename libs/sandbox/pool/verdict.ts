import type { ChannelAnswer } from '../channel/runtime-channel.js';
import type { ExtensionFailure } from '../extensions/extension-events.js';
import type { InvocationRequest } from '../function-spec.js';
import type { FunctionImage } from '../images/function-image.js';
import type { PlatformStatus } from '../logs/platform-log.js';
import type { SandboxExit } from '../sandbox-driver.js';
import { extensionFailed, responseTooLarge, runtimeExited, timedOut, type FunctionFailure } from './function-failure.js';

/** How an init ended when it did not succeed. */
export type FailedInit = { kind: 'timeout' } | { kind: 'extension'; failure: ExtensionFailure } | { kind: 'error'; errorType: string; body: Buffer } | { kind: 'exit'; exit: SandboxExit };
export type Initialised = { kind: 'ready' } | FailedInit;

/** How an invocation ended. */
export interface Verdict {
  status: PlatformStatus;
  payload: Buffer;
  /** What went to the caller on the way. */
  streamedBytes?: number;
  errorType?: string;
  /** The sandbox must not serve again. */
  ends: boolean;
  oomKilled?: boolean;
}

const NOTHING = Buffer.alloc(0);

export function verdictOfAnswer(answer: Exclude<ChannelAnswer, { kind: 'closed' }>): Verdict {
  switch (answer.kind) {
    case 'response':
      return { status: 'success', payload: answer.body, ends: false };
    case 'streamed':
      return { status: 'success', payload: NOTHING, streamedBytes: answer.bytes, ends: false };
    case 'error':
      return { status: 'error', errorType: answer.errorType, payload: answer.body, ends: answer.exits };
    case 'too-large':
      return verdictOf('error', responseTooLarge(answer.limitBytes), answer.streaming === true);
  }
}

export function verdictOfInit({ requestId, spec }: InvocationRequest, failed: Exclude<FailedInit, { kind: 'timeout' }>): Verdict {
  switch (failed.kind) {
    case 'error':
      return { status: 'error', errorType: failed.errorType, payload: failed.body, ends: true };
    case 'extension':
      return verdictOfExtension(requestId, failed.failure);
    case 'exit':
      return verdictOfExit(requestId, failed.exit, spec.image);
  }
}

export function verdictOfExtension(requestId: string, failure: ExtensionFailure): Verdict {
  return verdictOf('failure', extensionFailed(requestId, failure), true);
}

export function verdictOfTimeout({ requestId, spec }: InvocationRequest): Verdict {
  return verdictOf('timeout', timedOut(requestId, spec.timeoutSeconds), true);
}

export function verdictOfExit(requestId: string, exit: SandboxExit, image?: FunctionImage): Verdict {
  return { ...verdictOf('failure', runtimeExited(requestId, exit, image), true), oomKilled: exit.oomKilled };
}

/** For the log of the init itself. */
export function errorTypeOf(result: Initialised, image?: FunctionImage): string | undefined {
  switch (result.kind) {
    case 'error':
      return result.errorType;
    case 'extension':
      return result.failure.errorType;
    case 'exit':
      return runtimeExited('', result.exit, image).errorType;
    default:
      return undefined;
  }
}

function verdictOf(status: PlatformStatus, failure: FunctionFailure, ends: boolean): Verdict {
  return { status, ...failure, ends };
}
