import { setTimeout as pause } from 'node:timers/promises';
import type { Database } from '@hearth/database';
import { OperatorError } from '@hearth/kernel';
import type { MasterKeys } from '../master-key.js';
import { aloneRotating, holdingKeys } from './key-lock.js';
import { currentKeys, insertKey, replaceVersions, rewrapVersions, type NamedKey } from './key-table.js';
import type { Keyring } from './keyring.js';

/*
 * Replacing keys while the platform serves.
 * Invariants:
 * 1. From the first commit on nothing new is sealed with the old data keys, except by those who have not heard of it yet (Keyring, 2).
 * 2. A value is replaced only by itself under the new data key, under the lock that its writers hold: they are never overwritten.
 * 3. An old data key is deleted only when no row needs it: the foreign keys of the tables say so, not this code.
 * 4. Stopped at any point, everything can still be opened; the next rotation takes up what is left.
 */

/** Longer than any process may go on sealing with a data key it believes to be current. */
const RETIREMENT_MS = 15_000;
const FOREIGN_KEY_VIOLATION = '23503';
/** Values of one transaction: their writers wait for it. */
const BATCH = 100;
/** Time for those who are writing what is left. */
const WRITERS_MS = 20;

/** A kind of sealed values, in the tables of its domain. */
export interface SealedValues {
  what: string;
  /**
   * Seals up to `limit` of the values anew whose data key is not a current one, or that have none (`outdated`), in one transaction.
   * @returns how many it found, and how many of them nobody else was writing; none found: none is left
   */
  reseal(limit: number): Promise<{ found: number; resealed: number }>;
}

/** SQL: whether the data key in this column is one that must not be needed any more. */
export const outdated = (column: string): string => `(${column} IS NULL OR ${column} IN (SELECT id FROM encryption_key_versions WHERE retired_at IS NOT NULL))`;

export interface RotationOptions {
  database: Database;
  keyring: Keyring;
  /** Read again when keys are made. */
  masterKeys: () => Promise<MasterKeys>;
  values: readonly SealedValues[];
  /** Default 15 s. */
  retirementMs?: number;
}

export interface Rotated {
  /** Keys that have a new data key. */
  keys: number;
  /** Values sealed anew. */
  resealed: number;
  /** Old data keys that are gone. */
  destroyed: number;
}

/** @throws OperatorError */
export async function createKey({ database, masterKeys }: Pick<RotationOptions, 'database' | 'masterKeys'>, key: NamedKey): Promise<void> {
  await holdingKeys(database, async (client) => insertKey(client, key, await masterKeys()));
}

/**
 * Gives a key, or all of them, a new data key, seals everything anew and destroys the old ones.
 * @throws OperatorError when another rotation is under way or there is no such key
 */
export async function rotateKeys(options: RotationOptions, key?: NamedKey): Promise<Rotated> {
  const { database, keyring, masterKeys } = options;
  return alone(options, async () => {
    const keys = await holdingKeys(database, async (client) => {
      const current = await currentKeys(client);
      const chosen = key === undefined ? [...current.versionOf.keys()] : [current.keyIdOf(key)].filter((id) => id !== undefined);
      if (chosen.length === 0) throw new OperatorError(`Account ${key!.accountId} has no key ${key!.name}.`, 'hearth keys list');
      await replaceVersions(client, chosen.sort(), await masterKeys());
      return chosen.length;
    });
    await keyring.refresh();
    let resealed = await resealAll(options);
    await pause(options.retirementMs ?? RETIREMENT_MS);
    resealed += await resealAll(options);
    const { rows } = await database.pool.query<{ id: number }>('SELECT id FROM encryption_key_versions WHERE retired_at IS NOT NULL ORDER BY id');
    for (const { id } of rows) {
      while (!(await destroyed(database, id))) resealed += await resealAll(options); // Somebody was slower than that.
    }
    return { keys, resealed, destroyed: rows.length };
  });
}

/**
 * Wraps every data key with the current master key. Values of the time before data keys are sealed anew first: they need the old one.
 * @returns how many data keys were wrapped anew
 * @throws OperatorError when another rotation is under way
 */
export async function rewrapDataKeys(options: RotationOptions): Promise<number> {
  return alone(options, async () => {
    await resealAll(options);
    return holdingKeys(options.database, async (client) => rewrapVersions(client, await options.masterKeys()));
  });
}

async function alone<T>({ database }: RotationOptions, work: () => Promise<T>): Promise<T> {
  const result = await aloneRotating(database, async () => ({ done: await work() }));
  if (result === undefined) throw new OperatorError('Keys are being rotated already.', 'Wait until the other rotation has ended.');
  return result.done;
}

async function resealAll({ values }: RotationOptions): Promise<number> {
  let resealed = 0;
  for (const { reseal } of values) {
    for (let round = await reseal(BATCH); round.found > 0; round = await reseal(BATCH)) {
      resealed += round.resealed;
      if (round.resealed === 0) await pause(WRITERS_MS);
    }
  }
  return resealed;
}

/** @returns false while a row needs it */
async function destroyed({ pool }: Database, id: number): Promise<boolean> {
  try {
    await pool.query('DELETE FROM encryption_key_versions WHERE id = $1', [id]);
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) return false;
    throw error;
  }
}
