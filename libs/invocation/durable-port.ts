import type { InvocableVersion } from '@hearth/catalogue';
import type { PoolClient } from 'pg';
import type { AttemptResult } from './attempt-decision.js';
import type { ClaimedEvent } from './event-store.js';
import type { Executed, ExecutionTarget } from './execution.js';
import type { InvokeAnswer, InvokeCommand } from './invoke-command.js';

/** Runs a function once: Execution.run for events. */
export type RunFunction = (target: ExecutionTarget, signal: AbortSignal) => Promise<Executed>;

/** What an event of async_events has to do with a durable execution. */
export interface DurableLink {
  executionId: string;
  /** The CHAINED_INVOKE that sent the event; absent: the event drives the execution itself. */
  operationId?: string;
}

export type DurableClaim = ClaimedEvent & { durable: DurableLink };

/** Durable executions as this library needs them; a library above it implements them, and the process binds it. */
export interface DurableExecutions {
  /**
   * Starts an execution, or finds the one that was started under the same name; waits for its end when the call is synchronous.
   * @throws ServiceError
   */
  start(command: InvokeCommand, version: InvocableVersion, payload: Buffer): Promise<InvokeAnswer>;
  /** Refuses what cannot start an execution. @throws ServiceError InvalidParameterValueException */
  checkStart(command: InvokeCommand, version: InvocableVersion): void;
  /** Does what is due for a claimed event. Never rejects. */
  attempt(claim: DurableClaim, run: RunFunction, signal: AbortSignal): Promise<AttemptResult>;
  /** The result of `attempt` is stored: whatever changed meanwhile is not waited for. */
  settled(claim: DurableClaim): Promise<void>;
  /** Sweeps, for processes that run a scheduler. */
  startUpkeep(): { stop(): Promise<void> };
}

/** An event that is stored together with what it is for, in one transaction. */
export interface EventOfTransaction {
  /** UUID */
  id: string;
  accountId: string;
  region: string;
  functionName: string;
  qualifier?: string;
  payload: Buffer;
  clientContext?: string;
  traceHeader: string;
  maxAgeMs: number;
  durable: DurableLink;
}

export async function insertEvent(client: PoolClient, event: EventOfTransaction): Promise<void> {
  const { id, accountId, region, functionName, qualifier, payload, clientContext, traceHeader, maxAgeMs, durable } = event;
  await client.query(
    `INSERT INTO async_events (id, account_id, region, function_name, qualifier, payload, trace_header, expires_at, durable_execution, durable_operation, client_context)
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 ms', $9, $10, $11)`,
    [id, accountId, region, functionName, qualifier ?? null, payload, traceHeader, maxAgeMs, durable.executionId, durable.operationId ?? null, clientContext ?? null],
  );
}
