import { randomUUID } from 'node:crypto';
import type { Database } from '@hearth/database';
import type pg from 'pg';
import type { Queryable } from './alias-store.js';
import { holdPackage, NOTE_LOOSE, type FunctionPlace } from './store.js';

export interface LayerRecord {
  accountId: string;
  region: string;
  name: string;
  version: number;
  /** Hex SHA-256 of the archive. */
  codeDigest: string;
  /** Base64 of the same. */
  codeSha256: string;
  /** Bytes of the archive, and of the files in it. */
  codeSize: number;
  unzippedSize: number;
  description: string;
  licenseInfo: string | null;
  compatibleRuntimes: string[];
  compatibleArchitectures: string[];
  createdAt: Date;
  /** Resource policy, JSON text. */
  policy: { document: string; revisionId: string } | null;
}

/** Absent members match everything. */
export interface LayerFilter {
  runtime?: string;
  architecture?: string;
}

const SELECT = 'SELECT l.account_id, l.region, l.name, v.* FROM layers l JOIN layer_versions v ON v.layer_id = l.id';
/** $3 and $4 are the filter. */
const MATCHES = '($3::text IS NULL OR $3 = ANY(v.compatible_runtimes)) AND ($4::text IS NULL OR $4 = ANY(v.compatible_architectures))';
const HERE = 'l.account_id = $1 AND l.region = $2 AND l.name = $3 AND v.version = $4';

export class LayerStore {
  constructor(private readonly database: Database) {}

  /** Gives the layer its next version. @param ensurePackage called under the package's lock (store.ts, invariant 2) */
  publish(fresh: Omit<LayerRecord, 'version' | 'policy'>, ensurePackage: () => Promise<void>): Promise<LayerRecord> {
    return this.database.transaction(async (client) => {
      const { rows } = await client.query<{ id: string; version: number }>(
        `INSERT INTO layers (id, account_id, region, name, next_version) VALUES ($1, $2, $3, $4, 2)
         ON CONFLICT (account_id, region, name) DO UPDATE SET next_version = layers.next_version + 1 RETURNING id, next_version - 1 AS version`,
        [randomUUID(), fresh.accountId, fresh.region, fresh.name],
      );
      const { id, version } = rows[0]!;
      await holdPackage(client, fresh.codeDigest, 'shared');
      await ensurePackage();
      await client.query(
        `INSERT INTO layer_versions (layer_id, version, code_digest, code_sha256, code_size, unzipped_size, description, license_info, compatible_runtimes, compatible_architectures, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [id, version, fresh.codeDigest, fresh.codeSha256, fresh.codeSize, fresh.unzippedSize, fresh.description, fresh.licenseInfo, fresh.compatibleRuntimes, fresh.compatibleArchitectures, fresh.createdAt],
      );
      return { ...fresh, version, policy: null };
    });
  }

  async find(place: FunctionPlace, version: number): Promise<LayerRecord | undefined> {
    const { rows } = await this.database.pool.query(`${SELECT} WHERE ${HERE}`, [place.accountId, place.region, place.name, version]);
    return rows[0] && toLayer(rows[0]);
  }

  /** The latest matching version of each layer, by name. */
  async listLayers(accountId: string, region: string, filter: LayerFilter, after: string, limit: number): Promise<LayerRecord[]> {
    const { rows } = await this.database.pool.query(
      `SELECT DISTINCT ON (l.name) l.account_id, l.region, l.name, v.* FROM layers l JOIN layer_versions v ON v.layer_id = l.id
       WHERE l.account_id = $1 AND l.region = $2 AND ${MATCHES} AND l.name > $5 ORDER BY l.name, v.version DESC LIMIT $6`,
      [accountId, region, filter.runtime ?? null, filter.architecture ?? null, after, limit],
    );
    return rows.map(toLayer);
  }

  /** The newest first. */
  async listVersions(place: FunctionPlace, filter: LayerFilter, before: number, limit: number): Promise<LayerRecord[]> {
    const { rows } = await this.database.pool.query(
      `${SELECT} WHERE l.account_id = $1 AND l.region = $2 AND ${MATCHES} AND l.name = $5 AND v.version < $6 ORDER BY v.version DESC LIMIT $7`,
      [place.accountId, place.region, filter.runtime ?? null, filter.architecture ?? null, place.name, before, limit],
    );
    return rows.map(toLayer);
  }

  /** An unknown version is no error. Its package stays as long as a function uses it. */
  async delete(place: FunctionPlace, version: number): Promise<void> {
    await this.database.transaction(async (client) => {
      const { rows } = await client.query<{ code_digest: string }>(
        `DELETE FROM layer_versions v USING layers l WHERE v.layer_id = l.id AND ${HERE} RETURNING v.code_digest`,
        [place.accountId, place.region, place.name, version],
      );
      if (rows[0] !== undefined) await client.query(NOTE_LOOSE, [rows[0].code_digest]);
    });
  }

  /**
   * Runs `work` with the version locked and writes the policy it returns; null removes it.
   * @returns the new policy; undefined when there is no such version
   */
  changePolicy(place: FunctionPlace, version: number, work: (record: LayerRecord) => string | null): Promise<LayerRecord['policy'] | undefined> {
    return this.database.transaction(async (client) => {
      const { rows } = await client.query(`${SELECT} WHERE ${HERE} FOR UPDATE OF v`, [place.accountId, place.region, place.name, version]);
      if (rows[0] === undefined) return undefined;
      const document = work(toLayer(rows[0]));
      const policy = document === null ? null : { document, revisionId: randomUUID() };
      await writePolicy(client, rows[0].layer_id, version, policy);
      return policy;
    });
  }
}

/** Whether the version is still there; for a function's change. */
export async function layerVersionExists(client: Queryable, place: FunctionPlace, version: number): Promise<boolean> {
  return (await client.query(`SELECT 1 FROM layers l JOIN layer_versions v ON v.layer_id = l.id WHERE ${HERE}`, [place.accountId, place.region, place.name, version])).rowCount !== 0;
}

async function writePolicy(client: pg.PoolClient, layerId: string, version: number, policy: LayerRecord['policy']): Promise<void> {
  await client.query('UPDATE layer_versions SET policy = $3, policy_revision_id = $4 WHERE layer_id = $1 AND version = $2', [layerId, version, policy?.document ?? null, policy?.revisionId ?? null]);
}

function toLayer(row: Record<string, any>): LayerRecord {
  return {
    accountId: row['account_id'],
    region: row['region'],
    name: row['name'],
    version: row['version'],
    codeDigest: row['code_digest'],
    codeSha256: row['code_sha256'],
    codeSize: Number(row['code_size']),
    unzippedSize: Number(row['unzipped_size']),
    description: row['description'],
    licenseInfo: row['license_info'],
    compatibleRuntimes: row['compatible_runtimes'] ?? [],
    compatibleArchitectures: row['compatible_architectures'] ?? [],
    createdAt: row['created_at'],
    policy: row['policy'] === null ? null : { document: row['policy'], revisionId: row['policy_revision_id'] },
  };
}
