import type { Database } from '@hearth/database';
import type { ProvisionedRow, ProvisionedStatus } from './provisioned-store.js';

/** A version and how many of the sandboxes are its. */
export interface ProvisionedVersion {
  version: string;
  count: number;
}

/** A provisioned concurrency configuration as whoever fulfils it sees it. */
export interface ProvisionedConfig {
  functionId: string;
  accountId: string;
  region: string;
  functionName: string;
  /** Digits or an alias. */
  qualifier: string;
  requested: number;
  status: ProvisionedStatus;
  statusReason: string | null;
  allocated: number;
  available: number;
  revisionId: string;
  /** Of the order, epoch ms. */
  orderedAt: number;
  /** The version, or those that the alias points to, by their weights. */
  wanted: ProvisionedVersion[];
  /** Where invocations still go until `wanted` is ready; empty when they go there already. */
  serving: ProvisionedVersion[];
}

export type Fulfilment = Pick<ProvisionedConfig, 'status' | 'statusReason' | 'allocated' | 'available'>;

interface Row extends ProvisionedRow {
  account_id: string;
  region: string;
  name: string;
  function_version: string | null;
  additional_version: string | null;
  additional_weight: number | null;
}

/** All configurations of the deployment, for the reconciler. */
export class ProvisionedConfigs {
  /** @param changed called with what a write made stale in memory */
  constructor(
    private readonly database: Database,
    private readonly changed: (scope: string) => void,
  ) {}

  async list(): Promise<ProvisionedConfig[]> {
    const { rows } = await this.database.pool.query<Row>(
      `SELECT p.*, f.account_id, f.region, f.name, a.function_version, a.additional_version, a.additional_weight
       FROM provisioned_concurrency_configs p JOIN functions f ON f.id = p.function_id
       LEFT JOIN function_aliases a ON a.function_id = p.function_id AND a.name = p.qualifier
       ORDER BY p.last_modified, p.function_id, p.qualifier`,
    );
    return rows.map(toConfig);
  }

  /**
   * Notes what became of an order. Ready or failed, invocations go to the versions that are wanted.
   * @returns false when the order is another one by now
   */
  async note({ functionId, qualifier, revisionId }: ProvisionedConfig, { status, statusReason, allocated, available }: Fulfilment): Promise<boolean> {
    const keep = status === 'IN_PROGRESS';
    const { rowCount } = await this.database.pool.query(
      `UPDATE provisioned_concurrency_configs SET status = $4, status_reason = $5, allocated = $6, available = $7,
         serving_version = CASE WHEN $8 THEN serving_version END, serving_additional_version = CASE WHEN $8 THEN serving_additional_version END,
         serving_additional_weight = CASE WHEN $8 THEN serving_additional_weight END
       WHERE function_id = $1 AND qualifier = $2 AND revision_id = $3`,
      [functionId, qualifier, revisionId, status, statusReason, allocated, available, keep],
    );
    if (!keep) this.changed(functionId);
    return rowCount === 1;
  }
}

function toConfig(row: Row): ProvisionedConfig {
  const { requested } = row;
  return {
    functionId: row.function_id,
    accountId: row.account_id,
    region: row.region,
    functionName: row.name,
    qualifier: row.qualifier,
    requested,
    status: row.status,
    statusReason: row.status_reason,
    allocated: row.allocated,
    available: row.available,
    revisionId: row.revision_id,
    orderedAt: row.last_modified.getTime(),
    wanted: shares(requested, row.function_version ?? row.qualifier, row.additional_version, row.additional_weight),
    serving: row.serving_version === null ? [] : shares(requested, row.serving_version, row.serving_additional_version, row.serving_additional_weight),
  };
}

/** The additional version gets its weight's share, rounded. */
function shares(requested: number, version: string, additional: string | null, weight: number | null): ProvisionedVersion[] {
  const count = additional === null ? 0 : Math.round(requested * weight!);
  return [{ version, count: requested - count }, ...(additional === null ? [] : [{ version: additional, count }])].filter((share) => share.count > 0);
}
