import { createHash, randomBytes } from 'node:crypto';
import type { Database } from '@hearth/database';

/** A Docker network under the names that the Lambda API has for such things. */
export interface Network {
  accountId: string;
  name: string;
  dockerNetwork: string;
  subnetId: string;
  /** Of those attached to it; it filters nothing. */
  securityGroupId: string;
  createdAt: Date;
}

type Reader = Pick<Database['pool'], 'query'>;

const COLUMNS =
  'account_id AS "accountId", name, docker_network AS "dockerNetwork", subnet_id AS "subnetId", security_group_id AS "securityGroupId", created_at AS "createdAt"';

/** All networks of an account are subnets of one VPC. */
export function vpcIdOf(accountId: string): string {
  return `vpc-${createHash('sha256').update(`hearth vpc ${accountId}`).digest('hex').slice(0, 17)}`;
}

/** @param accountId absent: of all accounts */
export async function listNetworks(pool: Reader, accountId?: string): Promise<Network[]> {
  const { rows } = await pool.query<Network>(
    `SELECT ${COLUMNS} FROM networks WHERE $1::text IS NULL OR account_id = $1::text ORDER BY account_id, name`,
    [accountId ?? null],
  );
  return rows;
}

/** @returns undefined when the account has one of that name */
export async function createNetwork(
  pool: Reader,
  { accountId, name, dockerNetwork }: Pick<Network, 'accountId' | 'name' | 'dockerNetwork'>,
): Promise<Network | undefined> {
  const id = (): string => randomBytes(9).toString('hex').slice(0, 17);
  const { rows } = await pool.query<Network>(
    `INSERT INTO networks (account_id, name, docker_network, subnet_id, security_group_id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
    [accountId, name, dockerNetwork, `subnet-${id()}`, `sg-${id()}`],
  );
  return rows[0];
}

/** @returns `used` while a version of a function is attached to it, also one that serves until an update is done */
export async function deleteNetwork(pool: Reader, accountId: string, name: string): Promise<'deleted' | 'used' | 'unknown'> {
  const { rows } = await pool.query<{ used: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM function_versions v WHERE v.other_config #> '{VpcConfig,SubnetIds}' ? n.subnet_id OR v.serving #> '{vpcConfig,SubnetIds}' ? n.subnet_id) AS used
     FROM networks n WHERE n.account_id = $1 AND n.name = $2`,
    [accountId, name],
  );
  if (rows[0] === undefined) return 'unknown';
  if (rows[0].used) return 'used';
  await pool.query('DELETE FROM networks WHERE account_id = $1 AND name = $2', [accountId, name]);
  return 'deleted';
}
