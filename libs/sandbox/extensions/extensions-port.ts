import type { RequestHandler } from './extension-endpoint.js';
import type { SandboxConnect } from '../telemetry-api/telemetry-receiver.js';

/**
 * What a driver and the extensions of a sandbox it makes have to do with each other: the driver serves `handle` at
 * AWS_LAMBDA_RUNTIME_API, tells what the launcher says, and lends its ways into the sandbox.
 */
export interface ExtensionsPort {
  readonly handle: RequestHandler;
  /** Before the sandbox's first process runs. */
  attach(ways: WaysIntoSandbox): void;
  /** From the launcher, in this order: every external extension that it is about to start, then that there are no more. */
  launching(name: string): void;
  allLaunched(): void;
  cannotStart(name: string, reason: string): void;
  /** @param status as a shell gives it */
  exited(name: string, status: number): void;
  /** stdout and stderr of the external extensions. */
  onLog(chunk: Buffer): void;
}

export interface WaysIntoSandbox {
  /** The launcher starts the extensions and waits with the runtime until it is told to go on; absent where it starts none. */
  startRuntime?(): void;
  signalRuntime(signal: 'TERM' | 'KILL'): void;
  /** Resolves when the runtime's process has ended. Never rejects. */
  readonly runtimeEnded: Promise<unknown>;
  /** Something in the runtime's process has work between invocations: from now on it has to wait for events without blocking. */
  keepRuntimeAwake(): void;
  /** Absent where nothing can be delivered into the sandbox. */
  connect?: SandboxConnect;
}
