/**
 * The catalogue's tables of functions and versions; the other `-store.ts` files speak SQL about what belongs to them.
 *
 * Invariants:
 * 1. Whoever changes a function holds the lock of its row in `functions` (FOR UPDATE) until the commit.
 * 2. Whoever makes a row refer to a package holds the package's advisory lock, shared; whoever removes a package holds it alone.
 * 3. A package that loses a user is written to `loose_packages` in the same transaction.
 * 4. The asynchronous step changes a version only if its revision is still the one the step was started for.
 */
import type { Database } from '@hearth/database';
import type pg from 'pg';
import { functionNotFound } from './errors.js';
import { LATEST, type FunctionRecord, type RecursiveLoop, type VersionRecord } from './function-record.js';
import { deleteProvisioned, stopServing } from './provisioned/provisioned-store.js';
import { INSERT_VERSION, SELECT_VERSION, toFunction, toVersion, UPDATE_VERSION, versionValues } from './version-rows.js';

export interface FunctionPlace {
  accountId: string;
  region: string;
  name: string;
}

export interface FoundVersion {
  owner: FunctionRecord;
  record: VersionRecord;
}

/** Where a page ended: lists go on behind it, whatever came or went meanwhile. */
export interface ListPosition {
  name: string;
  versionNumber: number;
}

const UNIQUE_VIOLATION = '23505';

export class CatalogueStore {
  /** @param changed called after each commit with what it made stale (function-cache.ts), before the writer goes on */
  constructor(
    readonly database: Database,
    private readonly changed: (scope: string) => void,
  ) {}

  /** @param qualifier `$LATEST`, digits, or an alias: then the version it mainly points to */
  async find(place: FunctionPlace, qualifier: string): Promise<FoundVersion | undefined> {
    const { rows } = await this.database.pool.query(
      `${SELECT_VERSION} WHERE f.account_id = $1 AND f.region = $2 AND f.name = $3
       AND v.version = COALESCE((SELECT a.function_version FROM function_aliases a WHERE a.function_id = f.id AND a.name = $4), $4)`,
      [place.accountId, place.region, place.name, qualifier],
    );
    return rows[0] && { owner: toFunction(rows[0]), record: toVersion(rows[0]) };
  }

  /** One version per function (`$LATEST`), or all of them. Ordered by name, then version. */
  async listFunctions(accountId: string, region: string, all: boolean, after: ListPosition | undefined, limit: number): Promise<FoundVersion[]> {
    const position = after ?? { name: '', versionNumber: -1 };
    const { rows } = await this.database.pool.query(
      `${SELECT_VERSION} WHERE f.account_id = $1 AND f.region = $2 AND ($3 OR v.version_number = 0) AND (f.name, v.version_number) > ($4, $5)
       ORDER BY f.name, v.version_number LIMIT $6`,
      [accountId, region, all, position.name, position.versionNumber, limit],
    );
    return rows.map((row) => ({ owner: toFunction(row), record: toVersion(row) }));
  }

  async listVersions(functionId: string, afterNumber: number, limit: number): Promise<FoundVersion[]> {
    const { rows } = await this.database.pool.query(`${SELECT_VERSION} WHERE f.id = $1 AND v.version_number > $2 ORDER BY v.version_number LIMIT $3`, [functionId, afterNumber, limit]);
    return rows.map((row) => ({ owner: toFunction(row), record: toVersion(row) }));
  }

  /** Versions whose asynchronous step is still to come, of every account. */
  async unfinished(limit: number): Promise<FoundVersion[]> {
    const { rows } = await this.database.pool.query(`${SELECT_VERSION} WHERE v.state = 'Pending' OR v.last_update_status = 'InProgress' ORDER BY v.last_modified LIMIT $1`, [limit]);
    return rows.map((row) => ({ owner: toFunction(row), record: toVersion(row) }));
  }

  /**
   * @param ensurePackages called under the lock of the code's package
   * @returns false when the name is taken
   */
  async insertFunction(owner: FunctionRecord, records: VersionRecord[], ensurePackages: (change: FunctionChange) => Promise<void>): Promise<boolean> {
    try {
      await this.database.transaction(async (client) => {
        await client.query('INSERT INTO functions (id, account_id, region, name, next_version, tags) VALUES ($1, $2, $3, $4, $5, $6)', [owner.id, owner.accountId, owner.region, owner.name, owner.nextVersion, owner.tags]);
        await holdPackage(client, records[0]!.codeDigest, 'shared');
        await ensurePackages(new FunctionChange(client, owner.id));
        for (const record of records) await client.query(INSERT_VERSION, versionValues(record));
      });
    } catch (error) {
      if ((error as { code?: string; constraint?: string }).code === UNIQUE_VIOLATION) return false;
      throw error;
    }
    this.changed(owner.id);
    return true;
  }

