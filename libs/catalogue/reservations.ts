import type { Queryable } from './alias-store.js';
import { MIN_UNRESERVED_CONCURRENCY } from './account-limits.js';
import { invalidParameter } from './errors.js';
import { accountScope } from './function-cache.js';
import type { FunctionRecord } from './function-record.js';
import type { FunctionReference } from './parse-function-name.js';
import { totalProvisioned } from './provisioned/provisioned-store.js';
import type { FunctionChange } from './store.js';

/**
 * Sets or takes back a function's part of the account's concurrency.
 * @throws ServiceError InvalidParameterValueException when too little would be left for the others (spec/lambda-api.md 4.6)
 */
export async function reserve(owner: FunctionRecord, reserved: number | null, accountLimit: number, change: FunctionChange): Promise<void> {
  const { client } = change;
  await takeTurn(owner, client);
  if (reserved !== null) {
    const provisioned = await totalProvisioned(client, owner.id);
    // The two spaces are Lambda's.
    if (reserved < provisioned) throw invalidParameter(` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`);
    const others = await claimedByOthers(client, owner);
    if (accountLimit - others - reserved < MIN_UNRESERVED_CONCURRENCY) {
      throw invalidParameter(`Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${MIN_UNRESERVED_CONCURRENCY}].`);
    }
  }
  await client.query('UPDATE functions SET reserved_concurrency = $2 WHERE id = $1', [owner.id, reserved]);
  change.makesStale(accountScope(owner.accountId, owner.region));
}

/** Who takes from an account's concurrency takes turns: together they must not pass the limit. Until the commit. */
export async function takeTurn({ accountId, region }: FunctionRecord, client: Queryable): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('hearth.reservations.' || $1, 0))`, [accountScope(accountId, region)]);
}

/** What all other functions of the account keep from the rest: what they reserved, or else what is provisioned for them. */
export async function claimedByOthers(database: Queryable, { id, accountId, region }: FunctionRecord): Promise<number> {
  const { rows } = await database.query<{ claimed: number }>(`SELECT ${claimed('$1', '$2', `<> $3`)} AS claimed`, [accountId, region, id]);
  return rows[0]!.claimed;
}

/** SQL of what the functions of an account claim. @param which condition on their ids */
export function claimed(accountId: string, region: string, which = 'IS NOT NULL'): string {
  return `((SELECT COALESCE(sum(reserved_concurrency), 0)::int FROM functions
    WHERE account_id = ${accountId} AND region = ${region} AND reserved_concurrency IS NOT NULL AND id ${which})
  + (SELECT COALESCE(sum(c.requested), 0)::int FROM provisioned_concurrency_configs c JOIN functions u ON u.id = c.function_id
    WHERE u.account_id = ${accountId} AND u.region = ${region} AND u.reserved_concurrency IS NULL AND u.id ${which}))`;
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
