import { LAUNCHER_STATUS } from '../drivers/exit-status.js';
import type { ExtensionFailure } from '../extensions/extension-events.js';
import type { FunctionImage } from '../images/function-image.js';
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

export function responseTooLarge(limitBytes = MAX_RESPONSE_BYTES): FunctionFailure {
  return failure('Function.ResponseSizeTooLarge', `Response payload size exceeded maximum allowed payload size (${limitBytes} bytes).`);
}

/** An extension ended, or said that it cannot go on. */
export function extensionFailed(requestId: string, { errorType, reason }: ExtensionFailure): FunctionFailure {
  return failure(errorType, `RequestId: ${requestId} Error: ${reason}`);
}

/**
 * The runtime ended without an answer.
 * @param image of a container-image function, whose entry point has a name of its own
 */
export function runtimeExited(requestId: string, exit: SandboxExit, image?: FunctionImage): FunctionFailure {
  const prefix = `RequestId: ${requestId} Error: `;
  if (image !== undefined) {
    const failed = imageNotStarted(prefix, exit, image);
    if (failed !== undefined) return failed;
  }
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

/** As the Go runtime of Lambda's own platform words it. The entry point is named where the function's configuration gives it; else it is the image's. */
function imageNotStarted(prefix: string, exit: SandboxExit, image: FunctionImage): FunctionFailure | undefined {
  const program = image.entryPoint?.[0] ?? 'the entry point of the image';
  switch (exit.exitCode ?? -1) {
    case LAUNCHER_STATUS.bootstrapMissing:
      return failure('Runtime.InvalidEntrypoint', `${prefix}${program.includes('/') ? `fork/exec ${program}: no such file or directory` : `exec: "${program}": executable file not found in $PATH`}`);
    case LAUNCHER_STATUS.bootstrapNotExecutable:
      return failure('Runtime.InvalidEntrypoint', `${prefix}fork/exec ${program}: permission denied`);
    case LAUNCHER_STATUS.wrongFormat:
      return failure('Runtime.InvalidEntrypoint', `${prefix}fork/exec ${program}: exec format error`);
    case LAUNCHER_STATUS.workingDirectoryMissing:
      return failure('Runtime.InvalidWorkingDir', `${prefix}chdir ${image.workingDirectory ?? 'to the working directory of the image'}: no such file or directory`);
  }
  return undefined;
}

function failure(errorType: string, errorMessage: string): FunctionFailure {
  return { errorType, payload: Buffer.from(JSON.stringify({ errorType, errorMessage }), 'utf8') };
}
