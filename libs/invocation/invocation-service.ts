import type { FunctionResolver } from '@hearth/catalogue';
import { InfrastructureError, ServiceError, type Clock } from '@hearth/kernel';
import type { EventAcceptor } from './event-acceptor.js';
import type { Executed, Execution } from './execution.js';
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
      case 'DryRun':
        await this.resolver.resolve(command.accountId, command.region, command.functionName, command.qualifier);
        return { statusCode: 204, requestId: command.requestId };
    }
  }

  async #run(command: InvokeCommand, payload: Buffer, signal?: AbortSignal): Promise<InvokeAnswer> {
    const { requestId } = command;
    const traceHeader = command.traceHeader ?? traceHeaderFor(requestId, this.clock.now());
    let executed: Executed;
    try {
      executed = await this.execution.run({ ...command, payload, traceHeader, before: before(command) }, 'sync', signal);
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
    const { asynchronous } = await this.resolver.resolve(accountId, region, functionName, qualifier);
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
}

function before({ received }: InvokeCommand): Phases | undefined {
  return received && { authenticate: received };
}
