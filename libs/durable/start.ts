import { randomUUID } from 'node:crypto';
import type { InvocableVersion } from '@hearth/catalogue';
import type { InvokeAnswer, InvokeCommand } from '@hearth/invocation';
import { Throttled, type ThrottleReason } from '@hearth/kernel';
import type { EndWatch } from './end-watch.js';
import { alreadyStarted, conflict, invalidParameter, THROTTLED } from './errors.js';
import { arnOf, isOver, type ExecutionRecord } from './execution-record.js';
import type { Executions } from './executions.js';
import { MAX_SYNCHRONOUS_SECONDS } from './limits.js';
import type { ErrorObject } from './operation.js';
import type { FreshExecution } from './store.js';

/** Why a call cannot start an execution; chained invokes are told the same. @throws ServiceError InvalidParameterValueException */
export function checkQualified(qualified: boolean): void {
  if (!qualified) throw invalidParameter('You cannot invoke a durable function using an unqualified ARN.');
}

export class Starts {
  constructor(
    private readonly executions: Executions,
    private readonly watch: EndWatch,
  ) {}

  check({ invocationType, qualifiedByCaller }: InvokeCommand, { durable }: InvocableVersion): void {
    checkQualified(qualifiedByCaller);
    if (invocationType === 'RequestResponse' && durable!.executionTimeoutSeconds > MAX_SYNCHRONOUS_SECONDS) {
      throw invalidParameter('You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.');
    }
  }

  async start(command: InvokeCommand, version: InvocableVersion, payload: Buffer): Promise<InvokeAnswer> {
    this.check(command, version);
    const { requestId, invocationType } = command;
    const synchronous = invocationType === 'RequestResponse';
    const id = await this.#begin(freshExecution(command, version, payload, synchronous));
    const started = await this.executions.store.find(id);
    if (started === undefined) throw conflict('The durable execution was deleted meanwhile.');
    const durableExecutionArn = arnOf(started);
    if (!synchronous) return { statusCode: 202, requestId, durableExecutionArn };
    const over = isOver(started) || (await this.watch.ended(id, MAX_SYNCHRONOUS_SECONDS * 1_000));
    return { ...(await this.#answer(id, over, command)), statusCode: 200, requestId, durableExecutionArn };
  }

  /** @returns id of the execution, which may be an earlier one of the same name */
  async #begin(fresh: FreshExecution): Promise<string> {
    const { store } = this.executions;
    for (;;) {
      if (await store.database.transaction((client) => store.insert(client, fresh))) {
        this.executions.announce([fresh.id]);
        return fresh.id;
      }
      const found = await store.findByName(fresh, fresh.input);
      if (found === undefined) continue; // Removed between the two statements.
      if (found.expired || wasThrottled(found.execution)) await store.remove(found.execution.id);
      else if (found.sameInput) return found.execution.id;
      else throw alreadyStarted(fresh.name);
    }
  }

  async #answer(id: string, over: boolean, { wantsLogTail }: InvokeCommand): Promise<Pick<InvokeAnswer, 'executedVersion' | 'functionError' | 'payload' | 'logTail'>> {
    const [execution, payloads] = await Promise.all([this.executions.store.find(id), this.executions.store.payloads(id)]);
    if (execution !== undefined && wasThrottled(execution)) {
      await this.executions.store.remove(id);
      throw new Throttled(execution.error?.ErrorData as ThrottleReason);
    }
    const executedVersion = execution?.version;
    const logTail = wantsLogTail ? payloads?.logTail : undefined;
    if (over && execution?.status === 'SUCCEEDED') return { executedVersion, logTail, payload: Buffer.from(payloads?.result ?? 'null') };
    return { executedVersion, logTail, functionError: 'Unhandled', payload: Buffer.from(JSON.stringify(functionErrorOf(execution))) };
  }
}

/** It never ran: whoever comes with its name may start it. */
function wasThrottled({ status, error }: ExecutionRecord): boolean {
  return status === 'FAILED' && error?.ErrorType === THROTTLED;
}

/** As a runtime would have posted it. */
function functionErrorOf(execution: ExecutionRecord | undefined): Record<string, unknown> {
  const error: ErrorObject = execution?.error ?? { ErrorType: 'Lambda.StillRunning', ErrorMessage: `The durable execution did not end within ${MAX_SYNCHRONOUS_SECONDS} seconds.` };
  return { errorType: error.ErrorType, errorMessage: error.ErrorMessage, errorData: error.ErrorData, stackTrace: error.StackTrace };
}

function freshExecution(command: InvokeCommand, version: InvocableVersion, payload: Buffer, synchronous: boolean): FreshExecution {
  return {
    id: randomUUID(),
    accountId: version.accountId,
    region: version.region,
    functionName: version.functionName,
    functionId: version.functionId,
    version: version.version,
    name: command.durableExecutionName ?? randomUUID(),
    synchronous,
    input: payload,
    clientContext: command.clientContext,
    traceHeader: command.traceHeader!,
    executionTimeoutSeconds: version.durable!.executionTimeoutSeconds,
    retentionDays: version.durable!.retentionDays,
  };
}
