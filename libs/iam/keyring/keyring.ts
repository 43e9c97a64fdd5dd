import type { Database } from '@hearth/database';
import { OperatorError, systemClock, type Clock } from '@hearth/kernel';
import type { MasterKeys } from '../master-key.js';
import { SecretBox } from '../secret-box.js';
import { SealError } from './authenticated-encryption.js';
import { currentKeys, ensurePlatformKey, PLATFORM_KEY_ID, readVersion, unwrap, type CurrentKeys, type NamedKey } from './key-table.js';
import { holdingKeys } from './key-lock.js';
import { dataKeyIdOf, openWith, sealWith } from './sealed-form.js';

/*
 * Seals and opens secrets at rest with data keys (docs/decisions/0021).
 * Invariants:
 * 1. A data key in memory opens what it sealed without Postgres; one that is not there is read, whoever made it.
 * 2. New values are sealed with a data key that was the current one at most MAX_AGE_MS ago. One that went since refuses the value at the
 *    foreign key of its table: a value that nobody could open is never stored.
 * 3. Master keys are read again when a data key was wrapped with one that is not known yet.
 */
const MAX_AGE_MS = 5_000;
const REFRESH_MS = 1_000;

const ANOTHER_MASTER_KEY = new OperatorError(
  'The secrets in this database were encrypted with another master key.',
  'Set HEARTH_MASTER_KEY, or put back the master.key file of the state directory, that this database was last used with.',
);

export interface KeyringOptions {
  database: Database;
  /** Read at the start and whenever a data key is wrapped with another one. */
  masterKeys: () => Promise<MasterKeys>;
  clock?: Clock;
  /** Told of refreshes in the background that failed. */
  onError: (error: Error) => void;
}

/** An account asked for a key that it does not have. */
export class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError';
}

interface DataKey {
  keyId: string;
  key: Buffer;
}

export class Keyring {
  private readonly dataKeys = new Map<number, DataKey>();
  private current!: CurrentKeys;
  private currentAt = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private refreshing: Promise<void> | undefined;
  private readonly clock: Clock;

  private constructor(
    private readonly options: KeyringOptions,
    private masters: MasterKeys,
  ) {
    this.clock = options.clock ?? systemClock;
  }

  /**
   * Makes the platform's key at the first start.
   * @throws OperatorError when the database belongs to another master key
   */
  static async open(options: KeyringOptions): Promise<Keyring> {
    const { database, masterKeys } = options;
    const { rowCount } = await database.pool.query('SELECT 1 FROM encryption_keys WHERE id = $1', [PLATFORM_KEY_ID]);
    if (rowCount === 0) {
      await holdingKeys(database, async (client) => {
        const masters = await masterKeys();
        const { rows } = await client.query<{ id: string; sealed_secret: Buffer }>('SELECT id, sealed_secret FROM access_keys WHERE sealed_with IS NULL LIMIT 1');
        // Else the platform's key would be wrapped with a key that is to be corrected.
        if (rows[0] !== undefined) asOperator(() => openLegacy(masters, rows[0]!.sealed_secret, `access-key/${rows[0]!.id}`));
        await ensurePlatformKey(client, masters);
      });
    }
    const keyring = new Keyring(options, await masterKeys());
    await keyring.refresh();
    for (const id of keyring.current.versionOf.values()) {
      await keyring.dataKey(id).catch((error: unknown) => {
        throw error instanceof SealError ? ANOTHER_MASTER_KEY : error;
      });
    }
    return keyring;
  }

  /** Hears of rotations from now on, before anybody waits for it. */
  start(): void {
    this.timer = setInterval(() => {
      this.refreshing ??= this.refresh()
        .catch(this.options.onError)
        .finally(() => (this.refreshing = undefined));
    }, REFRESH_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.refreshing;
  }

  /**
   * @param context what the value is and whose: needed again to open it
   * @param key the platform's own unless given
   * @throws UnknownKeyError
   */
  async seal(plain: Uint8Array, context: string, key?: NamedKey): Promise<Buffer> {
    await this.freshen();
    if (key !== undefined && !(await this.hasKey(key))) throw new UnknownKeyError(`Account ${key.accountId} has no key ${key.name}`);
    return this.sealAs(key === undefined ? PLATFORM_KEY_ID : this.current.keyIdOf(key)!, plain, context);
  }

  /** @throws SealError */
  async open(sealed: Uint8Array, context: string): Promise<Buffer> {
    const id = dataKeyIdOf(sealed);
    if (id === undefined) return openLegacy(this.masters, sealed, context);
    return openWith((this.dataKeys.get(id) ?? (await this.dataKey(id))).key, sealed, context);
  }

  /** The same value under the current data key of its key; values of the time before data keys go to the platform's. @throws SealError */
  async reseal(sealed: Uint8Array, context: string): Promise<Buffer> {
    await this.freshen();
    const id = dataKeyIdOf(sealed);
    return this.sealAs(id === undefined ? PLATFORM_KEY_ID : (await this.dataKey(id)).keyId, await this.open(sealed, context), context);
  }

  async hasKey(key: NamedKey): Promise<boolean> {
    if (this.current.keyIdOf(key) === undefined) await this.refresh(); // It may have been made a moment ago.
    return this.current.keyIdOf(key) !== undefined;
  }

  /** Looks up which data keys are the current ones. */
  async refresh(): Promise<void> {
    const asked = this.clock.now();
    const current = await currentKeys(this.options.database.pool);
    if (asked < this.currentAt) return; // Somebody who asked later was answered before.
    this.current = current;
    this.currentAt = asked;
  }

  private async freshen(): Promise<void> {
    const age = this.clock.now() - this.currentAt;
    if (age < 0 || age >= MAX_AGE_MS) await this.refresh();
  }

  private async sealAs(keyId: string, plain: Uint8Array, context: string): Promise<Buffer> {
    const id = this.current.versionOf.get(keyId)!;
    return sealWith(id, (await this.dataKey(id)).key, plain, context);
  }

  private async dataKey(id: number): Promise<DataKey> {
    const known = this.dataKeys.get(id);
    if (known !== undefined) return known;
    const version = await readVersion(this.options.database.pool, id);
    if (version === undefined) throw new SealError(`There is no data key ${id} any more`);
    const dataKey = { keyId: version.keyId, key: await this.unwrap(version) };
    this.dataKeys.set(id, dataKey);
    return dataKey;
  }

  private async unwrap(version: Parameters<typeof unwrap>[0]): Promise<Buffer> {
    try {
      return unwrap(version, this.masters);
    } catch (error) {
      if (!(error instanceof SealError)) throw error;
      this.masters = await this.options.masterKeys();
      return unwrap(version, this.masters);
    }
  }
}

/** A value that a master key itself sealed. */
function openLegacy({ current, previous }: MasterKeys, sealed: Uint8Array, context: string): Buffer {
  for (const master of previous) {
    try {
      return new SecretBox(master).open(sealed, context);
    } catch (error) {
      if (!(error instanceof SealError)) throw error; // Else it is of another one.
    }
  }
  return new SecretBox(current).open(sealed, context);
}

function asOperator(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    throw error instanceof SealError ? ANOTHER_MASTER_KEY : error;
  }
}
