import { LAUNCHER_STATUS } from '../drivers/exit-status.js';
import type { SandboxExit } from '../sandbox-driver.js';
import { MAX_RESPONSE_BYTES } from '../channel/runtime-channel.js';

/** A function error that the platform words itself (invoke.md section 2). */
export interface FunctionFailure {
  errorType: string;
  payload: Buffer;
}

export function timedOut(requestId: string, timeoutSeconds: number): FunctionFailure {
  return failure('Sandbox.Timedout', `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`);
}

export function responseTooLarge(): FunctionFailure {
  return failure('Function.ResponseSizeTooLarge', `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`);
}

/** The runtime ended without an answer. */
export function runtimeExited(requestId: string, exit: SandboxExit): FunctionFailure {
  const prefix = `RequestId: ${requestId} Error: `;
  switch (exit.exitCode ?? -1) {
    case LAUNCHER_STATUS.bootstrapMissing:
      return failure('Runtime.InvalidEntrypoint', `${prefix}Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]`);
    case LAUNCHER_STATUS.bootstrapNotExecutable:
      return failure('Runtime.InvalidEntrypoint', `${prefix}fork/exec /var/task/bootstrap: permission denied`);
    case LAUNCHER_STATUS.workingDirectoryMissing:
      return failure('Runtime.InvalidWorkingDir', `${prefix}chdir /var/task: no such file or directory`);
  }
  if (exit.oomKilled) return failure('Runtime.OutOfMemory', `${prefix}Runtime exited with error: signal: killed`);
  if (exit.signal !== undefined) return failure('Runtime.ExitError', `${prefix}Runtime exited with error: signal: ${exit.signal}`);
  if (exit.exitCode) return failure('Runtime.ExitError', `${prefix}Runtime exited with error: exit status ${exit.exitCode}`);
  return failure('Runtime.ExitError', `${prefix}Runtime exited without providing a reason`);
}

function failure(errorType: string, errorMessage: string): FunctionFailure {
  return { errorType, payload: Buffer.from(JSON.stringify({ errorType, errorMessage }), 'utf8') };
}
