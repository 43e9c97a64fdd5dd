import type { Queryable } from './alias-store.js';
import { MIN_UNRESERVED_CONCURRENCY } from './account-limits.js';
import { invalidParameter } from './errors.js';
import { accountScope } from './function-cache.js';
import type { FunctionRecord } from './function-record.js';
import type { FunctionReference } from './parse-function-name.js';
import type { FunctionChange } from './store.js';

/**
 * Sets or takes back a function's part of the account's concurrency.
 * @throws ServiceError InvalidParameterValueException when too little would be left for the others (spec/lambda-api.md 4.6)
 */
export async function reserve(owner: FunctionRecord, reserved: number | null, accountLimit: number, change: FunctionChange): Promise<void> {
  const { client } = change;
  // Reservations of one account take turns: together they must not pass the limit.
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('hearth.reservations.' || $1, 0))`, [accountScope(owner.accountId, owner.region)]);
  if (reserved !== null) {
    const others = (await reservedInAccount(client, owner.accountId, owner.region)) - (owner.reservedConcurrency ?? 0);
    if (accountLimit - others - reserved < MIN_UNRESERVED_CONCURRENCY) {
      throw invalidParameter(`Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${MIN_UNRESERVED_CONCURRENCY}].`);
    }
  }
  await client.query('UPDATE functions SET reserved_concurrency = $2 WHERE id = $1', [owner.id, reserved]);
  change.makesStale(accountScope(owner.accountId, owner.region));
}

export async function reservedInAccount(database: Queryable, accountId: string, region: string): Promise<number> {
  const { rows } = await database.query<{ reserved: number }>(
    'SELECT COALESCE(sum(reserved_concurrency), 0)::int AS reserved FROM functions WHERE account_id = $1 AND region = $2 AND reserved_concurrency IS NOT NULL',
    [accountId, region],
  );
  return rows[0]!.reserved;
}

/** @throws ServiceError InvalidParameterValueException for a version or an alias */
export function assertFunctionOnly({ qualifier }: FunctionReference): void {
  if (qualifier === undefined) return;
  throw invalidParameter(
    'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
  );
}
