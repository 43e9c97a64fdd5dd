/** Resource policies of functions for the guard, from memory when nothing changed (invariants: function-cache.ts). */
import type { Database } from '@hearth/database';
import { parsePolicy, type ParsedPolicy } from '@hearth/iam';
import { parseArn } from '@hearth/kernel';
import { FunctionCache, type Reading } from './function-cache.js';
import { findPolicyByName } from './policy-store.js';
import type { CatalogueStore } from './store.js';

export class FunctionPolicies {
  readonly #cache: FunctionCache<ParsedPolicy | undefined>;

  constructor(
    private readonly store: Pick<CatalogueStore, 'database'>,
    feed: { isLive(): boolean },
  ) {
    this.#cache = new FunctionCache(feed);
  }

  /**
   * The policy of exactly this resource; a policy of the function says nothing about its versions and aliases.
   * @param arn of a function, a version or an alias; `$LATEST` counts as the function itself
   * @returns undefined when it has none, or does not exist
   */
  find(arn: string): ParsedPolicy | undefined | Promise<ParsedPolicy | undefined> {
    const known = this.#cache.get(arn);
    if (known === undefined) return this.#cache.load(arn, () => read(this.store.database, arn));
    return known instanceof Promise ? known : known.value;
  }

  onChange(scope: string): void {
    this.#cache.onChange(scope);
  }

  onGap(): void {
    this.#cache.onGap();
  }
}

async function read(database: Database, arn: string): Promise<Reading<ParsedPolicy | undefined>> {
  const parsed = parseArn(arn);
  const [kind, name, qualifier = '', ...more] = parsed?.resource.split(':') ?? [];
  if (parsed === undefined || parsed.service !== 'lambda' || kind !== 'function' || !name || more.length > 0) return nothing;
  const found = await findPolicyByName(database.pool, { accountId: parsed.accountId, region: parsed.region, name }, qualifier === '$LATEST' ? '' : qualifier);
  // Of a function that is not there yet no change will be heard: nothing to keep.
  if (found === undefined) return nothing;
  const { functionId, policy } = found;
  return { scopes: [functionId], stamp: policy === undefined ? functionId : `${functionId} ${policy.revisionId}`, make: () => policy && parsePolicy(policy.document, { kind: 'resource', name: arn }) };
}

/** As stored now: for those who ask once. */
export async function storedFunctionPolicy(database: Database, arn: string): Promise<ParsedPolicy | undefined> {
  return (await read(database, arn)).make();
}

const nothing: Reading<undefined> = { scopes: [], stamp: '', make: () => undefined };
