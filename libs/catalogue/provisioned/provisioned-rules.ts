import { functionArn, ServiceError } from '@hearth/kernel';
import { MIN_UNRESERVED_CONCURRENCY } from '../account-limits.js';
import { aliasesOfVersion, findAlias, type AliasRecord } from '../alias-store.js';
import { conflict, invalidParameter } from '../errors.js';
import { LATEST, type FunctionRecord } from '../function-record.js';
import type { FunctionReference } from '../parse-function-name.js';
import { claimedByOthers } from '../reservations.js';
import type { FunctionChange } from '../store.js';
import { provisionedAmong, totalProvisioned, type ProvisionedRecord } from './provisioned-store.js';

/* Rules and texts of provisioned concurrency (spec/lambda-api.md 4.6). */

const UNPUBLISHED = 'Provisioned Concurrency Configs cannot be applied to unpublished function versions.';

/**
 * Whether a version or alias can be provisioned; under the function's lock.
 * @throws ServiceError InvalidParameterValueException for `$LATEST`, ResourceNotFoundException, ResourceConflictException when alias and version both would be
 */
export async function assertProvisionable(reference: FunctionReference & { qualifier: string }, change: FunctionChange): Promise<void> {
  await change.assertQualifier(reference);
  const { client, functionId } = change;
  const alias = await findAlias(client, functionId, reference.qualifier);
  if (alias !== undefined) return assertAliasProvisionable(alias, change);
  const aliases = await aliasesOfVersion(client, functionId, reference.qualifier);
  if ((await provisionedAmong(client, functionId, aliases)).length > 0) throw conflict('Version is pointed by a Provisioned Concurrency alias');
}

/** @throws ServiceError InvalidParameterValueException, ResourceConflictException */
export async function assertAliasProvisionable({ functionVersion, additional }: AliasRecord, { client, functionId }: FunctionChange): Promise<void> {
  assertPublished(functionVersion);
  const versions = [functionVersion, ...(additional === null ? [] : [additional.version])];
  if ((await provisionedAmong(client, functionId, versions)).length > 0) throw conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
}

/** @throws ServiceError InvalidParameterValueException for `$LATEST` */
export function assertPublished(qualifier: string): void {
  if (qualifier === LATEST) throw invalidParameter(UNPUBLISHED);
}

/**
 * Whether so much may be provisioned; whoever asks has the account's turn.
 * @throws ServiceError InvalidParameterValueException
 */
export async function assertWithinLimits(owner: FunctionRecord, qualifier: string, requested: number, accountLimit: number, { client }: FunctionChange): Promise<void> {
  const total = (await totalProvisioned(client, owner.id, qualifier)) + requested;
  if (owner.reservedConcurrency !== null) {
    if (total > owner.reservedConcurrency) throw invalidParameter('Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function');
    return;
  }
  const unreserved = accountLimit - (await claimedByOthers(client, owner)) - (total - requested);
  if (requested > unreserved) throw invalidParameter(`Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved}].`);
  if (unreserved - requested < MIN_UNRESERVED_CONCURRENCY) {
    throw invalidParameter(`Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${MIN_UNRESERVED_CONCURRENCY}].`);
  }
}

/** Reads are about an alias or a published version. @throws ServiceError InvalidParameterValueException */
export function provisionedQualifier({ qualifier }: FunctionReference): string {
  if (qualifier === undefined || qualifier === LATEST) throw invalidParameter('The function resource provided must be an alias or a published version.');
  return qualifier;
}

export function noProvisionedConfig(): ServiceError {
  return new ServiceError('ProvisionedConcurrencyConfigNotFoundException', 404, 'No Provisioned Concurrency Config found for this function', { messageMember: 'message' });
}

export function provisionedAnswer(record: ProvisionedRecord): Record<string, unknown> {
  return {
    RequestedProvisionedConcurrentExecutions: record.requested,
    AvailableProvisionedConcurrentExecutions: record.available,
    AllocatedProvisionedConcurrentExecutions: record.allocated,
    Status: record.status,
    ...(record.statusReason === null ? {} : { StatusReason: record.statusReason }),
    LastModified: record.lastModified.toISOString().replace(/\.\d+Z$/, '+0000'),
  };
}

/** ProvisionedConcurrencyConfigListItem. */
export function provisionedListItem({ region, accountId, name }: FunctionReference, record: ProvisionedRecord): Record<string, unknown> {
  return { FunctionArn: functionArn(region, accountId, name, record.qualifier), ...provisionedAnswer(record) };
}