  /**
   * Runs `work` with the function locked, so that writers of one function take turns.
   * @returns what `work` returns; undefined when there is no such function
   */
  async change<T>(place: FunctionPlace, work: (found: FoundVersion, change: FunctionChange) => Promise<T>): Promise<T | undefined> {
    const scopes: string[] = [];
    const result = await this.database.transaction(async (client) => {
      const { rows } = await client.query('SELECT * FROM functions WHERE account_id = $1 AND region = $2 AND name = $3 FOR UPDATE', [place.accountId, place.region, place.name]);
      if (rows[0] === undefined) return undefined;
      const owner = toFunction(rows[0]);
      const change = new FunctionChange(client, owner.id, scopes);
      const record = await change.version(LATEST);
      if (record === undefined) throw new Error(`Function ${owner.id} has no ${LATEST}`);
      return work({ owner, record }, change);
    });
    for (const scope of scopes) this.changed(scope);
    return result;
  }

  /**
   * The end of an asynchronous step.
   * @returns false when the version was deleted or written anew since
   */
  async finish(record: VersionRecord, startedForRevision: string): Promise<boolean> {
    const done = await this.database.transaction(async (client) => {
      await client.query('SELECT 1 FROM functions WHERE id = $1 FOR UPDATE', [record.functionId]);
      const change = new FunctionChange(client, record.functionId);
      const current = await change.version(record.version);
      if (current === undefined || current.revisionId !== startedForRevision) return false;
      // Keys may have been rotated since the step began: what is sealed is taken from the row, not from memory.
      const serving = record.serving && current.serving;
      await change.update({ ...record, sealedEnvironment: current.sealedEnvironment, serving }, current);
      return true;
    });
    this.changed(record.functionId);
    return done;
  }

  /** Committed at once: from now on the sweeper looks after the package, whatever becomes of its would-be user. */
  async notePackage(digest: string): Promise<void> {
    await this.database.pool.query(NOTE_LOOSE, [digest]);
  }

  /** What the account has: functions, and bytes of the archives of their versions and of its layers. */
  async usage(accountId: string, region: string, database: Pick<pg.PoolClient, 'query'> = this.database.pool): Promise<{ functions: number; codeBytes: number }> {
    const { rows } = await database.query<{ functions: string; code_bytes: string }>(
      `SELECT (SELECT count(*) FROM functions WHERE account_id = $1 AND region = $2) AS functions,
         (SELECT COALESCE(sum(v.code_size), 0) FROM function_versions v JOIN functions f ON f.id = v.function_id WHERE f.account_id = $1 AND f.region = $2)
         + (SELECT COALESCE(sum(v.code_size), 0) FROM layer_versions v JOIN layers l ON l.id = v.layer_id WHERE l.account_id = $1 AND l.region = $2) AS code_bytes`,
      [accountId, region],
    );
    return { functions: Number(rows[0]!.functions), codeBytes: Number(rows[0]!.code_bytes) };
  }

  /**
   * Gives packages that had no user for `graceMs` to `remove`, each under its lock, and forgets those that have one.
   * @returns how many were removed
   */
  async sweepPackages(graceMs: number, remove: (digest: string) => Promise<void>): Promise<number> {
    const due = `since <= now() - make_interval(secs => $1)`;
    const { rows } = await this.database.pool.query<{ digest: string }>(`SELECT digest FROM loose_packages WHERE ${due} ORDER BY since LIMIT 100`, [graceMs / 1_000]);
    let removed = 0;
    for (const { digest } of rows) {
      await this.database.transaction(async (client) => {
        await holdPackage(client, digest, 'alone');
        const { rowCount } = await client.query(`DELETE FROM loose_packages WHERE digest = $2 AND ${due}`, [graceMs / 1_000, digest]);
        if (rowCount === 0) return; // Noted again meanwhile: somebody is about to use it.
        const users = await client.query(PACKAGE_USERS, [digest]);
        if (users.rowCount !== 0) return;
        await remove(digest);
        removed += 1;
      });
    }
    return removed;
  }
}

/** Writes of one locked function. */
export class FunctionChange {
  constructor(
    readonly client: pg.PoolClient,
    readonly functionId: string,
    private readonly staleScopes: string[] = [],
  ) {
    staleScopes.push(functionId);
  }

  /** More than this function becomes stale with the commit. */
  makesStale(scope: string): void {
    this.staleScopes.push(scope);
  }

  async version(version: string): Promise<VersionRecord | undefined> {
    const { rows } = await this.client.query('SELECT * FROM function_versions WHERE function_id = $1 AND version = $2', [this.functionId, version]);
    return rows[0] && toVersion(rows[0]);
  }

