import type { OperationHandler } from '@hearth/aws-wire';
import { referenceOf } from '@hearth/catalogue';
import { decodePageMarker, encodePageMarker } from '@hearth/kernel';
import { shownExecution } from '../wire-shapes.js';
import type { DurableParts } from './parts.js';

interface ListDurableExecutionsByFunctionInput {
  FunctionName: string;
  Qualifier?: string;
  DurableExecutionName?: string;
  Statuses?: string[];
  StartedAfter?: Date;
  StartedBefore?: Date;
  ReverseOrder?: boolean;
  Marker?: string;
  MaxItems?: number;
}

const DEFAULT_PAGE = 100;

/** Oldest first, unless the caller wants it the other way round. */
export function listDurableExecutionsByFunction({ executions, resolver }: DurableParts): OperationHandler {
  return async (input: ListDurableExecutionsByFunctionInput, context) => {
    const reference = referenceOf(input, context, 'ListDurableExecutionsByFunction');
    // Names what is not there; and an alias stands for the version that it leads to.
    const found = await resolver.resolve(reference.accountId, reference.region, reference.name, reference.qualifier);
    const { DurableExecutionName: name, Statuses: statuses, StartedAfter: startedAfter, StartedBefore: startedBefore } = input;
    const filter = {
      accountId: reference.accountId,
      region: reference.region,
      functionName: reference.name,
      version: reference.qualifier === undefined ? undefined : found.version,
      name,
      statuses: statuses?.length ? statuses : undefined,
      startedAfter,
      startedBefore,
    };
    const size = input.MaxItems || DEFAULT_PAGE;
    const marker = decodePageMarker(input.Marker, 2);
    const rows = await executions.store.list(filter, marker && { startedAt: new Date(marker[0]!), id: marker[1]! }, size + 1, input.ReverseOrder ?? false);
    const page = rows.slice(0, size);
    const last = page.at(-1);
    return {
      DurableExecutions: page.map(shownExecution),
      ...(rows.length > size && last !== undefined && { NextMarker: encodePageMarker([new Date(last.startedAt).toISOString(), last.id]) }),
    };
  };
}
