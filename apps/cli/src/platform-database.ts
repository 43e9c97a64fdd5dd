import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database } from '@hearth/database';
import { OperatorError } from '@hearth/kernel';
import type { Installation } from './installation.js';

/** Runs `work` on the platform's own Postgres: the configured one, or the embedded one of a platform that runs. @throws OperatorError */
export async function withDatabase<T>(place: Installation, work: (database: Database) => Promise<T>): Promise<T> {
  const database = new Database({ url: place.settings.DATABASE_URL ?? (await embeddedUrl(place)), maxConnections: 2, applicationName: 'hearth cli' });
  try {
    await database.ping().catch((error: unknown) => {
      throw new OperatorError(`The platform's Postgres does not answer: ${String((error as Error).cause ?? error)}.`, 'Start Hearth: ./hearth up; or set DATABASE_URL.');
    });
    return await work(database);
  } finally {
    await database.close();
  }
}

/** Embedded Postgres keeps its port and password in the state directory, readable by its owner only. */
async function embeddedUrl(place: Installation): Promise<string> {
  const file = join(place.stateDir, 'postgres.json');
  try {
    const { password, port } = JSON.parse(await readFile(file, 'utf8')) as { password: string; port: number };
    return `postgresql://hearth:${password}@127.0.0.1:${port}/hearth`;
  } catch (error) {
    throw new OperatorError(`${file} cannot be read: ${(error as Error).message}.`, 'Start Hearth once as this user (./hearth up), or set DATABASE_URL.');
  }
}
