import type { OperationContext } from '@hearth/aws-wire';
import { referenceOf, type FunctionReference, type FunctionResolver } from '@hearth/catalogue';
import { ServiceError, type Clock } from '@hearth/kernel';
import type { FunctionUrlStore, UrlPlace } from './store.js';
import type { UrlAddressing } from './url-address.js';

/** What the operations work with. */
export interface FunctionUrlParts {
  store: FunctionUrlStore;
  resolver: FunctionResolver;
  addressing: UrlAddressing;
  clock: Clock;
}

export interface UrlTarget {
  reference: FunctionReference;
  place: UrlPlace;
}

/** The function or alias that an operation is about. */
export function targetOf(input: { FunctionName: string; Qualifier?: string }, context: OperationContext, operation: string): UrlTarget {
  const reference = referenceOf(input, context, operation);
  return { reference, place: { accountId: reference.accountId, region: reference.region, name: reference.name, qualifier: reference.qualifier } };
}

/** @returns undefined when there is no such function, or no such alias of it */
export async function functionIdOf({ resolver }: Pick<FunctionUrlParts, 'resolver'>, { accountId, region, name, qualifier }: UrlPlace): Promise<string | undefined> {
  try {
    return (await resolver.resolve(accountId, region, name, qualifier)).functionId;
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
