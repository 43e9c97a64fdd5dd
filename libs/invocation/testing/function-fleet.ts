import type { FunctionResolver, InvocableVersion } from '@hearth/catalogue';
import type { Fleet, InvocationOutcome, InvocationRequest } from '@hearth/fleet';
import { ServiceError } from '@hearth/kernel';

/** A function of a test: its return value is the answer, an exception of type FunctionFailure a function error, any other the fleet's failure. */
export type TestFunction = (request: InvocationRequest, signal?: AbortSignal) => unknown;

export class FunctionFailure extends Error {}

/** A catalogue and a fleet in one: runs JavaScript functions in this process and remembers each execution. */
export class FunctionFleet implements Fleet, FunctionResolver {
  readonly executions: { requestId: string; functionName: string; payload: string; at: number }[] = [];
  readonly #functions = new Map<string, { version: InvocableVersion; code: TestFunction }>();

  define(functionName: string, code: TestFunction, overrides: Partial<InvocableVersion> = {}): void {
    this.#functions.set(functionName, { version: testVersion(functionName, overrides), code });
  }

  delete(functionName: string): void {
    this.#functions.delete(functionName);
  }

  of(requestId: string): number {
    return this.executions.filter((execution) => execution.requestId === requestId).length;
  }

  resolve(accountId: string, region: string, functionName: string): InvocableVersion {
    const found = this.#functions.get(functionName);
    if (found === undefined) throw new ServiceError('ResourceNotFoundException', 404, `Function not found: arn:aws:lambda:${region}:${accountId}:function:${functionName}`, { messageMember: 'Message' });
    return found.version.accountId === accountId ? found.version : { ...found.version, accountId };
  }

  async invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome> {
    const { functionName } = request.spec;
    const code = this.#functions.get(functionName)?.code;
    if (code === undefined) throw new Error(`${functionName} is not defined`);
    this.executions.push({ requestId: request.requestId, functionName, payload: Buffer.from(request.payload).toString(), at: performance.now() });
    try {
      return outcome('success', await code(request, signal));
    } catch (error) {
      if (error instanceof FunctionFailure) return { ...outcome('error', { errorMessage: error.message, errorType: 'Error' }), errorType: 'Error' };
      throw error;
    }
  }
}

function outcome(status: InvocationOutcome['status'], value: unknown): InvocationOutcome {
  return {
    status,
    payload: Buffer.from(JSON.stringify(value ?? null)),
    logTail: Buffer.from('START\n'),
    coldStart: false,
    durationMs: 1,
    billedDurationMs: 1,
    maxMemoryUsedMb: 1,
    phases: { placement: [Date.now(), Date.now()], handler: [Date.now(), Date.now()] },
  };
}

function testVersion(functionName: string, overrides: Partial<InvocableVersion>): InvocableVersion {
  return {
    accountId: '000000000000',
    region: 'us-east-1',
    functionId: `id-of-${functionName}`,
    functionName,
    version: '$LATEST',
    revisionId: 'revision',
    state: 'Active',
    runtime: 'nodejs22.x',
    handler: 'index.handler',
    role: 'arn:aws:iam::000000000000:role/test',
    memoryMb: 128,
    timeoutSeconds: 3,
    ephemeralStorageMb: 512,
    architecture: 'x86_64',
    environment: {},
    codeDigest: '00',
    logFormat: 'Text',
    logGroup: `/aws/lambda/${functionName}`,
    ...overrides,
  };
}
