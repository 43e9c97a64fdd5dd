import type { Database } from '@hearth/database';
import type { FunctionRecord, VersionRecord } from './function-record.js';
import { claimed } from './reservations.js';
import type { FunctionPlace } from './store.js';
import { toFunction, toVersion, VERSION_COLUMNS } from './version-rows.js';

export interface FoundInvocable {
  owner: FunctionRecord;
  /** One, or the two of a weighted alias; weights add up to 1. */
  versions: { record: VersionRecord; weight: number }[];
  /** What depends on the qualifier or the account, not on the version. */
  shared: {
    /** Concurrency that functions of the account have claimed, this one included (reservations.ts). */
    reservedInAccount: number;
    /** Of the qualifier. */
    provisioned?: { qualifier: string; requested: number };
    asynchronous: { maximumRetryAttempts?: number; maximumEventAgeSeconds?: number };
  };
}

/**
 * One statement, so that alias, versions and settings are of one moment. An alias that was moved goes on to where it pointed while its
 * provisioned sandboxes are made.
 */
const FIND = `
SELECT ${VERSION_COLUMNS}, e.maximum_retry_attempts, e.maximum_event_age_seconds,
  CASE WHEN r.additional IS NULL THEN 1 WHEN v.version = r.additional THEN r.weight ELSE 1 - r.weight END AS weight,
  ${claimed('f.account_id', 'f.region')} AS reserved_in_account, p.requested AS provisioned
FROM functions f
LEFT JOIN function_aliases a ON a.function_id = f.id AND a.name = $4
LEFT JOIN provisioned_concurrency_configs p ON p.function_id = f.id AND p.qualifier = $4
CROSS JOIN LATERAL (SELECT COALESCE(p.serving_version, a.function_version, $4) AS main,
  CASE WHEN p.serving_version IS NULL THEN a.additional_version ELSE p.serving_additional_version END AS additional,
  CASE WHEN p.serving_version IS NULL THEN a.additional_weight ELSE p.serving_additional_weight END AS weight) r
JOIN function_versions v ON v.function_id = f.id AND v.version IN (r.main, r.additional)
LEFT JOIN function_event_invoke_configs e ON e.function_id = f.id AND e.qualifier = $4
WHERE f.account_id = $1 AND f.region = $2 AND f.name = $3
ORDER BY v.version_number`;

/** Reads of the invoke path. */
export class InvocableStore {
  constructor(private readonly database: Database) {}

  /** @param qualifier `$LATEST`, digits or an alias */
  async find(place: FunctionPlace, qualifier: string): Promise<FoundInvocable | undefined> {
    const { rows } = await this.database.pool.query(FIND, [place.accountId, place.region, place.name, qualifier]);
    const [row] = rows;
    if (row === undefined) return undefined;
    return {
      owner: toFunction(row),
      versions: rows.map((each) => ({ record: toVersion(each), weight: each.weight })),
      shared: {
        reservedInAccount: row.reserved_in_account,
        ...(row.provisioned === null ? {} : { provisioned: { qualifier, requested: row.provisioned } }),
        asynchronous: {
          ...(row.maximum_retry_attempts === null ? {} : { maximumRetryAttempts: row.maximum_retry_attempts }),
          ...(row.maximum_event_age_seconds === null ? {} : { maximumEventAgeSeconds: row.maximum_event_age_seconds }),
        },
      },
    };
  }
}
