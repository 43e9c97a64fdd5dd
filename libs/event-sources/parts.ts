import type { OperationContext } from '@hearth/aws-wire';
import { invalidParameter, referenceOf, type FunctionReference, type FunctionResolver } from '@hearth/catalogue';
import { ServiceError, type Clock } from '@hearth/kernel';
import type { SourceKind } from './mapping/source-kind.js';
import type { MappingStore } from './store.js';

/** What the operations work with. */
export interface MappingParts {
  store: MappingStore;
  resolver: FunctionResolver;
  /** Whether this deployment has pollers for a kind of source. */
  canPoll: (kind: SourceKind) => boolean;
  clock: Clock;
}

/**
 * The function a mapping is to invoke.
 * @throws ServiceError InvalidParameterValueException when it does not exist (spec/event-sources.md 1.3)
 */
export async function existingFunction({ resolver }: MappingParts, functionName: string, context: OperationContext, operation: string): Promise<FunctionReference> {
  const reference = referenceOf({ FunctionName: functionName }, context, operation);
  try {
    await resolver.resolve(reference.accountId, reference.region, reference.name, reference.qualifier);
  } catch (error) {
    if (error instanceof ServiceError && error.code === 'ResourceNotFoundException') throw invalidParameter('Function does not exist');
    throw error;
  }
  return reference;
}
