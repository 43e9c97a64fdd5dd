import type { Database } from '@hearth/database';

type Client = Parameters<Parameters<Database['transaction']>[0]>[0];

/** Keys of advisory locks; any constants that nothing else in Hearth locks. */
const KEYS_LOCK = 7_330_051;
const ROTATION_LOCK = 7_330_052;

/**
 * Runs `work` in a transaction that nobody else changes keys beside. Master keys are to be read inside: whoever replaces the master key
 * holds the lock while data keys are wrapped anew, so none is wrapped with the old one behind his back.
 */
export function holdingKeys<T>(database: Database, work: (client: Client) => Promise<T>): Promise<T> {
  return database.transaction(async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [KEYS_LOCK]);
    return work(client);
  });
}

/** Runs `work` unless a rotation is under way anywhere. @returns undefined then */
export async function aloneRotating<T>(database: Database, work: () => Promise<T>): Promise<T | undefined> {
  const client = await database.dedicatedClient();
  try {
    const { rows } = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1) AS held', [ROTATION_LOCK]);
    return rows[0]!.held ? await work() : undefined;
  } finally {
    await client.end(); // The lock goes with the session.
  }
}
