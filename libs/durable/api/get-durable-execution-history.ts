import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker, encodePageMarker } from '@hearth/kernel';
import { shownEvent } from '../wire-shapes.js';
import { executionOf, type DurableParts } from './parts.js';

interface GetDurableExecutionHistoryInput {
  DurableExecutionArn: string;
  IncludeExecutionData?: boolean;
  MaxItems?: number;
  Marker?: string;
  ReverseOrder?: boolean;
}

/** 0 means the default (spec/lambda-api.md 1.2). */
const DEFAULT_PAGE = 100;

export function getDurableExecutionHistory(parts: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, IncludeExecutionData = true, MaxItems, Marker, ReverseOrder = false }: GetDurableExecutionHistoryInput, context) => {
    const { id } = await executionOf(parts, DurableExecutionArn, context);
    const size = MaxItems || DEFAULT_PAGE;
    const after = decodePageMarker(Marker, 1)?.[0];
    const found = await parts.executions.store.history(id, after === undefined ? undefined : Number(after), size + 1, ReverseOrder);
    const page = found.slice(0, size);
    return {
      Events: page.map((event) => shownEvent(event, IncludeExecutionData)),
      ...(found.length > size && { NextMarker: encodePageMarker([String(page.at(-1)!.eventId)]) }),
    };
  };
}
