import { functionArn } from '@hearth/kernel';
import type { AliasRecord } from './alias-store.js';
import { functionNotFound, invalidParameter } from './errors.js';
import { LATEST } from './function-record.js';
import type { FunctionReference } from './parse-function-name.js';
import type { FunctionChange } from './store.js';

export interface RoutingConfig {
  /** Version to its share of invocations, 0 to 1; at most one entry. Empty clears. */
  AdditionalVersionWeights?: Record<string, number>;
}

/** @throws ServiceError InvalidParameterValueException (spec/lambda-api.md 4.3) */
export function additionalOf(config: RoutingConfig | undefined): AliasRecord['additional'] {
  const entries = Object.entries(config?.AdditionalVersionWeights ?? {});
  if (entries.length > 1) throw invalidParameter('Number of items in AdditionalVersionWeights cannot be greater than 1');
  const [entry] = entries;
  return entry === undefined ? null : { version: entry[0], weight: entry[1] };
}

/**
 * Whether an alias may point like this; under the function's lock.
 * @throws ServiceError InvalidParameterValueException, ResourceNotFoundException for a version that does not exist
 */
export async function assertRouting(alias: Pick<AliasRecord, 'functionVersion' | 'additional'>, reference: FunctionReference, change: FunctionChange): Promise<void> {
  const { functionVersion, additional } = alias;
  if (additional?.version === functionVersion) {
    throw invalidParameter(`Invalid function version ${functionVersion}. Function version ${functionVersion} is already included in routing configuration.`);
  }
  if (additional !== null && [functionVersion, additional.version].includes(LATEST)) throw invalidParameter(`${LATEST} is not supported for an alias pointing to more than 1 version`);
  for (const version of [functionVersion, ...(additional === null ? [] : [additional.version])]) {
    if ((await change.version(version)) === undefined) throw functionNotFound(functionArn(reference.region, reference.accountId, reference.name, version));
  }
}

/** AliasConfiguration of spec/lambda-api.md 4.3. */
export function aliasConfiguration({ region, accountId, name }: FunctionReference, alias: AliasRecord): Record<string, unknown> {
  return {
    AliasArn: functionArn(region, accountId, name, alias.name),
    Name: alias.name,
    FunctionVersion: alias.functionVersion,
    Description: alias.description,
    ...(alias.additional === null ? {} : { RoutingConfig: { AdditionalVersionWeights: { [alias.additional.version]: alias.additional.weight } } }),
    RevisionId: alias.revisionId,
  };
}
