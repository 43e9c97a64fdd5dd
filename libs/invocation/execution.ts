import type { FunctionResolver, InvocableVersion } from '@hearth/catalogue';
import type { Fleet, InvocationOutcome, ResponseSink } from '@hearth/fleet';
import { functionArn, ServiceError, throttleReason } from '@hearth/kernel';
import type { Concurrency } from './concurrency/concurrency.js';
import type { InvocationTelemetry, Phases } from './invocation-telemetry.js';
import { MAX_HOPS, nextHop, recursiveInvocation } from './lineage.js';
import { provisionedKey } from './provisioning/provisioned-key.js';
import { toFunctionSpec } from './to-function-spec.js';

export interface ExecutionTarget {
  accountId: string;
  region: string;
  functionName: string;
  qualifier?: string;
  qualifiedByCaller: boolean;
  requestId: string;
  payload: Uint8Array;
  clientContext?: string;
  traceHeader: string;
  response?: ResponseSink;
  /** When it is resolved already. */
  version?: InvocableVersion;
  /** What the invocation went through before it came here. */
  before?: Phases;
}

export interface Executed {
  version: InvocableVersion;
  outcome: InvocationOutcome;
}

/** One run of a function, for sync calls and for attempts of events alike: resolve, check its state, take concurrency, run. */
export class Execution {
  constructor(
    private readonly resolver: FunctionResolver,
    private readonly fleet: Fleet,
    private readonly concurrency: Concurrency,
    private readonly telemetry?: InvocationTelemetry,
  ) {}

  /**
   * @throws ServiceError ResourceNotFoundException, ResourceConflictException (not Active), RecursiveInvocationException, TooManyRequestsException
   * @throws InfrastructureError
   */
  async run(target: ExecutionTarget, type: 'sync' | 'event', signal?: AbortSignal): Promise<Executed> {
    const start = Date.now();
    const found = target.version ?? this.resolver.resolve(target.accountId, target.region, target.functionName, target.qualifier);
    const version = found instanceof Promise ? await found : found;
    const resolvedAt = Date.now();
    if (version.state !== 'Active') throw notActive(version.state);
    const hop = nextHop(target.traceHeader, version.functionId);
    if (hop.count > MAX_HOPS && version.recursiveLoop !== 'Allow') throw recursiveInvocation();
    const taken = this.take(version);
    const pool = taken instanceof Promise ? await taken : taken;
    const queuedAt = target.before?.queue?.[0];
    if (queuedAt !== undefined) this.telemetry?.metrics.eventStarted(resolvedAt - queuedAt);
    try {
      const spec = toFunctionSpec(version);
      const provisioned = version.concurrency?.provisioned;
      const outcome = await this.fleet.invoke(
        {
          requestId: target.requestId,
          spec,
          payload: target.payload,
          invokedFunctionArn: functionArn(target.region, target.accountId, target.functionName, target.qualifiedByCaller ? target.qualifier : undefined),
          clientContext: target.clientContext,
          traceHeader: hop.traceHeader,
          response: target.response,
          ...(provisioned === undefined ? {} : { provisionedKey: provisionedKey(spec, provisioned.qualifier) }),
        },
        signal,
      );
      this.telemetry?.ended(target, type, { ...target.before, resolve: [start, resolvedAt], ...outcome.phases }, outcome, provisioned !== undefined);
      return { version, outcome };
    } catch (error) {
      // A worker without room, or a function that grows too fast.
      if (throttleReason(error) !== undefined) this.telemetry?.metrics.throttle(version.accountId, version.functionName);
      throw error;
    } finally {
      this.concurrency.release(pool);
    }
  }

  /**
   * For what is not run here and now, but would be refused if it were.
   * @throws ServiceError TooManyRequestsException
   */
  async assertRoom(version: InvocableVersion): Promise<void> {
    this.concurrency.release(await this.take(version));
  }

  private take(version: InvocableVersion): string | Promise<string> {
    const throttled = (error: unknown): never => {
      this.telemetry?.metrics.throttle(version.accountId, version.functionName);
      throw error;
    };
    try {
      const taken = this.concurrency.take(version);
      return taken instanceof Promise ? taken.catch(throttled) : taken;
    } catch (error) {
      return throttled(error);
    }
  }
}

export function notActive(state: InvocableVersion['state']): ServiceError {
  return new ServiceError('ResourceConflictException', 409, `The operation cannot be performed at this time. The function is currently in the following state: ${state}`, {
    messageMember: 'message',
  });
}