  /**
   * Whether the version or alias that the caller named, if any, is there; under the function's lock, so it stays.
   * @throws ServiceError ResourceNotFoundException
   */
  async assertQualifier({ qualifier, arn }: { qualifier?: string; arn: string }): Promise<void> {
    if (qualifier !== undefined && !(await this.hasQualifier(qualifier))) throw functionNotFound(arn);
  }

  /** Whether there is such a version or alias. */
  async hasQualifier(qualifier: string): Promise<boolean> {
    const { rowCount } = await this.client.query(
      'SELECT 1 FROM function_versions WHERE function_id = $1 AND version = $2 UNION ALL SELECT 1 FROM function_aliases WHERE function_id = $1 AND name = $2',
      [this.functionId, qualifier],
    );
    return rowCount !== 0;
  }

  async insert(record: VersionRecord): Promise<void> {
    await this.client.query(INSERT_VERSION, versionValues(record));
  }

  async update(record: VersionRecord, before: VersionRecord): Promise<void> {
    await this.client.query(UPDATE_VERSION, versionValues(record));
    const used = new Set(packagesOf(record));
    const dropped = new Set(packagesOf(before).filter((digest) => !used.has(digest)));
    for (const digest of [...dropped].sort()) await this.client.query(NOTE_LOOSE, [digest]); // Always in this order: no deadlocks.
  }

  /** Takes the next number; it is never given again. */
  async takeVersionNumber(): Promise<number> {
    const { rows } = await this.client.query<{ taken: number }>('UPDATE functions SET next_version = next_version + 1 WHERE id = $1 RETURNING next_version - 1 AS taken', [this.functionId]);
    return rows[0]!.taken;
  }

  async setRecursiveLoop(recursiveLoop: RecursiveLoop): Promise<void> {
    await this.client.query('UPDATE functions SET recursive_loop = $2 WHERE id = $1', [this.functionId, recursiveLoop]);
  }

  async setTags(tags: Record<string, string>): Promise<void> {
    await this.client.query('UPDATE functions SET tags = $2 WHERE id = $1', [this.functionId, tags]);
  }

  /** Keeps the package from being removed until the commit. */
  async holdPackage(digest: string): Promise<void> {
    await holdPackage(this.client, digest, 'shared');
  }

  /** @returns false when there is no such version */
  async deleteVersion(version: string): Promise<boolean> {
    await this.noteCodeOf('function_id = $1 AND version = $2', [this.functionId, version]);
    await stopServing(this.client, this.functionId, version);
    return (await this.client.query('DELETE FROM function_versions WHERE function_id = $1 AND version = $2', [this.functionId, version])).rowCount === 1;
  }

  /**
   * What a version or an alias has of its own goes with it: it must not come back with the name.
   * @returns whether concurrency was provisioned for it
   */
  async deleteSettingsOf(qualifier: string): Promise<boolean> {
    await this.client.query('DELETE FROM function_policies WHERE function_id = $1 AND qualifier = $2', [this.functionId, qualifier]);
    await this.client.query('DELETE FROM function_event_invoke_configs WHERE function_id = $1 AND qualifier = $2', [this.functionId, qualifier]);
    return deleteProvisioned(this.client, this.functionId, qualifier);
  }

  async deleteFunction(): Promise<void> {
    await this.noteCodeOf('function_id = $1', [this.functionId]);
    await this.client.query('DELETE FROM functions WHERE id = $1', [this.functionId]);
  }

  private async noteCodeOf(condition: string, values: unknown[]): Promise<void> {
    await this.client.query(
      `INSERT INTO loose_packages (digest) SELECT DISTINCT digest FROM function_versions, unnest(ARRAY[code_digest, serving_code_digest] || layer_digests) AS digest
       WHERE ${condition} AND digest IS NOT NULL ORDER BY digest ON CONFLICT (digest) DO UPDATE SET since = now()`,
      values,
    );
  }
}

const PACKAGE_USERS = `
SELECT 1 FROM function_versions WHERE code_digest = $1 OR serving_code_digest = $1 OR layer_digests @> ARRAY[$1]
UNION ALL SELECT 1 FROM layer_versions WHERE code_digest = $1
LIMIT 1`;

function packagesOf(record: VersionRecord): string[] {
  const { codeDigest, layers, serving } = record;
  return [codeDigest, ...layers.map(({ digest }) => digest), ...(serving === null ? [] : [serving.codeDigest, ...serving.layers.map(({ digest }) => digest)])];
}

export const NOTE_LOOSE = 'INSERT INTO loose_packages (digest) VALUES ($1) ON CONFLICT (digest) DO UPDATE SET since = now()';

export async function holdPackage(client: pg.PoolClient, digest: string, how: 'shared' | 'alone'): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock${how === 'shared' ? '_shared' : ''}(hashtextextended('hearth.package.' || $1, 0))`, [digest]);
}
