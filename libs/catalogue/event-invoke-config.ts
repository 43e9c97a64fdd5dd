import type { OperationContext } from '@hearth/aws-wire';
import { functionArn } from '@hearth/kernel';
import { invalidParameter, notFound } from './errors.js';
import { writeEventInvokeConfig, type EventInvokeRecord } from './event-invoke-store.js';
import { LATEST } from './function-record.js';
import type { FunctionReference } from './parse-function-name.js';
import { referenceOf, type CatalogueParts } from './parts.js';
import type { FoundVersion, FunctionChange } from './store.js';

export interface EventInvokeInput {
  FunctionName: string;
  Qualifier?: string;
  MaximumRetryAttempts?: number;
  MaximumEventAgeInSeconds?: number;
  DestinationConfig?: { OnSuccess?: { Destination?: string }; OnFailure?: { Destination?: string } };
}

/**
 * The common part of Put and Update (spec/lambda-api.md 4.7).
 * @param former what absent members become, from the configuration there is
 */
export async function writeConfig(
  { store, clock }: CatalogueParts,
  input: EventInvokeInput,
  context: OperationContext,
  operation: string,
  former: (found: FoundVersion, qualifier: string, change: FunctionChange, reference: FunctionReference) => Promise<Pick<EventInvokeRecord, 'maximumRetryAttempts' | 'maximumEventAgeSeconds'>>,
): Promise<Record<string, unknown>> {
  const reference = referenceOf(input, context, operation);
  refuseDestinations(input);
  if (input.MaximumRetryAttempts === undefined && input.MaximumEventAgeInSeconds === undefined && input.DestinationConfig === undefined) {
    throw invalidParameter('You must specify at least one of error handling or destination setting.');
  }
  const qualifier = reference.qualifier ?? LATEST;
  const written = await store.change<EventInvokeRecord>(reference, async (found, change) => {
    if (!(await change.hasQualifier(qualifier))) throw noSuchFunction();
    const before = await former(found, qualifier, change, reference);
    const record: EventInvokeRecord = {
      qualifier,
      maximumRetryAttempts: input.MaximumRetryAttempts ?? before.maximumRetryAttempts,
      maximumEventAgeSeconds: input.MaximumEventAgeInSeconds ?? before.maximumEventAgeSeconds,
      lastModified: new Date(clock.now()),
    };
    await writeEventInvokeConfig(change.client, found.owner.id, record);
    return record;
  });
  if (written === undefined) throw noSuchFunction();
  return eventInvokeConfig(reference, written);
}

/** FunctionEventInvokeConfig of spec/lambda-api.md 4.7; unset members are left out, the ARN always has a qualifier. */
export function eventInvokeConfig({ region, accountId, name }: FunctionReference, record: EventInvokeRecord): Record<string, unknown> {
  return {
    LastModified: record.lastModified,
    FunctionArn: functionArn(region, accountId, name, record.qualifier),
    ...(record.maximumRetryAttempts === null ? {} : { MaximumRetryAttempts: record.maximumRetryAttempts }),
    ...(record.maximumEventAgeSeconds === null ? {} : { MaximumEventAgeInSeconds: record.maximumEventAgeSeconds }),
    DestinationConfig: { OnSuccess: {}, OnFailure: {} },
  };
}

export function noSuchFunction(): Error {
  return notFound("The function doesn't exist.");
}

export function noSuchConfig({ region, accountId, name, qualifier }: FunctionReference): Error {
  return notFound(`The function ${functionArn(region, accountId, name, qualifier ?? LATEST)} doesn't have an EventInvokeConfig`);
}

/** Nothing is delivered to destinations yet, so none is stored. */
function refuseDestinations({ DestinationConfig }: EventInvokeInput): void {
  for (const side of ['OnSuccess', 'OnFailure'] as const) {
    if (DestinationConfig?.[side]?.Destination) throw invalidParameter(`DestinationConfig.${side}.Destination is not supported by this deployment.`);
  }
}
