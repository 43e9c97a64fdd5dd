import type { FunctionResolver, InvocableVersion } from '@hearth/catalogue';
import type { ResponseSink } from '@hearth/fleet';
import { InfrastructureError, ServiceError, type Clock } from '@hearth/kernel';
import type { DurableExecutions } from './durable-port.js';
import type { EventAcceptor } from './event-acceptor.js';
import { notActive, type Executed, type Execution } from './execution.js';
import type { InvocationTelemetry, Phases } from './invocation-telemetry.js';
import type { InvokeAnswer, InvokeCommand } from './invoke-command.js';
import { checkedPayload } from './payload-rules.js';
import { traceHeaderFor } from './trace-header.js';

/** Invoke, in its three types (spec/invoke.md 1). Permission is checked before. */
export class InvocationService {
  constructor(
    private readonly resolver: FunctionResolver,
    private readonly execution: Execution,
    private readonly acceptor: EventAcceptor,
    private readonly clock: Clock,
    private readonly telemetry?: InvocationTelemetry,
    private readonly durable?: DurableExecutions,
  ) {}

  /**
   * A failure of the function is an answer, not an exception.
   * @throws ServiceError: ResourceNotFoundException, ResourceConflictException, TooManyRequestsException, RequestTooLargeException, InvalidRequestContentException, ServiceException
   */
  async invoke(command: InvokeCommand, signal?: AbortSignal): Promise<InvokeAnswer> {
    const payload = checkedPayload(command.payload, command.invocationType);
    switch (command.invocationType) {
      case 'RequestResponse':
        return await this.#run(command, payload, signal);
      case 'Event':
        return await this.#accept(command, payload);
      case 'DryRun': {
        const version = await this.#resolve(command);
        if (version.durable !== undefined) this.#durableExecutions().checkStart(command, version);
        else refuseExecutionName(command);
        return { statusCode: 204, requestId: command.requestId };
      }
    }
  }

  async #run(command: InvokeCommand, payload: Buffer, signal?: AbortSignal): Promise<InvokeAnswer> {
    const { requestId } = command;
    const traceHeader = command.traceHeader ?? traceHeaderFor(requestId, this.clock.now());
    let executed: Executed;
    try {
      // From memory without a promise: warm calls stay off the microtask queue.
      const found = this.#resolve(command);
      const version = found instanceof Promise ? await found : found;
      if (version.durable !== undefined) return await this.#startAndWait({ ...command, traceHeader }, version, payload);
      refuseExecutionName(command);
      executed = await this.execution.run({ ...command, version, payload, traceHeader, response: sinkOf(command, version), before: before(command) }, 'sync', signal);
    } catch (error) {
      if (error instanceof InfrastructureError) throw new ServiceError('ServiceException', 500, 'The function could not be run because of an internal failure.', { messageMember: 'Message', cause: error });
      throw error;
    }
    const { outcome, version } = executed;
    return {
      statusCode: 200,
      requestId,
      executedVersion: version.version,
      functionError: outcome.status === 'success' ? undefined : 'Unhandled',
      errorType: outcome.status === 'success' ? undefined : outcome.errorType,
      payload: outcome.payload,
      logTail: command.wantsLogTail ? outcome.logTail : undefined,
    };
  }

  async #accept(command: InvokeCommand, payload: Buffer): Promise<InvokeAnswer> {
    const { requestId, accountId, region, functionName, qualifier, clientContext } = command;
    const traceHeader = command.traceHeader ?? traceHeaderFor(requestId, this.clock.now());
    const start = Date.now();
    const version = await this.#resolve(command);
    if (version.durable !== undefined) return await this.#durableExecutions().start({ ...command, traceHeader }, version, payload);
    refuseExecutionName(command);
    const { asynchronous } = version;
    const resolvedAt = Date.now();
    await this.acceptor.accept({
      id: requestId,
      accountId,
      region,
      functionName,
      qualifier: command.qualifiedByCaller ? qualifier : undefined,
      payload,
      clientContext,
      traceHeader,
      ...(asynchronous?.maximumEventAgeSeconds === undefined ? {} : { maxAgeMs: asynchronous.maximumEventAgeSeconds * 1_000 }),
    });
    this.telemetry?.accepted({ accountId, functionName, requestId, traceHeader }, { ...before(command), resolve: [start, resolvedAt], store: [resolvedAt, Date.now()] });
    return { statusCode: 202, requestId };
  }

  /** What would be refused at once is, although the execution itself would wait for better times. */
  async #startAndWait(command: InvokeCommand, version: InvocableVersion, payload: Buffer): Promise<InvokeAnswer> {
    const durable = this.#durableExecutions();
    durable.checkStart(command, version);
    if (version.state !== 'Active') throw notActive(version.state);
    await this.execution.assertRoom(version);
    return await durable.start(command, version, payload);
  }

  #resolve({ accountId, region, functionName, qualifier }: InvokeCommand): InvocableVersion | Promise<InvocableVersion> {
    return this.resolver.resolve(accountId, region, functionName, qualifier);
  }

  #durableExecutions(): DurableExecutions {
    if (this.durable === undefined) throw new ServiceError('ServiceException', 500, 'This process does not serve durable executions.', { messageMember: 'Message' });
    return this.durable;
  }
}

function refuseExecutionName({ durableExecutionName }: InvokeCommand): void {
  if (durableExecutionName === undefined) return;
  throw new ServiceError('InvalidParameterValueException', 400, 'The invoked function is not a durable function. Remove DurableExecutionName from your request and try again.', { messageMember: 'message' });
}

function sinkOf({ stream }: InvokeCommand, { version }: InvocableVersion): ResponseSink | undefined {
  if (stream === undefined) return undefined;
  return { begin: (contentType) => stream.begin({ executedVersion: version, contentType }), write: (bytes) => stream.write(bytes) };
}

function before({ received }: InvokeCommand): Phases | undefined {
  return received && { authenticate: received };
}
