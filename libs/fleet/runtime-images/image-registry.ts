import type { Database } from '@hearth/database';

export type ImageState = 'present' | 'missing' | 'building' | 'failed';

export interface WorkerImage {
  workerId: string;
  runtime: string;
  image: string;
  state: ImageState;
  /** Last line of progress, or why it failed. */
  detail: string;
  requested: boolean;
}

/** A worker that was not seen for this long has no say. */
const SEEN_S = 30;

/** What the workers tell of their images, and what is asked of them: tables runtime_workers and runtime_images. */
export class ImageRegistry {
  constructor(private readonly database: Database) {}

  /**
   * Everything a worker has to say; requests stay.
   * @param forgetFailures at the start of a life: what could not be had before may be had now
   */
  async announce(workerId: string, images: readonly { runtime: string; image: string; present: boolean }[], forgetFailures: boolean): Promise<void> {
    await this.database.transaction(async (client) => {
      await client.query('INSERT INTO runtime_workers (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET seen_at = now()', [workerId]);
      // Workers in containers have a new name each time.
      await client.query("DELETE FROM runtime_workers WHERE seen_at < now() - interval '1 day'");
      await client.query('DELETE FROM runtime_images WHERE worker_id = $1 AND runtime <> ALL ($2)', [workerId, images.map(({ runtime }) => runtime)]);
      for (const { runtime, image, present } of images) {
        await client.query(
          `INSERT INTO runtime_images (worker_id, runtime, image, state) VALUES ($1, $2, $3, $4)
           ON CONFLICT (worker_id, runtime) DO UPDATE SET image = $3, state = $4, detail = '', updated_at = now(),
             requested_at = CASE WHEN $4 = 'present' THEN NULL ELSE runtime_images.requested_at END
           WHERE $5 OR runtime_images.state <> 'failed' OR $4 = 'present'`,
          [workerId, runtime, image, present ? 'present' : 'missing', forgetFailures],
        );
      }
    });
  }

  /** Says that the worker lives. @returns runtimes whose images somebody waits for */
  async beat(workerId: string): Promise<string[]> {
    await this.database.pool.query('UPDATE runtime_workers SET seen_at = now() WHERE id = $1', [workerId]);
    const { rows } = await this.database.pool.query<{ runtime: string }>("SELECT runtime FROM runtime_images WHERE worker_id = $1 AND requested_at IS NOT NULL AND state IN ('missing', 'failed')", [workerId]);
    return rows.map(({ runtime }) => runtime);
  }

  /** @param image more than one runtime may have it */
  async tell(workerId: string, image: string, state: ImageState, detail: string): Promise<void> {
    await this.database.pool.query(
      `UPDATE runtime_images SET state = $3, detail = $4, updated_at = now(), requested_at = CASE WHEN $3 IN ('present', 'failed') THEN NULL ELSE requested_at END
       WHERE worker_id = $1 AND image = $2`,
      [workerId, image, state, detail],
    );
  }

  /** What is asked of it stays for its next life. */
  async leave(workerId: string): Promise<void> {
    await this.database.pool.query("UPDATE runtime_workers SET seen_at = '-infinity' WHERE id = $1", [workerId]);
  }

  /** Of the workers that live. @param runtime default: all */
  async list(runtime?: string): Promise<WorkerImage[]> {
    const { rows } = await this.database.pool.query<WorkerImage>(
      `SELECT worker_id AS "workerId", runtime, image, state, detail, requested_at IS NOT NULL AS requested
       FROM runtime_images JOIN runtime_workers ON id = worker_id
       WHERE seen_at > now() - make_interval(secs => $1) AND ($2::text IS NULL OR runtime = $2) ORDER BY worker_id, runtime`,
      [SEEN_S, runtime ?? null],
    );
    return rows;
  }

  /** Asks every worker that lacks it. A failure of before is forgotten. */
  async request(runtime: string): Promise<void> {
    await this.database.pool.query(
      "UPDATE runtime_images SET requested_at = now(), state = 'missing', detail = '' WHERE runtime = $1 AND state IN ('missing', 'failed') AND requested_at IS NULL",
      [runtime],
    );
  }

  /** Runtimes that functions have which are there already: what a worker that joins should have. */
  async inUse(): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ runtime: string }>('SELECT DISTINCT runtime FROM function_versions');
    return rows.map(({ runtime }) => runtime);
  }
}
