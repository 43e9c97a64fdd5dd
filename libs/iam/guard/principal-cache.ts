import type { Database } from '@hearth/database';
import { InfrastructureError, type Clock } from '@hearth/kernel';
import { ChangeListener } from '../change-listener.js';
import { POLICY_CHANGES_CHANNEL, PrincipalPolicyStore, type PrincipalReference } from '../store/principal-policies.js';
import { compilePrincipal, type CompiledPrincipal } from './compiled-principal.js';

/*
 * Principals with their compiled policies, in memory for the request path.
 * Invariants:
 * 1. An answer from memory is at most MAX_AGE_MS old, even when notifications are lost; older entries wait for Postgres.
 * 2. A change of an account's policies is announced in its own transaction and drops all its principals everywhere.
 * 3. A load that began before its account was dropped is not remembered.
 * 4. Two sessions of one name are two principals: temporary credentials are kept by their key.
 */

const MAX_AGE_MS = 1_000;
/** From this age on an entry is read again in the background, so that a busy principal never waits. */
const REFRESH_AGE_MS = 500;
const MAX_PRINCIPALS = 20_000;

interface Entry {
  accountId: string;
  /** Missing: there is no such principal any more. */
  principal: CompiledPrincipal | undefined;
  loadedAt: number;
}

interface Load {
  accountId: string;
  result: Promise<CompiledPrincipal | undefined>;
}

export interface PrincipalCacheOptions {
  database: Database;
  clock: Clock;
  /** Told of failures that no caller sees: a refresh in the background, a broken listener. */
  onError: (error: Error) => void;
}

export class PrincipalCache {
  /** The oldest first. */
  private readonly entries = new Map<string, Entry>();
  private readonly loading = new Map<string, Load>();
  private readonly store: PrincipalPolicyStore;
  private readonly changes: ChangeListener;

  constructor(private readonly options: PrincipalCacheOptions) {
    const { database, onError } = options;
    this.store = new PrincipalPolicyStore(database);
    this.changes = new ChangeListener({
      database,
      channel: POLICY_CHANGES_CHANNEL,
      changed: (accountId) => this.drop(accountId),
      onError,
    });
  }

  async start(): Promise<void> {
    await this.changes.start();
  }

  async stop(): Promise<void> {
    await this.changes.stop();
    await Promise.allSettled([...this.loading.values()].map(({ result }) => result));
  }

  /** Answers at once (no promise) from memory. @returns undefined when there is no such principal any more, or its session has ended */
  get(reference: PrincipalReference): CompiledPrincipal | undefined | Promise<CompiledPrincipal | undefined> {
    const id = cacheId(reference);
    const entry = this.entries.get(id);
    const age = entry === undefined ? Number.POSITIVE_INFINITY : this.options.clock.now() - entry.loadedAt;
    if (entry === undefined || age < 0 || age >= MAX_AGE_MS || entry.accountId !== reference.accountId)
      return this.load(id, reference);
    if (age > REFRESH_AGE_MS && !this.loading.has(id)) this.load(id, reference).catch(this.options.onError);
    return entry.principal;
  }

  private load(id: string, { accountId, principalArn, accessKeyId }: PrincipalReference): Promise<CompiledPrincipal | undefined> {
    const running = this.loading.get(id);
    if (running !== undefined && running.accountId === accountId) return running.result;
    // The age counts from before the query: a change that commits after this moment is younger than the entry.
    const loadedAt = this.options.clock.now();
    const load: Load = {
      accountId,
      result: this.read({ accountId, principalArn, ...(accessKeyId === undefined ? {} : { accessKeyId }) }),
    };
    load.result = load.result
      .then((principal) => {
        if (this.loading.get(id) === load) this.remember(id, { accountId, principal, loadedAt });
        return principal;
      })
      .finally(() => {
        if (this.loading.get(id) === load) this.loading.delete(id);
      });
    this.loading.set(id, load);
    return load.result;
  }

  private async read(reference: PrincipalReference): Promise<CompiledPrincipal | undefined> {
    try {
      const found = await this.store.load(reference);
      return found === undefined ? undefined : compilePrincipal(found);
    } catch (error) {
      throw error instanceof InfrastructureError ? error : new InfrastructureError('Policies cannot be read', { cause: error });
    }
  }

  private remember(id: string, entry: Entry): void {
    this.entries.delete(id);
    if (this.entries.size >= MAX_PRINCIPALS) this.entries.delete(this.entries.keys().next().value!);
    this.entries.set(id, entry);
  }

  private drop(accountId: string): void {
    for (const cached of [this.entries, this.loading])
      for (const [id, { accountId: owner }] of cached) if (owner === accountId) cached.delete(id);
  }
}

/** Of temporary credentials the key's id, else the ARN; the two look nothing alike. */
function cacheId({ principalArn, accessKeyId }: PrincipalReference): string {
  return accessKeyId?.startsWith('ASIA') === true ? accessKeyId : principalArn;
}
